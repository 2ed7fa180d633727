import itertools
from itertools import chain  # refused: import@23

from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        items = [row.n, 2]
        for pair in itertools.combinations(items, row.n):  # refused: loop-form@21
            yield row.name, pair
        for pair in itertools.permutations(items):  # refused: loop-form@21
            yield row.name, pair
        for pair in itertools.product(items, repeat=9):  # refused: loop-form@21
            yield row.name, pair
        for item in chain(items, items):
            yield row.name, item
