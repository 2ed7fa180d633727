from mrjob.step import MRStep
from totem_sdk import TotemJob


class Job(TotemJob):
    def steps(self):
        return [
            MRStep(mapper=self.read, mapper_cmd=""),  # refused: option@38
            MRStep(reducer=lambda k, v: v),  # refused: steps@13 steps@20
            MRStep(self.read),  # refused: steps@13 steps@25
            MRStep(mapper=self.nowhere),  # refused: steps@13
            MRStep(combiner=self.add),  # refused: steps@13
            MRStep(mapper=self.read, reducer_init=self.begin),  # refused: steps@13
            self.read,  # refused: steps@18
            MRStep(mapper=self.read, mapper=self.read),  # refused: steps@38
        ]

    def begin(self):
        self.a = 1

    def add(self, key, values):
        yield key, sum(values)

    def read(self, _, row):
        yield row.name, row.n
