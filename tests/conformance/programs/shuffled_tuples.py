# schema: {"a": "int", "b": "str", "x": "float?"}
from totem_sdk import TotemJob


class ShuffledTuples(TotemJob):
    def mapper(self, _, row):
        yield (row.a, (row.b, row.x)), (row.x, row.b)

    def reducer(self, key, values):
        seen = None
        for value in values:
            if seen is not None and seen == value:
                yield key, "again"
            if value[0] is not None:
                yield key, value[1] + str(int(value[0]))
            seen = value
        if seen is not None:
            x, text = seen
            yield (key[0], (key[1][0], x)), text
