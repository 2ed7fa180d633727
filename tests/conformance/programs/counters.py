# schema: {"article": "str", "amount": "int", "price": "float"}
import collections
from collections import Counter, defaultdict

from totem_sdk import TotemJob


class Counters(TotemJob):
    """What Counters do: count, be asked for keys that are not there, be updated, give the most common."""

    def mapper_init(self):
        self.seen = Counter()
        self.by_letter = defaultdict(Counter)
        self.letters = collections.Counter("banana")

    def mapper(self, _, row):
        self.seen[row.article] += 1
        self.seen.update([row.article, "any"])
        self.by_letter[row.article[:1]][row.amount % 3] += abs(row.amount) % 5
        self.by_letter[row.article[-1:]].update(range(row.amount % 4))
        counts = Counter(row.article)
        before = counts["?"]
        more = counts.copy()
        more.update(counts)
        more["?"] += before
        del more["!"]
        del more["?"]
        plain = dict(more)
        plain["?"] = 7
        self.letters.update(more)
        for letter, number in counts.most_common(2):
            yield "letter", (letter, number)
        yield "total", ("", counts.total())
        yield "sums", (str("?" in counts), sum(more.values()) + len(plain) + counts.get("a", -1))
        yield "top", self.seen.most_common(1 + row.amount % 2)[-1]

    def mapper_final(self):
        for article, number in self.seen.most_common():
            yield "seen", (article, number)
        for letter, counts in sorted(self.by_letter.items(), key=lambda pair: pair[0]):
            for rest, number in counts.most_common(-1):
                yield "never", (str(rest), number)
            for rest, number in counts.items():
                yield "by " + letter, (str(rest), number)
        again = Counter(number % 2 for number in self.letters.values())
        again.update(enough for enough in (3, 4, 3))
        yield "again", (str(again[0]), again[1] + again[3])
        pairs = Counter(zip("abca", ["a", "b", "d", "a"]))
        pairs.update(zip("ab", "ab"))
        yield "pairs", ("", pairs["a", "a"] * 10 + pairs["c", "d"])

    def reducer(self, name, values):
        found = Counter(f"{value}:{number}" for value, number in values)
        for value, number in found.most_common(4):
            yield name, (value, number)
