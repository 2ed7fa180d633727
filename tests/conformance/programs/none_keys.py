# schema: {"n": "int", "s": "str?"}
from totem_sdk import TotemJob


class NoneKeys(TotemJob):
    def mapper(self, _, row):
        yield _, row.n
        yield row.s, row.n
        nothing = None
        if nothing is None:
            yield nothing, 1

    def reducer(self, key, values):
        if key is None:
            yield "none", sum(values)
        else:
            yield key, sum(values)
