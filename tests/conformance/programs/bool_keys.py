# schema: {"n": "int", "on": "bool"}
from totem_sdk import TotemJob


class BoolKeys(TotemJob):
    def mapper(self, _, row):
        yield (row.on, row.n > 3), row.n

    def reducer(self, key, values):
        yield key[0] and key[1], min(values)
