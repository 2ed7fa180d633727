"""Writes jobs about nothing but None: variables, fields and items that may hold it, tests, loops that lose it again.

Most uses are wrong at first. ``mutants.repaired`` takes out what the checker refuses, so what is left is all that it
lets through; a use that it should not have let through ends in an error of the interpreter.
"""

from __future__ import annotations

import random

PLACES = ("a", "b", "c", "self.f", "self.g", "p[0]", "p[1]", "row.maybe", "row.other")
TARGETS = ("a", "b", "c", "self.f", "self.g")
CALLS = ("self.set_f(None)", "self.set_f({0})", "self.set_g({0})", "self.give()")
TESTS = (
    "{0} is None", "{0} is not None", "{0}", "not {0}", "{0} == {1}", "{0} != 1", "not ({0} is None or {1} is None)",
    "{0} is not None and {1} is not None", "{0} is None or {1} is None", "{0} is not None and {0} + n < 3",
    "{0} is None or {0} > n", "{0} == {2}", "{2} == {0}", "{0} is not None and {2} == 1", "row.n > n", "n < 2",
)  # fmt: skip
VALUES = (
    "None", "1", "n", "row.n", "{0}", "{0} + 1", "({0} if {0} is not None else n)", "(None if {0} is None else n)",
    "({0} if n > 1 else {1})", "(1 if {0} else 2)", "{0} + {2}", "{2} + {0}", "{2}",
)  # fmt: skip
TYPES = {"n": "int", "maybe": "int?", "other": "int?"}


class Narrowing:
    """Writes one job."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lines: list[str] = []

    def write(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def filled(self, form: str) -> str:
        places = self.chance.choice(PLACES), self.chance.choice(PLACES)
        return form.format(*places, self.chance.choice(CALLS).format(self.chance.choice(PLACES)))

    def block(self, depth: int, number: int, *, looped: bool = False) -> None:
        for _ in range(number):
            self.statement(depth, looped=looped)

    def statement(self, depth: int, *, looped: bool) -> None:
        kind = self.chance.randrange(14 if depth < 6 else 8)
        size = self.chance.choice((1, 2, 2, 3))
        if kind <= 2:
            self.write(depth, f"{self.chance.choice(TARGETS)} = {self.filled(self.chance.choice(VALUES))}")
        elif kind == 3:
            self.write(depth, self.filled(self.chance.choice(("p = ({0}, {1})", "p = (n, {0})", "p = (p[1], p[0])"))))
        elif kind <= 5:
            self.write(depth, self.filled("yield 'use', {0} + 1"))
        elif kind == 6:
            self.write(depth, self.filled("{2}"))
        elif kind == 7:
            self.write(depth, self.chance.choice(("break", "continue", "return", "continue")) if looped else "n += 1")
        elif kind <= 10:
            self.write(depth, f"if {self.filled(self.chance.choice(TESTS))}:")
            self.block(depth + 1, size, looped=looped)
            if self.chance.random() < 0.4:
                self.write(depth, "else:")
                self.block(depth + 1, size, looped=looped)
        elif kind == 11:
            self.write(depth, f"for i{depth} in range({self.chance.choice(('2', '3', 'row.n', '0'))}):")
            self.block(depth + 1, size + 1, looped=True)
        else:
            self.write(depth, f"while {self.filled(self.chance.choice((*TESTS, 'True')))}:")
            self.write(depth + 1, "n += 1")
            self.write(depth + 1, "if n > 6:")
            self.write(depth + 2, "break")
            self.block(depth + 1, size, looped=True)

    def helper(self, name: str, body: str) -> None:
        self.write(1, f"def {name}:")
        self.write(2, body)
        self.write(2, "return 1")

    def job(self) -> str:
        self.lines = ["from totem_sdk import TotemJob", "", "class Job(TotemJob):"]
        self.write(1, "def mapper_init(self):")
        self.write(2, "self.f = self.g = 1")
        self.helper("set_f(self, x)", "self.f = x")
        self.helper("set_g(self, x)", "self.g = x")
        self.helper("give(self)", "self.f, self.g = self.g, self.f")
        self.write(1, "def mapper(self, _, row):")
        self.write(2, "n = 0")
        self.write(2, "a = b = c = 1")
        self.write(2, "p = (row.maybe, 1)")
        self.block(2, self.chance.randint(3, 8))
        for place in PLACES:
            self.write(2, f"yield 'end', {place} + 1")
        if self.chance.random() < 0.5:
            self.write(2, "yield 'a', a")
            self.write(1, "def reducer(self, key, row):")
            self.write(2, "a = b = c = None")
            self.write(2, "n = 0")
            self.write(2, "for value in row:")
            self.write(3, "a = value")
            self.block(3, self.chance.randint(1, 4), looped=True)
            for place in ("a", "b", "c", "value"):
                self.write(2, f"yield key, {place} + 1")
            self.write(2, "yield key, n")
        return "\n".join((*self.lines, ""))
