# schema: {"x": "float", "n": "int"}
from totem_sdk import TotemJob


class Rounding(TotemJob):
    DIGITS = 3

    def mapper(self, _, row):
        floats = (round(row.x), round(row.x, 0), round(row.x, 1), round(row.x, 2), round(row.x, 22))
        ints = (round(row.n), round(row.n, 2))
        halves = (round(0.5), round(1.5), round(-2.5), round(2.675, 2), round(row.x / 8, self.DIGITS))
        yield floats, (ints, halves)
