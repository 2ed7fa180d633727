# schema: {"name": "str", "n": "int", "x": "float", "kwh": "float?"}
# rows: 40
import itertools
import operator
import os
import string
import sys
from itertools import combinations, permutations, product
from operator import itemgetter
from string import ascii_lowercase

from mrjob.job import MRStep
from totem_sdk import TotemJob

VOWELS = "aeiou" + string.digits


class Choices(TotemJob):
    """Pairs, triples and products of items; keys by itemgetter; constants of string; imports that nothing uses."""

    def steps(self):
        return [MRStep(mapper=self.mapper, reducer=self.reducer), MRStep(reducer=self.pairs)]

    def mapper(self, _, row):
        words = [row.name, "b", row.name[:1], "d"]
        for first, second in itertools.combinations(sorted(set(words)), 2):
            yield (first, second), row.n
        for pair in permutations(words, 2):
            if pair[0] == pair[1]:
                continue
            yield pair, len(pair)
        for one, two, three in combinations(words, r=3):
            words.append("later")
            yield (one + two, three), 1
        for x, y in product([1, 2, row.n], range(2)):
            if x * y > 4:
                break
            yield (str(x), str(y)), x * y
        else:
            yield ("all", "products"), 0
        for bits in product((0, 1), repeat=3):
            yield ("bits", str(sum(bits))), 1
        pairs = list(itertools.combinations(range(4), 2))
        same = sum(1 for a, b in combinations(set(words), 2) if a == b)
        yield ("pairs", "of range"), len(pairs) + same + pairs[2][1]
        for (only,) in combinations([], 1):
            yield (only, "never"), 1
        four = sum(a + b - c * d for a, b, c, d in itertools.combinations([row.n, 2, 3, 5, 7], 4))
        letters = len([c for c in row.name if c in ascii_lowercase and c not in VOWELS])
        yield ("sums", "of four"), four + letters + len(string.punctuation)

    def reducer(self, pair, values):
        numbers = [value % 1000 for value in values]
        products = [a % 97 * (b % 89) for a, b in combinations(numbers[:6], 2)]
        near = list(itertools.permutations(numbers[:3], 2))
        yield pair[0], (sum(numbers), sum(products), len(near), pair[1])

    def pairs(self, name, values):
        found = sorted(values, key=operator.itemgetter(0, 3), reverse=True)
        best = max(found, key=itemgetter(1))
        counts = {"a": 2, "b": 5, "c": 5}
        yield name, (found[0][3], best[1], sorted(counts.items(), key=itemgetter(1))[0][0])


if __name__ == "__main__":
    print(os.getcwd(), file=sys.stderr)
    Choices.run()
