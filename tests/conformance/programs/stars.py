# schema: {"name": "str", "n": "int", "x": "float"}
# rows: 60
from totem_sdk import TotemJob

SIZES = (3, 1, 4, 1, 5)


class Stars(TotemJob):
    """Targets with a star get a list of what is left over."""

    def ends(self, parts):
        first, *_, last = parts
        return first + last

    def mapper(self, _, row):
        parts = (row.name + " a b").split(" ")
        first, *rest = parts
        *most, last = parts
        one, *between, two = parts
        a, *numbers = (row.n, 2, 3.5)
        b, *none = (row.x,)
        none.append(1)
        *copy, = parts
        copy.append("!")
        (c, *d), *e = (row.n, row.n + 1, row.n + 2), 5, row.n
        self_, *letters = row.name + "z"
        size, *sizes = SIZES
        counts = [0, 1, 2]
        counts[1], *counts, f = counts
        texts = first, ",".join(rest), ",".join(most), last, one, two, self.ends(parts), self_, "".join(letters)
        # What is never read may be anything.
        if row.n % 2:
            _, unused = parts[0], 1
        else:
            _, unused = 1.5, "x"
        sums = a, sum(numbers), b, sum(none), c + sum(d) + sum(e), max(sizes), sum(counts)
        yield first, (texts, sums, (len(between), len(copy), len(parts), size, f))

    def reducer(self, name, values):
        rows = sorted([value[2][0] for value in values])
        smallest, *others = rows
        total = 0
        for i, (head, *tail) in enumerate([[1, 2, 3], [4], [5, 6]]):
            total += i * head + sum(tail)
        firsts = [head for head, *_ in [(1, 2), (3, 4)]]
        yield name, (smallest, len(others), total, sum(firsts))
