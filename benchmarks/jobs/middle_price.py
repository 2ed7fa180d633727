"""A reducer that sorts each group's values."""

from totem_sdk import TotemJob


class MiddlePrice(TotemJob):
    """The price in the middle, by product."""

    def mapper(self, _, row):
        yield row.stock, row.price

    def reducer(self, key, values):
        prices = sorted(values)
        yield key, prices[len(prices) // 2]
