# schema: {"k": "str", "n": "int"}
from totem_sdk import TotemJob


class PairYieldedWhole(TotemJob):
    def mapper(self, _, row):
        pair = (row.k, row.n)
        yield pair
        yield "all", row.n

    def reducer(self, key, values):
        yield max((key, 1), (key, sum(values)), ("m", 0))
