"""Filter, arithmetic and a sum for each of a million keys."""

from totem_sdk import TotemJob


class MillionKeys(TotemJob):
    """Adds up by key what is above a limit."""

    def mapper(self, _, row):
        if row.x > 0.1:
            yield row.k, row.x * 2.0 + 1.0

    def reducer(self, key, values):
        yield key, sum(values)
