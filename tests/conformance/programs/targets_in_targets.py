# schema: {"name": "str", "n": "int", "x": "float"}
from mrjob.step import MRStep

from totem_sdk import TotemJob


class TargetsInTargets(TotemJob):
    """Tuples in tuples of targets, the values' name assigned, steps repeated."""

    def mapper(self, _, row):
        (a, b), c = (row.n % 100, row.x), row.name
        a, (b, (c, d)) = b, (a, (c, (a, b)))
        e, (f, _) = d[0], d
        yield c, ((e, b), f)

    def add(self, name, values):
        values = [(pair, x) for pair, x in values]
        total = 0
        for i, ((left, right), x) in enumerate(values):
            total += i * left - right
            total += x
        for j, (((m, n), x), ((o, p), y)) in enumerate(zip(values, values[1:])):
            total += m - o + n * p + j
        top = max([left for (left, _), _ in values])
        yield name, ((total % 1000, top % 1000), sum([x for _, x in values]))

    def best(self, name, pairs):
        found = 0
        pairs = sorted(pairs, reverse=True)
        for (a, b), x in pairs:
            found += a - b
        (a, b), x = pairs[0]
        yield name, ((found, b), x)

    def steps(self):
        return [MRStep(mapper=self.mapper)] + 2 * [MRStep(reducer=self.add)] + [MRStep(reducer=self.best)] * 2
