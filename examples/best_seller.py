"""The product of which each country bought most pieces, in two steps.

totem run examples/best_seller.py .data/retail.parquet
"""

from mrjob.step import MRStep

from totem_sdk import TotemJob


class BestSeller(TotemJob):
    """Pieces by country and product, then the best product of a country; the smaller code wins a tie."""

    def steps(self):
        return [
            MRStep(mapper=self.read_line, combiner=self.add_up, reducer=self.add_up),
            MRStep(mapper=self.by_country, reducer=self.best),
        ]

    def read_line(self, _, line):
        yield (line.country, line.stock), line.quantity

    def add_up(self, product, pieces):
        yield product, sum(pieces)

    def by_country(self, product, pieces):
        yield product[0], (pieces, product[1])

    def best(self, country, products):
        most = 0
        winner = ""
        for product in products:
            if product[0] > most or (product[0] == most and product[1] < winner):
                most = product[0]
                winner = product[1]
        if most > 0:
            yield country, (winner, most)


if __name__ == "__main__":
    BestSeller.run()
