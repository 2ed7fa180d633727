# schema: {"a": "int", "b": "int", "x": "float", "s": "str", "n": "int?"}
from totem_sdk import TotemJob


class TupleComparisons(TotemJob):
    LIMIT = (2, 0.5)

    def mapper(self, _, row):
        pair = (row.a, row.x)
        other = (row.b, row.a)
        named = (row.s, (row.a, row.b))
        same = (pair == (1, 0.5), pair != self.LIMIT, named == ("abc", (1, 2)), (row.n, row.s) == (3, "abc"))
        order = (pair < other, other <= pair, pair > self.LIMIT, named >= ("b", (0, 0)))
        yield (same, order), (min(pair, other), max(named, ("m", (3, 4))))
