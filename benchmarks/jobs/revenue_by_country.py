"""A sum for each text of few."""

from totem_sdk import TotemJob


class RevenueByCountry(TotemJob):
    """What was sold, by country."""

    def mapper(self, _, row):
        if row.quantity > 0:
            yield row.country, row.quantity * row.price

    def reducer(self, key, values):
        yield key, sum(values)
