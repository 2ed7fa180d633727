# schema: {"name": "str", "n": "int", "x": "float", "on": "bool"}
# rows: 40
from totem_sdk import TotemJob


def size(word):
    return len(word) % 3


class CallsForLoops(TotemJob):
    """Calls that stand for loops: map, filter, defaults of min and max, sort by a key; lists and tuples put together."""

    def mapper_init(self):
        self.seen = []

    def longer(self, word):
        return word + "!"

    def mapper(self, _, row):
        words = (row.name + " a bb").split()
        numbers = list(map(len, words))
        a, b = map(int, f"{row.n},{row.n % 9}".split(","))
        first, *rest = map(float, ["1.5", str(row.n)])
        total = sum(map(size, words)) + sum(rest) + first
        for i, word in enumerate(filter(None, row.name.split("a")), 1):
            if i > 3:
                break
            total += i * len(word)
        else:
            total += 0.5
        for word in map(self.longer, filter(lambda w: len(w) > 1, words)):
            total += len(word)
        flags = any(map(str.isdigit, words)), all(map(lambda w: w < "b", words))
        most = max((n for n in numbers if n > 2), default=-1), min(numbers[9:], default=row.n), max(numbers, default=0)
        longest = max(filter(str.isalpha, words), key=len, default="none")
        none = min([w for w in words if w > "zz"], key=size, default=None)
        self.seen.append(row.n % 5)
        self.seen.sort(key=lambda n: -n)
        words.sort(key=size, reverse=True)
        together = [*words, longest, *map(str, numbers), *row.name[:2]]
        pair = (a, row.x) + (row.name,)
        texts = hex(row.n), bin(row.on), oct(-row.n), repr(row.x), repr(row.on), "".join(map(str.upper, words))
        yield row.name, (pair + (b,), total, flags, most, longest, none, texts, self.seen[0], "".join(together))

    def reducer(self, name, values):
        pairs = [value[3] for value in values]
        yield name, (max(pairs, default=None), len(pairs))

    def reducer_final(self):
        yield "", (None, max([1][1:], default=0))
