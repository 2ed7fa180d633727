# schema: {"name": "str", "n": "int", "day": "date"}
from totem_sdk import TotemJob

STOP = {"a", "b", "c"}
WEEKEND = set([5, 6])


class Sets(TotemJob):
    """Sets: made, changed, asked, combined; what comes out does not depend on their order."""

    def mapper_init(self):
        self.seen = set()
        self.days = set()

    def mapper(self, _, row):
        letters = {letter for letter in row.name if letter != " "}
        common = letters & STOP
        rest = letters - STOP
        either = letters | STOP
        one = letters ^ STOP
        self.seen.add(row.name)
        self.days.add((row.day.year // 10, row.day.month))
        if row.day.weekday() in WEEKEND:
            self.seen.discard("abc")
        pair = {row.n % 3, row.n % 5}
        pair.update({7, 8})
        pair.remove(7)
        again = set(pair)
        again.add(-1)
        odd = sum(1 for x in again if x not in pair)
        if not letters.isdisjoint(STOP) and pair.issubset(again) and again.issuperset(pair):
            yield row.name, (len(common), len(rest), len(either), len(one), max(pair) + odd)
        yield "".join(sorted(letters.union(common)))[:3], (len(letters.intersection(rest)), 0, 0, sum(pair), min(again))

    def mapper_final(self):
        yield "seen", (len(self.seen), len(self.days), len(" ".join(sorted(self.seen))), 0, 0)

    def reducer(self, name, parts):
        parts = list(parts)
        firsts = set(part[0] for part in parts)
        words = set()
        words.update(set(name.split()))
        words.clear()
        jaccard = len(firsts & {1, 2}) / len(firsts | {1, 2})
        copy = firsts.copy()
        copy.clear()
        yield name, (",".join(str(x) for x in sorted(firsts)), len(words) + len(copy), jaccard, "x" if firsts else "y")
