# data: [["ACGTACGTTGCA"], ["GGGGCCCC"], ["ACN"], ["acgtt"], [""]]
from mrjob.job import MRJob

BASES = "ACGT"


class GeneWindows(MRJob):
    """Windows of three bases, each counted with its reverse complement as one, and the share of G and C."""

    def complement(self, base):
        return BASES[3 - BASES.index(base)]

    def mapper(self, _, line):
        genes = line.strip().upper()
        for i in range(len(genes) - 2):
            window = genes[i : i + 3]
            try:
                other = "".join([self.complement(base) for base in reversed(list(window))])
            except ValueError:
                yield "unread", (1, 0)
                continue
            yield min(window, other), (1, window.count("G") + window.count("C"))

    def reducer(self, window, found):
        number = rich = 0
        for one, count in found:
            number += one
            rich += count
        yield window, (number, round(rich / (3 * number), 3))
