# data: [["3 1 4 1 5 9 2 6 | 10"], ["1 2 3 | 100"], ["-5 5 0 0 | 0"], ["| 3"]]
from mrjob.job import MRJob


class TwoSums(MRJob):
    """Pairs of numbers of a line that make the number behind its bar."""

    def mapper(self, _, line):
        left, right = line.split("|")
        goal = int(right)
        seen = {}
        pairs = []
        for number in [int(part) for part in left.split()]:
            if goal - number in seen:
                pairs.append((min(number, goal - number), max(number, goal - number)))
            seen[number] = True
        yield goal, pairs

    def reducer(self, goal, found):
        for pairs in found:
            yield goal, sorted(pairs)
