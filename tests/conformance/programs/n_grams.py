# data: [["the cat sat on the mat"], ["The cat; the dog."], ["one"], [""], ["a b a b a b"], ["on the mat the cat sat"]]
import re

from mrjob.job import MRJob
from mrjob.step import MRStep

WORD = re.compile(r"[a-z]+")


class NGrams(MRJob):
    """Pairs and triples of neighbouring words, and how often each length of them repeats."""

    def grams(self, _, line):
        words = WORD.findall(line.lower())
        for size in range(2, 4):
            for i in range(len(words) - size + 1):
                yield " ".join(words[i : i + size]), 1

    def total(self, gram, ones):
        yield gram, sum(ones)

    def repeated(self, gram, times):
        yield (gram.count(" ") + 1, times > 1), (times, gram)

    def best(self, key, found):
        ranked = sorted(found, key=lambda pair: (-pair[0], pair[1]))
        yield key, [f"{gram}:{times}" for times, gram in ranked[:3]]

    def steps(self):
        return [
            MRStep(mapper=self.grams, combiner=self.total, reducer=self.total),
            MRStep(mapper=self.repeated, reducer=self.best),
        ]
