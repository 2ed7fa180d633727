# rows: 30
from mrjob.job import MRJob


class LinesCounted(MRJob):
    def mapper_init(self):
        self.lines = 0

    def mapper(self, key, line):
        self.lines += 1
        if key is None and len(line) > 20:
            yield "long", line

    def mapper_final(self):
        yield "lines", str(self.lines)
