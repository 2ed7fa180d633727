"""How many pieces are sold in each band of prices, on working days and at the weekend.

totem run examples/price_bands.py .data/retail.parquet --param lowest=0.25
"""

from totem_sdk import Param, TotemJob


class PriceBands(TotemJob):
    """Bands double: up to 0.5, up to 1, up to 2 and so on, to a last one without end."""

    lowest: float = Param(0.5, help="upper limit of the first band")
    bands: int = Param(10, help="number of bands")

    SATURDAY = 5

    def band(self, price):
        limit = self.lowest
        number = 0
        while number < self.bands and price > limit:
            limit = limit * 2.0
            number += 1
        return number

    def mapper(self, _, line):
        if line.quantity > 0 and line.price > 0.0:
            when = "weekend" if line.at.weekday() >= self.SATURDAY else "working day"
            yield (when, self.band(line.price)), line.quantity

    def combiner(self, band, pieces):
        yield band, sum(pieces)

    def reducer(self, band, pieces):
        yield band, sum(pieces)


if __name__ == "__main__":
    PriceBands.run()
