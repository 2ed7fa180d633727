# schema: {"article": "str", "amount": "int", "price": "float"}
from mrjob.step import MRStep

from totem_sdk import TotemJob


class AbcAnalysis(TotemJob):
    """Articles by their share of the turnover: A up to 70 %, B up to 90 %, C the rest."""

    def turnover(self, _, row):
        yield row.article, abs(row.amount % 100 * row.price)

    def add(self, article, turnovers):
        yield None, (sum(turnovers), article)

    def classes(self, _, articles):
        ordered = sorted(articles, reverse=True)
        total = sum(turnover for turnover, _ in ordered)
        reached = 0.0
        for turnover, article in ordered:
            share = reached / total if total else 0.0
            kind = "A" if share < 0.7 else "B" if share < 0.9 else "C"
            reached += turnover
            yield kind, (article, round(turnover, 4))

    def steps(self):
        return [MRStep(mapper=self.turnover, reducer=self.add), MRStep(reducer=self.classes)]
