# schema: {"name": "str", "n": "int", "kwh": "float?"}
# rows: 40
from totem_sdk import TotemJob

GREETING = "good " + "day"


class ListsOfSeveralTypes(TotemJob):
    """Lists that are emitted as they are written: of several types, and with lists in them."""

    def mapper(self, _, row):
        yield row.name, [[row.n % 7, 2], GREETING, [row.kwh, row.name], None]

    def reducer(self, name, values):
        words, total = [], 0
        for numbers, word, (kwh, _), _ in values:
            words.append(word)
            total += sum(numbers) + (1 if kwh is None else 0)
        yield name, [words, total, [name, [words[:1]]]]
