from mrjob.compat import jobconf_from_env
from mrjob.job import MRJob


class Job(MRJob):
    def mapper(self, _, line):
        yield line, 1

    def reducer(self, line, numbers):
        yield jobconf_from_env("map.input.file"), sum(numbers)  # refused: argument@15
