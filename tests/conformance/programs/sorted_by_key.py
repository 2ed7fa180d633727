# schema: {"name": "str", "n": "int", "x": "float", "words": "str"}
from totem_sdk import TotemJob


def last(text):
    return text[-1] if text else ""


class SortedByKey(TotemJob):
    """The best of a group, by keys of every form; equal keys stay in their order."""

    def size(self, word):
        return len(word) % 2

    def mapper(self, _, row):
        words = row.words.split()
        for i, word in enumerate(sorted(words, key=lambda w: (-len(w), w.lower()))):
            yield str(i) + word, 1
        for word in sorted(words, key=self.size, reverse=True):
            yield "size", len(word)
        for word in sorted((w + "s" for w in words), key=len):
            yield word, 2
        for word in sorted(words, key=last) + sorted(words, key=str.upper):
            yield word, 3
        if words:
            yield "max " + max(words, key=len) + min(words, key=lambda w: w[-1]), len(words)
        factor = row.n % 3
        yield "closure", sorted(range(5), key=lambda i: (i * factor) % 4, reverse=True)[0]

    def reducer(self, key, values):
        top = sorted(values, key=lambda v: -v)[:3]
        pairs = [(v, v % 7) for v in top]
        yield key, (max(pairs, key=lambda p: p[1])[0], len(top))
