from mrjob.job import MRJob


class Job(MRJob):
    def mapper(self, _, line):
        yield line.name, 1  # refused: unknown-attribute@20
