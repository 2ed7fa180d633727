from mrjob.step import MRStep
from totem_sdk import TotemJob


class Job(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read), MRStep(mapper=self.again)]

    def read(self, _, row):
        yield row.name, row.n

    def again(self, key, value):
        yield key, value.n  # refused: unknown-attribute@26
