# schema: {"a": "int", "b": "int", "s": "str"}
from totem_sdk import TotemJob


class Assignments(TotemJob):
    def mapper(self, _, row):
        a = b = row.a
        a, b = b, a + 1
        swapped = (a, b)
        (a, b) = swapped
        c = d = a * 2 - 1
        x: int = row.b
        y: float | None = None
        if x > 2:
            y = 0.5
        text = row.s
        text = len(text)
        x += a
        x -= 1
        x %= 1000
        x *= 3
        x //= 2
        z = x * 1.0
        z /= 4
        x **= 2
        pair: tuple[int, str] = (x, row.s)
        x, name = pair
        first, second = x + 1, x
        first, second = second, first
        yield (swapped, c, d), (x, y, z, text, name, first, second)
