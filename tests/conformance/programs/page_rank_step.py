# data: [["a b c"], ["b c"], ["c a"], ["d c"], ["e"]]
from mrjob.job import MRJob
from mrjob.step import MRStep

DAMPING = 0.85
PAGES = 5


class PageRankStep(MRJob):
    """Two rounds of PageRank over lines of a page and what it links to; the links travel as a text."""

    def read(self, _, line):
        page, _, links = line.partition(" ")
        yield page, (1.0 / PAGES, links)

    def spread(self, page, node):
        rank, links = node
        yield page, (0.0, links)
        targets = links.split()
        for target in targets:
            yield target, (rank / len(targets), "")

    def gathered(self, page, parts):
        rank, links = 0.0, ""
        for part, found in parts:
            rank += part
            if found:
                links = found
        yield page, ((1 - DAMPING) / PAGES + DAMPING * rank, links)

    def shown(self, page, node):
        yield page, round(node[0], 6)

    def steps(self):
        return [
            MRStep(mapper=self.read),
            MRStep(mapper=self.spread, reducer=self.gathered),
            MRStep(mapper=self.spread, reducer=self.gathered),
            MRStep(mapper=self.shown),
        ]
