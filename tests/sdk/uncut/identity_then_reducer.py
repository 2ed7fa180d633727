from mrjob.step import MRStep

from totem_sdk import TotemJob


class Job(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read), MRStep(reducer=self.add)]

    def read(self, _, row):
        yield row.name, row.n  # uncut: rows-would-move@9

    def add(self, name, numbers):
        yield name, sum(numbers)
