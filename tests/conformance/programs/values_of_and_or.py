# schema: {"name": "str", "n": "int", "x": "float", "on": "bool", "kwh": "float?", "city": "str?", "maybe": "int?"}
# rows: 60
import re

from totem_sdk import TotemJob

UPPER = re.compile(r"([A-Z]+)(x)?")


class ValuesOfAndOr(TotemJob):
    """``and`` and ``or`` give one of their sides."""

    def mapper_init(self):
        self.last = None
        self.names = []

    def asked(self, n):
        self.names.append("asked")
        return n % 3

    def nothing(self):
        self.names.append("nothing")

    def mapper(self, _, row):
        city = row.city or "nowhere"
        number = row.maybe or row.n or 7
        share = row.kwh and row.kwh / 2
        found = UPPER.search(row.name)
        whole = found and found.group(1)
        part = found and found.group(2) or "none"
        words = row.name.split() or ["no", "words"]
        self.last = self.last or row.city
        first = row.maybe or self.asked(row.n) or self.asked(row.n + 1)
        mixed = row.n and row.x or 3
        empty = self.nothing() or row.n
        known = row.city and row.city.lower() or row.name[:2] or "-"
        either = row.on or number > 3 or False
        deep = (row.maybe or row.n) and number and share
        texts = whole, part, self.last, known, "a" or "b"
        numbers = number, share, first, mixed, deep, empty, 0 or None, (row.x and 2.5) + 1, None or number
        yield city, (texts, numbers, len(words), len(self.names), either)
