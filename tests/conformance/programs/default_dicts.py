# schema: {"article": "str", "amount": "int", "price": "float"}
from collections import defaultdict

from totem_sdk import TotemJob


class DefaultDicts(TotemJob):
    """What defaultdicts do: a key that is read is there, with a value of its own."""

    def mapper_init(self):
        self.amounts = defaultdict(list)
        self.turnover = defaultdict(float)
        self.nested = defaultdict(lambda: defaultdict(int))
        self.spans = defaultdict(lambda: [0, 0.5])
        self.articles = defaultdict(set)

    def mapper(self, _, row):
        self.amounts[row.article].append(row.amount % 10)
        self.turnover[row.article] += row.price * 0.5
        self.nested[row.article[:1]][row.amount % 2] += 1
        span = self.spans[row.amount % 3]
        span[0] += 1
        self.articles[row.amount % 4].add(row.article)

    def mapper_final(self):
        for article, amounts in self.amounts.items():
            yield article, (sum(amounts), len(amounts), "list")
        for article, turnover in self.turnover.items():
            yield article, (int(turnover), round(turnover, 2), "float")
        for letter, numbers in self.nested.items():
            yield letter, (numbers[0], numbers[7], "nested")
            yield letter, (len(numbers), numbers.get(8, -1), "keys")
        for rest, span in self.spans.items():
            yield str(rest), (int(span[0]), span[1], "span")
        for rest, articles in self.articles.items():
            yield str(rest), (len(articles), len("".join(sorted(articles))), "set")
        texts = defaultdict(str)
        texts["a"] += "x"
        texts["a"] += texts["b"] + "y"
        flags = defaultdict(bool)
        flags[(1, "a")] = not flags[(1, "b")]
        signs = defaultdict(lambda: -1)
        copied = signs.copy()
        copied[3] = signs[1] + signs[2]
        plain = dict(copied)
        signs.update(plain)
        yield texts["a"], (len(texts), len(flags), "texts")
        yield texts["b"], (signs[3], copied[9] + len(plain), "signs")
        for missing in ("a", "z"):
            try:
                yield missing, (plain[4], 0, "plain")
            except KeyError:
                yield missing, (len(plain), len(signs), "no key")

    def reducer(self, key, values):
        for value in sorted(str(x) + "|" + str(y) + "|" + kind for x, y, kind in values):
            yield key, value
