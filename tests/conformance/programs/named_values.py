# schema: {"s": "str", "n": "int", "x": "float"}
import re

from totem_sdk import TotemJob

NUMBER = re.compile(r"(-?\d+)")


class NamedValues(TotemJob):
    def mapper(self, _, row):
        if m := NUMBER.search(row.s):
            yield "number", int(m.group(1))
        elif (size := len(row.s)) > 3 and size < 9:
            yield "size", size
        rest = row.s
        while (cut := rest.find("b")) >= 0:
            rest = rest[cut + 1 :]
            yield "cut", cut
        left = row.n % 5
        while (left := left - 1) > 0:
            if left == 2:
                continue
            yield "left", left
        yield "left", left
        text = row.s
        while m := NUMBER.search(text):
            text = text[m.end() :]
            yield m[1], len(text)
        total = (half := row.n // 2) + half
        yield "total", total
        assert (same := total + row.n % 2) == row.n, "halves"
        if (found := self.first(row.n)) is not None:
            yield "found", found + same

    def first(self, n):
        if (double := n * 2) > 3 and double < 100:
            return double
        return None
