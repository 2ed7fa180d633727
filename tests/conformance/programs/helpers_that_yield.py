"""Helpers that yield: by yield from, and looped over; nested, with returns, defaults and names of arguments."""

from mrjob.job import MRJob


def words(line, least=1):
    for word in line.split():
        if len(word) >= least:
            yield word.lower()


def pairs(line):
    last = None
    for word in words(line):
        if last is not None:
            yield last, word
        last = word


class MRPairs(MRJob):
    def mapper_init(self):
        self.seen = 0

    def counted(self, key, number=1):
        self.seen += number
        yield ("n", key), number

    @staticmethod
    def short(line, most):
        if len(line) > most:
            return
        if not line:
            yield ("short", "empty"), 1
            return
        most = most * 2
        yield ("short", line), most

    def both(self, line):
        yield from self.counted("line")
        for a, b in pairs(line):
            yield (a, b), 1
            if a == b:
                yield from self.counted(key=a, number=2)

    def mapper(self, _, line):
        most = 30
        yield from self.both(line)
        yield from self.short(line, most)
        yield from self.short(most=most - 10, line=line)
        total = 0
        x = line
        for x in words(x, 3):
            total += len(x)
            x = "changed"
        yield ("total", x), total
        if total > 10:
            for word in words(line, least=4):
                yield ("long", word), 1
                if word == "of":
                    return
        yield ("end", ""), 1

    def mapper_final(self):
        yield from self.counted("final", self.seen)

    def summed(self, key, values, scale=1):
        yield key, sum(values) * scale

    def combiner(self, key, values):
        yield from self.summed(key, values)

    def reducer(self, key, values):
        yield from self.summed(key, values, scale=2)
