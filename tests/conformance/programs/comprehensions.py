# schema: {"name": "str", "n": "int", "x": "float", "words": "str"}
from totem_sdk import TotemJob


class Comprehensions(TotemJob):
    """Comprehensions, generator arguments, and what goes over lists side by side."""

    def doubled(self, numbers):
        return [2 * number for number in numbers]

    def mapper(self, _, row):
        words = row.words.split()
        lengths = [len(word) for word in words if word != "a"]
        yield "lengths", sum(lengths)
        yield "most", max([0] + lengths)
        yield "squares", sum(i * i for i in range(row.n % 5))
        yield "any", int(any(word.startswith("a") for word in words))
        yield "all", int(all(len(word) < 3 for word in words))
        yield "both", int(any(a == b for a in words for b in words if a < row.name))
        yield "every", int(all([x > 0 for x in [row.n, 1]]))
        for i, word in enumerate(words):
            yield "numbered", i + len(word)
        for i, (a, b) in enumerate(zip(words, lengths), start=2):
            if b == 2:
                continue
            yield "zip", i + b + len(a)
        for a, b, c in zip(words, words[1:], range_of(lengths)):
            yield "three", len(a) - len(b) + c
        for word in reversed(words):
            yield "reversed " + word, len(words)
        grid = [[i * j for j in range(3)] for i in range(2)]
        yield "grid", sum(sum(line) for line in grid)
        flat = [cell for line in grid for cell in line if cell]
        yield "flat", len(flat) + sum(self.doubled(flat))
        pairs = sorted((len(word), word) for word in words)
        for number, word in pairs:
            yield "pair " + word, number
        pairs = sorted(zip(lengths, words), reverse=True)
        if pairs:
            yield "best " + pairs[0][1], pairs[0][0]
        numbered = list(enumerate(words))
        yield "last", numbered[-1][0] if numbered else -1
        left = [1, 2, 3, 4]
        for a, b in zip(left, [5, 6, 7, 8, 9]):
            if a == 2:
                left.append(9)
            yield "changing", a * b
        for a in reversed(left):
            if a == 9:
                left.pop(0)
            yield "shrinking", a
        letters = list(row.name)
        letters.append("!")
        yield "".join(letters) + "-".join(word.upper() for word in words), len(letters)
        i = 7
        yield "scope", sum([i for i in range(3)]) + i

    def reducer(self, key, values):
        found = sorted(values)
        middle = found[len(found) // 2]
        yield key, (middle, sum(found), len([v for v in found if v > middle]))


def range_of(numbers):
    return [i for i in range(len(numbers))]
