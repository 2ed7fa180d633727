# schema: {"flag": "bool", "amount": "int"}
from collections import defaultdict

from totem_sdk import TotemJob


class OfOneRow(TotemJob):
    """A mapper whose rows are paid for at once, as no charge depends on a size, and that enters keys into dicts."""

    def mapper(self, _, row):
        names = {}
        found = names.setdefault(row.amount, row.flag)
        numbers = defaultdict(int)
        numbers[found] = numbers[row.flag] + row.amount
        yield row.flag, numbers[found]

    def reducer(self, flag, numbers):
        yield flag, sum(numbers)
