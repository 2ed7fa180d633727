# schema: {"name": "str", "n": "int", "x": "float", "m": "int?"}
from mrjob.step import MRStep

from totem_sdk import TotemJob


class ListsEmitted(TotemJob):
    """Lists that travel between phases, and that are the result."""

    def first(self, _, row):
        values = [row.n, row.n // 2]
        yield row.name[:1], values
        values.append(7)
        yield row.name[:1], values
        if row.m is None:
            yield "none", []

    def added(self, key, lists):
        total = [0, 0, 0]
        for numbers in lists:
            for i, number in enumerate(numbers):
                total[i] += number % 1000
        yield key, total

    def gathered(self, key, lists):
        found = []
        for numbers in lists:
            numbers.append(len(numbers))
            found.append((key, numbers[-1], 0.5 * numbers[0], None if numbers[1] < 9 else key + "!"))
        yield key, found

    def split(self, key, found):
        yield "all", [text + "x" for text, n, x, more in found if more is None]
        if len(found) > 1:
            found.append(found[0])
        for text, n, x, more in found:
            yield text, [str(n), text + " b", str(x)]

    def tables(self, key, lists):
        table = list(lists)
        table.append([])
        yield key, sorted(table[0]) == table[0]
        yield key, len(table) > 2

    def last(self, key, flags):
        yield (key, 1), [[1.5, -0.0], [len(key) * 0.1], [flag * 1.0 for flag in [0, 1]]][: len(list(flags))]

    def steps(self):
        return [
            MRStep(mapper=self.first, combiner=self.added, reducer=self.gathered),
            MRStep(mapper=self.split, reducer=self.tables),
            MRStep(reducer=self.last),
        ]
