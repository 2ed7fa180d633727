# schema: {"article": "str", "amount": "int"}
from collections import defaultdict

from totem_sdk import TotemJob


class OfOneRow(TotemJob):
    """A mapper whose rows are paid for at once, and that enters keys into dicts without a branch."""

    def mapper(self, _, row):
        names = {}
        found = names.setdefault(row.amount, row.article)
        numbers = defaultdict(int)
        numbers[row.amount] = numbers[row.amount + 1] + len(found)
        yield row.article[:1], numbers[row.amount]

    def reducer(self, letter, numbers):
        yield letter, sum(numbers)
