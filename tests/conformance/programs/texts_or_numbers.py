# schema: {"name": "str", "n": "int", "x": "float", "flag": "bool", "maybe": "int?"}
# rows: 60
"""Values that are texts or numbers, and some None, told apart by a number; errors of the others are caught."""

import json

from mrjob.step import MRStep
from totem_sdk import TotemJob


class TextsOrNumbers(TotemJob):
    def read(self, _, row):
        yield row.n, (0, row.name)
        yield row.n, (1, row.x)
        if row.flag:
            yield row.n, (2, row.n)
        yield row.n, (3, row.maybe)

    def doubled(self, value):
        return value + 1 if value is not None else None

    def pass_on(self, key, values):
        first = None
        for kind, value in values:
            if first is None:
                first = value
            if kind == 0:
                yield key, value + "!"
            elif kind == 3:
                yield key, value
                yield key, self.doubled(value)
            else:
                number = value
                if number > 2:
                    yield key, (number * 2.0, number)
                yield key, -1.5 if value == 0 else value / 2
        yield key, first

    def read_again(self, key, value):
        yield "json", (len(json.dumps([value, key])) * 1.0, 1)
        try:
            yield str(key), (value - 0.25, 0)
        except TypeError:
            try:
                yield "n", (len(value + "?") * 1.0, 1)
            except TypeError:
                if value is None:
                    yield "n", (0.0, 2)
                else:
                    yield "n", (0.5, 3)

    def count(self, key, values):
        total = 0
        for value, kind in values:
            total += kind
        yield key, total

    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.pass_on), MRStep(mapper=self.read_again, reducer=self.count)]
