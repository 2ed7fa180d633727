# schema: {"k": "int", "n": "int"}
from totem_sdk import TotemJob


class CombinerState(TotemJob):
    def mapper(self, _, row):
        yield row.k % 4, row.n

    def combiner_init(self):
        self.groups = 0

    def combiner(self, key, values):
        self.groups += 1
        yield key, max(values)

    def combiner_final(self):
        yield -1, self.groups

    def reducer(self, key, values):
        yield key, sum(values)
