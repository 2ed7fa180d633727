# data: [["kitten sitting"], ["flaw lawn"], ["same same"], ["a"], ["Größe Grösse"], ["intention execution"]]
from mrjob.job import MRJob


class EditDistance(MRJob):
    """How many letters have to change to make one word of another: a table of two rows."""

    def distance(self, a, b):
        before = list(range(len(b) + 1))
        for i, x in enumerate(a, 1):
            row = [i]
            for j, y in enumerate(b, 1):
                row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + int(x != y)))
            before = row
        return before[-1]

    def mapper(self, _, line):
        words = line.split()
        if len(words) != 2:
            yield "no pair", 0
            return
        distance = self.distance(words[0], words[1])
        yield f"{words[0]} {words[1]}", distance
        yield "total", distance

    def reducer(self, key, distances):
        yield key, sum(distances)
