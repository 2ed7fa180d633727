# schema: {"n": "int", "x": "float", "s": "str?"}
# params: {"offset": 3}
from totem_sdk import Param, TotemJob


class Helpers(TotemJob):
    offset: int = Param()
    FACTOR = 2

    def twice(self, value):
        return value + value

    def sign(self, value):
        if value > 0:
            return 1
        elif value < 0:
            return -1
        return 0

    def maybe(self, value):
        if value > 0:
            return value

    def both(self, a, b):
        return a, self.twice(b)

    def label(self, text: str | None, n: int) -> str:
        if text is None:
            return "none"
        return text + str(n)

    def shifted(self, value: int) -> int:
        return value % 1000 * self.FACTOR + self.offset

    def nothing(self, value):
        value = 3

    def unless(self, value, least):
        if value < least:
            return
        return value

    def mapper(self, _, row):
        twice = (self.twice(row.n), self.twice(row.x), self.twice("ab"))
        sign = self.sign(row.n) + self.sign(row.x)
        half = self.maybe(row.x)
        if half is not None:
            quarter = half / 2
        else:
            quarter = 0.0
        first, second = self.both(row.n, row.x)
        label = (self.label(row.s, row.n), self.label("x", 1))
        self.nothing(row.n)
        nothing = self.nothing(row.n)
        least = self.unless(row.n, row.x)
        yield (twice, sign, quarter), (first, second, self.both(1, "a")[1], label, nothing, least)
        yield (twice, sign, 0.0), (1, 0.5, "", label, nothing, self.shifted(self.shifted(row.n)))
