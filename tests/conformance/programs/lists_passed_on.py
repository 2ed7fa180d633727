# data: [["a b  c"], [""], ["é;x y"], ["b a"]]
from mrjob.job import MRJob
from mrjob.step import MRStep


class ListsPassedOn(MRJob):
    """Lists of words through a step without a mapper, and one without a reducer."""

    def words(self, _, line):
        yield len(line) % 2, line.split()

    def longest(self, key, lists):
        best = [""]
        for words in lists:
            if len(words) >= len(best):
                best = words
        yield key, best

    def joined(self, key, lists):
        for words in lists:
            yield key, words + [",".join(words)]

    def last(self, key, words):
        self.seen.append(words)
        yield key, [[word, word.upper()] for word in words]

    def last_init(self):
        self.seen = [["first"]]

    def last_final(self):
        yield 9, self.seen

    def steps(self):
        return [
            MRStep(mapper=self.words, reducer=self.longest),
            MRStep(reducer=self.joined),
            MRStep(mapper=self.last, mapper_init=self.last_init, mapper_final=self.last_final),
        ]
