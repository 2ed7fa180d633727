# data: [["flower"], ["flow"], ["flight"], ["dog"], ["door"], ["x"], [""]]
from mrjob.job import MRJob


class CommonPrefix(MRJob):
    """The longest beginning that words of one first letter share."""

    def mapper(self, _, word):
        yield word[:1], word

    def reducer(self, letter, words):
        prefix = None
        count = 0
        for word in words:
            count += 1
            if prefix is None:
                prefix = word
            while not word.startswith(prefix):
                prefix = prefix[:-1]
        yield letter, (prefix, count)
