# rows: 20
from mrjob.job import MRJob
from mrjob.step import MRStep


class LinesIdentity(MRJob):
    def steps(self):
        return [MRStep(reducer=self.longest)]

    def longest(self, key, lines):
        count = 0
        best = ""
        for line in lines:
            count += 1
            if len(line) > len(best):
                best = line
        yield key, (count, best)
