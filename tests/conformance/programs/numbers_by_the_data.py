# schema: {"a": "int", "x": "float"}
from totem_sdk import TotemJob


class NumbersByTheData(TotemJob):
    def mapper(self, _, row):
        value = row.a if row.a % 2 == 0 else row.x
        small = value % 1000
        plus = (value + 1, value - row.x, small * small, -value, abs(value))
        over = (0.0, 0, 0)
        if value != 0:
            over = (10 / value, 10 // value, 10 % value)
        compare = (value < 3, value == row.a, value >= row.x, min(value, 2), max(value, 1.5))
        rounded = (round(value), round(value, 1), int(value), float(value), bool(value))
        yield value, (plus, over, compare, rounded)

    def reducer(self, key, values):
        for value in values:
            yield key, value
