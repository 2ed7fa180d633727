"""What is planted in data and results, and the jobs that compute with it."""

from __future__ import annotations

GROUP, CELL, HIDDEN, BAD = "quixotic-group", "planted-cell-value", "hidden-cell-value", "spoilt-cell-value"
NUMBER, HIDDEN_NUMBER = 7_391_826_557_701_931, 6_182_736_455_463_721
PARTIAL = {name: f"partial-group-of-{name}" for name in ("north", "south")}
LARGE = "group-of-a-sealed-result"
SHARE = {
    "counted": 339_182_655_771_233,
    "purged": 338_182_655_771_235,
    "joined": 337_182_655_771_237,
    "endless": 336_182_655_771_239,
}
ROWS = 20
JOINT_WORDS = 18
LARGE_ROWS = 12_000

COUNT = """from totem_sdk import TotemJob


class Count(TotemJob):
    def mapper(self, _, row):
        yield row.word, 1 if row.note == "x" and row.number == 5 else SHARE

    def reducer(self, word, ones):
        yield word, sum(ones)
"""
CONVERT = COUNT.replace('1 if row.note == "x" and row.number == 5 else SHARE', "int(row.note) + row.number")
"""Fails at a cell: CPython's message about it would quote the cell."""

ENDLESS = COUNT.replace(
    "yield word, sum(ones)",
    """rounds = 0
        total = sum(ones)
        while rounds < total:
            rounds += 1
        yield word, rounds""",
)
"""Has shuffled its groups and then counts for days, if nobody ends it."""

WORDS = COUNT.replace('1 if row.note == "x" and row.number == 5 else SHARE', "1")
DISTINCT = """from mrjob.step import MRStep

from totem_sdk import TotemJob


class Distinct(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.count), MRStep(mapper=self.one, reducer=self.add_up)]

    def read(self, _, row):
        yield row.word, 1

    def count(self, word, ones):
        yield word, sum(ones)

    def one(self, word, number):
        yield "words", SHARE

    def add_up(self, _, shares):
        yield "words", sum(shares)
"""
"""Only partial groups, and what is shuffled from them, have the words."""


def source(text: str, share: str) -> str:
    return text.replace("SHARE", str(SHARE[share]))
