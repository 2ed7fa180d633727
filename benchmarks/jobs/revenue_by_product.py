"""A sum for each text of some thousands."""

from totem_sdk import TotemJob


class RevenueByProduct(TotemJob):
    """What was sold, by product."""

    def mapper(self, _, row):
        if row.quantity > 0:
            yield row.stock, row.quantity * row.price

    def reducer(self, key, values):
        yield key, sum(values)
