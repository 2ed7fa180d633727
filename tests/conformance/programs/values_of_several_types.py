# rows: 60
"""Two, then three kinds of values under one key, told apart by a text before them, in order by SORT_VALUES."""

from mrjob.job import MRJob
from mrjob.step import MRStep


class ValuesOfSeveralTypes(MRJob):
    SORT_VALUES = True

    def words_init(self):
        self.longest = None
        self.lines = 0

    def words(self, _, line):
        self.lines += 1
        for word in line.split():
            yield word[:1], ("B: word", (word, len(word)))
            yield word[:1], ("A: count", 1)
            if word == "abc":
                yield word[:1], ("C: none", None)

    def words_final(self):
        yield "", ("A: count", self.lines)

    def keep(self, letter, values):
        total = 0
        for kind, data in values:
            if kind == "A: count":
                total += data
            elif data is not None:
                yield letter, (kind, data)
        if total:
            yield letter, ("A: count", total)

    def shares(self, letter, values):
        total = None
        words = 0
        for kind, data in values:
            if kind == "A: count":
                if total is None:
                    total = data
                else:
                    total = total + 0 + data
            elif kind == "B: word":
                word, size = data
                words += 1
                yield letter, (word, round(100.0 * size / total, 2), total > 2, data[1])
                yield letter, (word, float(total) + abs(total), size == total, data[1])
                yield letter, (word, -round(total, 1) * 0.5, int(total) > 1, data[1])
            else:
                yield letter, ("none" if data is None else "some", 0.0, data != 7, words)

    def steps(self):
        return [
            MRStep(
                mapper_init=self.words_init,
                mapper=self.words,
                mapper_final=self.words_final,
                combiner=self.keep,
                reducer=self.keep,
            ),
            MRStep(reducer=self.shares),
        ]
