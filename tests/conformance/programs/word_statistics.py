# data: [["It was the best of times,"], ["it was the worst of times;"], [""], ["it was the age of WISDOM"], ["... !!!"]]
from mrjob.job import MRJob


class WordStatistics(MRJob):
    """Lines, words, letters, the longest word and how long words are, of a whole text."""

    def mapper_init(self):
        self.lines = 0
        self.lengths = [0] * 8
        self.longest = ""

    def mapper(self, _, line):
        self.lines += 1
        for word in line.lower().split():
            word = word.strip(".,;!")
            if not word:
                continue
            self.lengths[min(len(word), 8) - 1] += 1
            if (len(word), word) > (len(self.longest), self.longest):
                self.longest = word

    def mapper_final(self):
        yield "lines", self.lines
        for i, count in enumerate(self.lengths):
            if count:
                yield f"words of {i + 1}", count
        yield f"longest: {self.longest}", 1

    def reducer(self, what, counts):
        yield what, sum(counts)
