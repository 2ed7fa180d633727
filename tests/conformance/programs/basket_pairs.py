# schema: {"basket": "int", "item": "str"}
from mrjob.step import MRStep
from totem_sdk import TotemJob


class BasketPairs(TotemJob):
    """How often two articles are bought together: pairs of a basket's articles, most frequent first."""

    def steps(self):
        return [
            MRStep(mapper=self.of_basket, reducer=self.pairs),
            MRStep(reducer=self.count),
            MRStep(reducer=self.rank),
        ]

    def of_basket(self, _, row):
        yield row.basket, row.item

    def pairs(self, basket, items):
        seen = {}
        for item in items:
            seen[item] = seen.get(item, 0) + 1
        names = sorted(seen)
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                yield (first, second), min(seen[first], seen[second])

    def count(self, pair, times):
        yield None, (sum(times), pair[0], pair[1])

    def rank(self, _, counted):
        best = {}
        for times, first, second in counted:
            if best.get(first, (0, ""))[0] < times:
                best[first] = (times, second)
        for first in sorted(best, key=lambda name: (-best[name][0], name)):
            yield first, best[first]
