# schema: {"article": "str", "amount": "int", "price": "float"}
from collections import Counter, defaultdict

from mrjob.step import MRStep

from totem_sdk import TotemJob


class Emitted(TotemJob):
    """Dicts, and lists in tuples, as values: between steps and in the result."""

    def read(self, _, row):
        yield row.article, {"amount": row.amount % 10, "one": 1}
        counts = Counter(row.article)
        yield row.article[:1], counts
        yield "empty", {}

    def add(self, article, values):
        total = Counter()
        for value in values:
            for name, number in value.items():
                total[name] += number
        words = defaultdict(list)
        for name, number in sorted(total.items()):
            words[str(number % 3)].append((name, number / 2))
        yield article[:2], (len(total), [1, total["one"]], words)

    def show(self, start, values):
        for number, pair, words in values:
            yield start, [{"start": start, "words": ",".join(sorted(words))}, {"number": str(number)}]
            first, second = pair
            words["all"] = []
            yield start + "!", [{"number": "a"}] + [{name: str(len(parts)) for name, parts in words.items()}]

    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.add), MRStep(reducer=self.show)]
