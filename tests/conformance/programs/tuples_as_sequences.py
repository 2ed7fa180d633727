# schema: {"name": "str", "n": "int", "x": "float", "day": "date"}
# rows: 60
from totem_sdk import TotemJob

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEIGHTS = (0.5, 1, 2)
NAMES = ("a", "b", "c")


class TuplesAsSequences(TotemJob):
    """Tuples by an index that varies, sliced, counted, added up, side by side with lists."""

    LIMITS = (10, 100, 1000)

    def pair(self, row):
        return (row.n, row.n + 1)

    def mapper(self, _, row):
        day = DAYS[row.day.weekday()]
        size = self.LIMITS[row.n % 3] + self.LIMITS[-1 - row.n % 3]
        weight = WEIGHTS[row.n % 3]
        total = 0.0
        for limit, share in zip(self.LIMITS, WEIGHTS):
            total += limit * share
        back = [name for name in reversed(NAMES)]
        sums = sum(WEIGHTS), sum((row.n, 1)), max(self.LIMITS), min((row.x, 2.5)), sum(self.pair(row))
        low, *_ = sorted((row.n, 3, -2))
        names = list(NAMES)
        found = DAYS.index(day), self.LIMITS.count(row.n), (1, 1, row.n).count(1), len(DAYS), len(self.pair(row))
        tail, head = DAYS[5:], (row.n, row.x, row.name)[:2]
        turned = NAMES[::-1]
        joined = "".join(NAMES) + "-".join(tail) + ",".join((row.name, "z"))
        step = row.n % 4 - 2 or 1
        parts = row.name[::step], "abcdefgh"[1:-1:step], "abcdefgh"[row.n % 8 :: step]
        yield day, ((size, weight, total, back[0], low, len(names), joined), sums, head, turned, found, parts)
