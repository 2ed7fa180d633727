# schema: {"n": "int", "name": "str"}
from totem_sdk import TotemJob

SIZES = (2, 3)
NAMES = (("small", 1.5), ("large", 40.0))


class LoopsOverTuples(TotemJob):
    """Tuples that are written out, constants and variables are gone over like lists; texts are sorted by characters."""

    LIMITS = (0, 10, 100)

    def mapper(self, _, row):
        for size in SIZES:
            yield "size", size * (row.n % 1000)
        for size in (row.n, 7, len(row.name)):
            yield "mixed", size
        for limit in self.LIMITS:
            if row.n <= limit:
                yield "limit", limit
                break
        else:
            yield "limit", -1
        for label, bound in NAMES:
            yield label, int(row.n > bound)
        pair = (row.n, row.n % 7)
        yield "squares", sum(each % 1000 for each in pair)
        yield "".join(sorted(row.name)), len([letter for letter in sorted(row.name, reverse=True) if letter > "b"])
