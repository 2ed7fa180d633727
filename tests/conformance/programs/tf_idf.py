# data: [["1\tthe quick brown fox"], ["2\tthe lazy dog the dog"], ["3\tquick quick dog"], ["4\t"], ["5\tfox"]]
import math
import re

from mrjob.job import MRJob
from mrjob.step import MRStep

WORD = re.compile(r"[a-z]+")
DOCUMENTS = 5


class TfIdf(MRJob):
    """The weight of each word in each document."""

    def words(self, _, line):
        number, text = line.split("\t", 1)
        for word in WORD.findall(text.lower()):
            yield (word, number), 1

    def add(self, pair, ones):
        yield pair, sum(ones)

    def by_word(self, pair, count):
        word, number = pair
        yield word, (number, count)

    def weigh(self, word, places):
        found = list(places)
        idf = math.log(DOCUMENTS / len(found))
        for number, count in found:
            yield number, (word, round(count * idf, 9))

    def best(self, number, weights):
        top = sorted(weights, key=lambda pair: (-pair[1], pair[0]))[:2]
        yield number, [f"{word}={weight:.3f}" for word, weight in top]

    def steps(self):
        return [
            MRStep(mapper=self.words, combiner=self.add, reducer=self.add),
            MRStep(mapper=self.by_word, reducer=self.weigh),
            MRStep(reducer=self.best),
        ]
