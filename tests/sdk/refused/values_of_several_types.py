from mrjob.step import MRStep

from totem_sdk import TotemJob


class Job(TotemJob):
    def read(self, _, row):
        yield row.name, (0, row.n)
        yield row.name, (1, row.name)
        yield row.name, (2, (row.n, row.n))
        yield row.n, (2, row.n)  # refused: type-conflict@9

    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.use)]

    def use(self, name, values):
        for _, value in values:
            yield name, value is None
