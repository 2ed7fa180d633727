# schema: {"line": "str", "file": "str"}
from mrjob.compat import jobconf_from_env
from mrjob.job import MRJob


class LinesByFile(MRJob):
    """What is known of the file that a line is from: its name."""

    def mapper(self, _, line):
        file = jobconf_from_env("mapreduce.map.input.file")
        yield file, len(line)
        if not line:
            yield jobconf_from_env("map.input.file").upper(), 1

    def reducer(self, file, lengths):
        yield file, sum(lengths)
