# rows: 60
"""The words of lines, as mrjob's own word counts find them."""

import re

from mrjob.job import MRJob

WORD_RE = re.compile(r"[\w']+")


class RegexWordCount(MRJob):
    def mapper(self, _, line):
        for word in WORD_RE.findall(line):
            yield word.lower(), 1

    def combiner(self, word, counts):
        yield word, sum(counts)

    def reducer(self, word, counts):
        yield word, sum(counts)


if __name__ == "__main__":
    RegexWordCount.run()
