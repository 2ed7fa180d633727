# schema: {"name": "str", "n": "int", "x": "float", "on": "bool", "maybe": "int?"}
# rows: 60
import math

from totem_sdk import TotemJob


class BoolsAsInts(TotemJob):
    """True is 1 and False is 0 where numbers are wanted."""

    LATE = True

    def mapper_init(self):
        self.count = 0

    def mapper(self, _, row):
        self.count += row.on
        self.count += row.n > 3
        big = (row.n > 5) + (row.x > 1.0) * 2 - (row.name == "")
        signs = -row.on, +row.on, ~row.on, abs(row.on), round(row.on)
        shifted = (row.on << 2) | 1, row.on & row.n, row.on ^ True
        floats = row.on / 2, row.on * row.x, row.x + True, math.sqrt(row.on), 2 ** row.on, row.on**2
        whole = divmod(row.on, 2), row.on // 1, row.on % 2, pow(row.on, 2)
        compared = row.on == 1, row.on < row.x, 0 <= row.on < row.n, row.maybe == row.on, row.on == self.LATE
        letters = sum(c == "a" for c in row.name), sum([c.isalpha() for c in row.name]), sum([row.on, True])
        sums = self.count, big, True + True, self.LATE * 3
        yield row.name + "=" * row.on + "-" * (row.n > 2), (sums, signs, shifted, floats, whole, compared, letters)
