# schema: {"n": "int?", "x": "float?", "s": "str?"}
from totem_sdk import TotemJob


class OptionalTuples(TotemJob):
    def mapper(self, _, row):
        pair = (row.n, row.x)
        if pair[0] is not None and pair[1] is not None:
            yield row.s, (pair[0] + 1, pair[1] * 2.0)
        else:
            yield row.s, pair

    def reducer(self, key, pairs):
        best = None
        for pair in pairs:
            if best is None or pair == best:
                best = pair
        if best is not None:
            n, x = best
            if n is not None:
                yield key, n
            elif x is not None:
                yield key, x
            else:
                yield key, None
