# rows: 40
"""Secondary sort: the values of a key come in the order of their JSON texts."""

from mrjob.job import MRJob
from mrjob.step import MRStep


class SortedValues(MRJob):
    SORT_VALUES = True

    def words(self, _, line):
        previous = None
        for word in line.split():
            yield word[:1], (word, len(word), previous, len(word) > 2)
            previous = word
        yield "", (line, -len(line), None, False)

    def first_and_last(self, letter, words):
        before = None
        for number, (word, length, previous, is_long) in enumerate(words):
            if before is None:
                yield letter, (number, word, length, previous, is_long)
            before = word
        yield letter, (-1, before, 0, None, False)

    def sizes(self, letter, found):
        yield found[1], found[2] * 7
        yield letter, found[0]

    def most(self, word, sizes):
        yield word, max(sizes)

    def in_order(self, word, sizes):
        for size in sizes:
            last = size
        yield word, last
        yield word, size

    def steps(self):
        return [
            MRStep(mapper=self.words, reducer=self.first_and_last),
            MRStep(mapper=self.sizes, combiner=self.most, reducer=self.in_order),
            MRStep(reducer=self.most),
        ]
