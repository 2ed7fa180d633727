# schema: {"x": "float", "y": "float", "n": "int"}
from totem_sdk import TotemJob


class FloatArithmetic(TotemJob):
    def mapper(self, _, row):
        x = row.x
        y = row.y
        if y == 0.0:
            y = 0.125
        two = (x + y, x - y, x * y, x / y, x // y, x % y)
        one = (-x, abs(x), +x, x * x)
        mixed = (x + row.n, row.n - x, row.n * x, 3 / y, row.n // y, 7 % y, x + 1, 2 * y)
        yield (two, one), mixed
