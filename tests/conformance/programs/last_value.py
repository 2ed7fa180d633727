# schema: {"k": "int", "n": "int"}
from totem_sdk import TotemJob


class LastValue(TotemJob):
    def mapper(self, _, row):
        yield row.k, row.n

    def reducer(self, key, values):
        for value in values:
            last = value
        yield key, (last, value)
