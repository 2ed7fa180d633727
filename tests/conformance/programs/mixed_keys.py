# schema: {"n": "int", "x": "float", "on": "bool"}
from totem_sdk import TotemJob


class MixedKeys(TotemJob):
    def mapper(self, _, row):
        yield row.n if row.on else row.x, 1
        yield row.x - row.x, 1
        yield 0, 1

    def reducer(self, key, ones):
        yield key, sum(ones)
