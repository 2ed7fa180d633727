# schema: {"basket": "int", "item": "str"}
# data: [[1, "bread"], [1, "milk"], [2, "milk"], [2, "bread"], [2, "milk"], [3, "eggs"], [4, "eggs"], [4, "bread"], [4, "milk"]]
from mrjob.step import MRStep

from totem_sdk import TotemJob


class PairsOfArticles(TotemJob):
    """Articles that are bought together, each pair once a basket; the most frequent ones first."""

    def item(self, _, row):
        yield row.basket, row.item

    def pairs(self, basket, items):
        names = []
        for item in sorted(items):
            if not names or names[-1] != item:
                names.append(item)
        for i, a in enumerate(names):
            for b in names[i + 1 :]:
                yield (a, b), 1

    def total(self, pair, ones):
        yield pair, sum(ones)

    def ranked(self, pair, times):
        yield -times, " + ".join([pair[0], pair[1]])

    def shown(self, times, pairs):
        yield -times, sorted(pairs)

    def steps(self):
        return [
            MRStep(mapper=self.item, reducer=self.pairs),
            MRStep(combiner=self.total, reducer=self.total),
            MRStep(mapper=self.ranked, reducer=self.shown),
        ]
