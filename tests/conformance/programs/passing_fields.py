# schema: {"name": "str", "n": "int", "x": "float"}
# rows: 60
from mrjob.step import MRStep
from totem_sdk import TotemJob


class PassingFields(TotemJob):
    """Fields that a method sets before it uses them, and nothing else uses: variables, as self.mr() is a step."""

    def steps(self):
        return [
            self.mr(mapper=self.mapper, reducer=self.reducer),
            self.mr(mapper=self.again, reducer=self.reducer_last),
        ]

    def mapper(self, _, row):
        if row.n % 5 == 0:
            return
        self.parts = [None, row.name]
        self.size: int = len(row.name)
        for part in row.name.split():
            self.size += len(part)
            self.parts.append(part)
        yield row.name[:2], (self.size, len(self.parts))

    def reducer(self, key, values):
        self.top = []
        for pair in values:
            self.top.append(pair)
        best = sorted(self.top, reverse=True)[:3]
        yield key, [size for size, _ in best]

    def again(self, key, sizes):
        self.kept = key[:1]
        yield self.kept, sum(sizes)

    def reducer_last(self, key, values):
        self.count = self.total = 0
        for value in values:
            self.total = self.total + value % 1000
        yield key, self.total
