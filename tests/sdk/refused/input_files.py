from mrjob.compat import jobconf_from_env
from mrjob.job import MRJob


class Job(MRJob):
    def mapper_init(self):
        self.file = jobconf_from_env("mapreduce.map.input.file")  # refused: argument@21

    def mapper(self, _, line):
        a = jobconf_from_env("mapreduce.job.id")  # refused: argument@13
        b = jobconf_from_env("mapreduce.map.input.file", "")  # refused: argument@13
        c = jobconf_from_env  # refused: unknown-name@13
        yield self.named(line), 1

    def named(self, line):
        return jobconf_from_env("map.input.file") + line  # refused: argument@16
