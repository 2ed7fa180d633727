# schema: {"name": "str", "n": "int"}
from totem_sdk import TotemJob


class Gini(TotemJob):
    """How unequal the amounts of each group are: Gini's coefficient."""

    def mapper(self, _, row):
        if row.n > 0:
            yield row.name, row.n % 1000

    def reducer(self, name, amounts):
        ordered = sorted(amounts)
        total = sum(ordered)
        if not total:
            return
        weighted = sum((i + 1) * amount for i, amount in enumerate(ordered))
        size = len(ordered)
        yield name, round(2 * weighted / (size * total) - (size + 1) / size, 6)
