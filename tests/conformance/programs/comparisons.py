# schema: {"a": "int", "b": "int", "x": "float", "s": "str", "t": "str", "on": "bool", "d": "date", "at": "datetime"}
from totem_sdk import TotemJob


class Comparisons(TotemJob):
    def mapper(self, _, row):
        ints = (row.a < row.b, row.a <= row.b, row.a > row.b, row.a >= row.b, row.a == row.b, row.a != row.b)
        mixed = (row.a < row.x, row.x <= row.a, row.a > row.x, row.x >= 3, row.a == row.x, row.x != 2)
        floats = (row.x < 0.5, row.x >= -0.5, row.x == row.x)
        texts = (row.s < row.t, row.s <= row.t, row.s > row.t, row.s >= row.t, row.s == row.t, row.s != "abc")
        bools = (row.on == True, row.on != (row.a > 0), row.on < (row.a > 0))
        dates = (row.d < row.at.date(), row.d == row.at.date(), row.at >= row.at, row.at != row.at)
        chains = (0 < row.a < 10, row.a < row.x < row.b, row.a == row.b == 3 != row.x, "a" <= row.s < row.t < "z")
        yield (ints, mixed, floats), (texts, bools, dates, chains)
