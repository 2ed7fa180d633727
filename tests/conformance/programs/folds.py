# schema: {"k": "int", "n": "int", "x": "float", "s": "str", "on": "bool"}
from mrjob.step import MRStep

from totem_sdk import TotemJob


class Folds(TotemJob):
    def steps(self):
        return [
            MRStep(mapper=self.numbers, reducer=self.lowest),
            MRStep(mapper=self.pairs, combiner=self.best, reducer=self.best),
            MRStep(mapper=self.count, reducer=self.total),
        ]

    def numbers(self, _, row):
        yield row.k % 5, row.x

    def lowest(self, key, values):
        yield key, min(values)

    def pairs(self, key, value):
        yield key % 2, (value, key)
        yield -1, (value, 0)

    def best(self, key, values):
        yield key, max(values)

    def count(self, key, pair):
        yield "pairs", 1

    def total(self, key, values):
        yield key, sum(values) * 2 + 1
