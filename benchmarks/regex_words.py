"""The words of lines, counted as mrjob's own example counts them: one source for mrjob and for us."""

import re

from mrjob.job import MRJob

WORD_RE = re.compile(r"[\w']+")


class RegexWords(MRJob):  # type: ignore[misc]  # mrjob has no type information
    """Counts the words of all lines, in small letters."""

    def mapper(self, _, line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D102  mrjob's signatures
        for word in WORD_RE.findall(line):
            yield word.lower(), 1

    def combiner(self, word, counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D102  as above
        yield word, sum(counts)

    def reducer(self, word, counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D102  as above
        yield word, sum(counts)


if __name__ == "__main__":
    RegexWords.run()
