"""How often each word occurs in a text: an ordinary mrjob program that knows nothing of TOTEM.

totem run examples/word_count.py .data/descriptions.txt
"""

from mrjob.job import MRJob


class WordCount(MRJob):
    """Gets raw lines, as mrjob gives them."""

    def mapper(self, _, line):
        for word in line.lower().split():
            yield word, 1

    def combiner(self, word, counts):
        yield word, sum(counts)

    def reducer(self, word, counts):
        yield word, sum(counts)


if __name__ == "__main__":
    WordCount.run()
