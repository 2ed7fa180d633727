# schema: {"x": "float", "m": "int?"}
from totem_sdk import TotemJob


class Histogram(TotemJob):
    """How many values lie between bounds, counted in the map and emitted once a task."""

    def mapper_init(self):
        self.bounds = [-1.0, 0.0, 0.5, 2.0, 100.0]
        self.counts = [0] * (len(self.bounds) + 1)
        self.missing = [0, 0]

    def mapper(self, _, row):
        low, high = 0, len(self.bounds)
        while low < high:
            middle = (low + high) // 2
            if row.x < self.bounds[middle]:
                high = middle
            else:
                low = middle + 1
        self.counts[low] += 1
        self.missing[0 if row.m is None else 1] += 1

    def mapper_final(self):
        for i, count in enumerate(self.counts + self.missing):
            yield i, count

    def reducer(self, i, counts):
        yield i, sum(counts)
