# schema: {"k": "str", "n": "int", "at": "datetime"}
from mrjob.step import MRStep

from totem_sdk import TotemJob


class SeveralSteps(TotemJob):
    def steps(self):
        """Four steps, some without a mapper or a reducer."""
        return [
            MRStep(mapper_init=self.begin, mapper=self.read, combiner=self.add, reducer=self.add),
            MRStep(mapper=self.turn),
            MRStep(reducer=self.collect),
            MRStep(mapper=self.flat, reducer_init=self.begin, reducer=self.number, reducer_final=self.end),
        ]

    def begin(self):
        self.seen = 0

    def read(self, _, row):
        self.seen += 1
        yield (row.k, row.at.month), (row.n, self.seen)

    def add(self, key, pairs):
        total = 0
        seen = 0
        for n, s in pairs:
            total += n
            seen += s
        yield key, (total, seen)

    def turn(self, key, pair):
        yield key[0], (pair, key[1])

    def collect(self, key, values):
        for value in values:
            inner = value[0]
            yield (key, value[1]), inner[0] - inner[1]

    def flat(self, key, value):
        yield value % 3, key

    def number(self, key, pairs):
        for name, month in pairs:
            self.seen += 1
            yield (key, month), (name, self.seen)

    def end(self):
        yield (-1, -1), ("end", self.seen)
