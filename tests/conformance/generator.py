"""Random jobs of the whole language, with rows and parameters: what the executors are compared on.

``jobs()`` is a hypothesis strategy of ``GeneratedJob``; ``generate(seed, size, rows)`` makes one, the same every time.
Programs are typed while they are written, so every one is accepted by the checker; most complete, some end in an error
of the program. They use every construct of docs/language.md: combiners, ``_init`` and ``_final``, fields, several
steps, helpers (with rows as arguments), parameters, constants, None, tuples before and after the shuffle, numbers that
are int or float as the data decide, texts, dates, loops over ranges, lists and values.
"""

from __future__ import annotations

import datetime
import math
import random
from dataclasses import dataclass

from generated_expressions import COLUMNS, CONSTANTS, PARAMS, Callable, Scope, parts
from generated_held import EMITTED, HELD
from generated_statements import Statements
from generated_unions import UNITED, is_union, uses
from hypothesis import strategies as st

from totem_sdk.schema import LINES, Schema

TEXTS = (
    "",
    "a",
    "abc",
    "b c",
    "Grüße ΑΣ",
    " x\ty ",
    "z,z",
    "naïve 😀 day",
    "A;B,c",
    "ﬁn ǅ",
    "7",
    " 1_0 ",
    "2.5e1",
    "éa,é",
)
KEYS = ("int", "str", "bool", "float", "(int,str)", "(str,(int,bool))", "str?", "num", "none")
VALUES = (
    "int",
    "float",
    "num",
    "str",
    "bool",
    "(int,float)",
    "(str,int)",
    "float?",
    "(num,str?)",
    "(int,(str,bool))",
    *EMITTED,
)

CONSTANT_DEFAULTS = {"int": "3", "float": "0.5", "str": '"d"', "num": "2.5", "bool": "True", "(int,str)": '(1, "t")'}
"""Defaults of helpers' parameters, by type."""


@dataclass(frozen=True)
class GeneratedJob:
    """A job's source, and what it runs on: bound parameters and the rows of each fragment.

    ``catches_overflow``: it catches errors that CPython does not have.
    """

    seed: int
    source: str
    schema: Schema
    params: dict[str, object]
    fragments: list[list[tuple[object, ...]]]
    catches_overflow: bool = False

    def __repr__(self) -> str:
        return f"<job of seed {self.seed}>\n{self.source}\nparams: {self.params}\nfragments: {self.fragments}"


def jobs(most: int = 10) -> st.SearchStrategy[GeneratedJob]:
    """Return the strategy of jobs of up to about ``most`` statements a function; failures shrink to short programs."""
    return st.builds(generate, st.integers(0, 2**32 - 1), st.integers(1, most), st.integers(0, 12))


def generate(seed: int, size: int = 6, rows: int = 10) -> GeneratedJob:
    """Make a job of about ``size`` statements a function and a dataset of so many rows."""
    # A seed gives the same job every time, which is what a test needs; nothing here is secret.
    return _Writer(random.Random(f"{seed} {size}"), size).job(seed, rows)  # noqa: S311  no secret


class _Writer(Statements):
    """Writes the functions of a job, and makes its rows; ``sortable``: its values may come sorted."""

    sortable = True
    unites = False

    def value_type(self, *, last: bool) -> str:
        """Choose what a role emits as values: where the job has such steps, several types, but not in the result."""
        found = self.chance.choice(VALUES)
        return UNITED.get(found, found) if self.unites and not last else found

    def helper(self) -> None:
        """Write a helper method and remember it."""
        name = self.name("helper")
        types = [
            self.chance.choice(("int", "float", "str", "num", "bool", "(int,str)"))
            for _ in range(self.chance.randrange(3))
        ]
        returns = self.chance.choice(("int", "float", "str", "bool", "num"))
        row = not self.raw and self.one_in(2)
        kind = self.chance.choice(("method", "method", "static", "module"))
        arguments = [self.name("in_") for _ in types]
        scope = Scope(dict(zip(arguments, types, strict=True)), row="line_of_data" if row else "", helper=True)
        scope.bare = kind != "method"
        start = len(self.lines)
        depth = 0 if kind == "module" else 1
        if kind == "static":
            self.write(1, "@staticmethod")
        last = f"={CONSTANT_DEFAULTS[types[-1]]}" if types and self.one_in(2) else ""
        takes = ["self"] * (kind == "method") + ["line_of_data"] * row + arguments
        self.write(depth, f"def {name}({', '.join(takes)}{last}):")
        self.block(depth + 1, scope, self.size // 2)
        if self.one_in(2):
            self.write(depth + 1, f"if {self.expr('bool', scope, 1)}:")
            self.write(depth + 2, f"return {self.expr(returns, scope, 1)}")
        self.write(depth + 1, f"return {self.expr(returns, scope, 2)}")
        if kind == "module":
            self.functions += self.lines[start:]
            del self.lines[start:]
        self.callables[name] = Callable(kind, arguments, bool(last))
        self.helpers.append((name, types, returns, row))

    def fields(self) -> dict[str, str]:
        """Return the fields that a role keeps on self: none half of the time."""
        if self.one_in(2):
            return {}
        types = ("int", "float", "str", "bool", "(int,str)", *HELD)
        return {self.name("kept"): self.chance.choice(types) for _ in range(2)}

    def around(self, role: str, number: int, fields: dict[str, str], emits: tuple[str, str]) -> list[str]:
        """Write the _init and _final of a role; return those that were written."""
        written: list[str] = []
        if fields or self.one_in(6):
            self.write(1, f"def {role}{number}_init(self):")
            scope = Scope(emits=emits)
            for name, type_ in fields.items():
                made = self.fresh_list(type_, Scope()) if type_ in HELD else self.expr(type_, scope, 1)
                self.write(2, f"self.{name} = {made}")
            self.block(2, Scope(fields=fields, emits=emits), 1)
            written.append(f"{role}_init=self.{role}{number}_init")
        if fields or self.one_in(6):
            self.write(1, f"def {role}{number}_final(self):")
            self.block(2, scope := Scope(fields=fields, emits=emits), 1)
            self.write_emit(2, scope, 0)
            written.append(f"{role}_final=self.{role}{number}_final")
        return written

    def mapper(self, number: int, reads: tuple[str, str] | None, emits: tuple[str, str]) -> list[str]:
        """Write a mapper with its _init and _final."""
        fields = self.fields()
        written = self.around("mapper", number, fields, emits)
        scope = Scope(fields=fields, emits=emits)
        if reads is not None:
            scope.names["in_key"] = reads[0]
            self.write(1, f"def mapper{number}(self, in_key, in_value):")
            if is_union(reads[1]):
                total = self.name()
                self.write(2, f"{total} = 0.0")
                self.use_union(2, reads[1], "in_value", total)
                scope.names[total] = "float"
            else:
                scope.names["in_value"] = reads[1]
        elif self.raw:
            scope.names["line"] = "str"
            self.write(1, f"def mapper{number}(self, _, line):")
        else:
            scope.row = "row"
            self.write(1, f"def mapper{number}(self, _, row):")
        self.block(2, scope, self.size)
        self.write_emit(2, scope, 0)
        return [f"mapper=self.mapper{number}", *written]

    def use_union(self, depth: int, type_: str, value: str, total: str) -> None:
        """Write what uses a value of several types."""
        for line in uses(self.chance, type_, value, total, self.name):
            self.write(depth, line)

    def combiner(self, number: int, emits: tuple[str, str]) -> list[str]:
        """Write a combiner, which emits what its mapper emits."""
        fields = self.fields()
        written = self.around("combiner", number, fields, emits)
        self.write(1, f"def combiner{number}(self, in_key, values):")
        self.drawn(2, Scope({"in_key": emits[0]}, fields, emits=emits), emits)
        return [f"combiner=self.combiner{number}", *written]

    def reducer(self, number: int, reads: tuple[str, str], emits: tuple[str, str]) -> list[str]:
        """Write a reducer with its _init and _final."""
        fields = self.fields() if self.one_in(2) else {}
        written = self.around("reducer", number, fields, emits) if fields or self.one_in(4) else []
        self.write(1, f"def reducer{number}(self, in_key, values):")
        self.drawn(2, Scope({"in_key": reads[0]}, fields, emits=emits), reads)
        return [f"reducer=self.reducer{number}", *written]

    def drawn(self, depth: int, scope: Scope, reads: tuple[str, str]) -> None:
        """Write the body of a function that draws a group's values."""
        value = reads[1]
        self.block(depth, scope, self.chance.randrange(2))
        numbers = dict.fromkeys(("int", "float", "num"), ("sum", "min", "max"))
        self.sortable = self.sortable and value not in EMITTED
        folds = {
            **numbers,
            "str": ("min", "max"),
            "bool": ("min", "max"),
            "(int,float)": ("max",),
            "(str,int)": ("min",),
        }
        if value in folds and self.one_in(2):
            # Names that begin with in_ hold what came through a shuffle: lists in Python where they are tuples.
            name = self.name("in_" if value.startswith("(") else "v")
            fold = self.chance.choice(folds[value])
            self.sortable = self.sortable and (fold == "sum" or value in ("int", "str", "bool", "(str,int)"))
            self.write(depth, f"{name} = {fold}(values)")
            scope.names[name] = value
        elif not self.one_in(8):
            number, total = self.name("n"), self.name()
            self.write(depth, f"{number} = 0")
            self.write(depth, f"{total} = 0.0")
            inner = scope.inside(loop=True)
            drawn = self.name("in_")
            if is_union(value):
                pass
            elif value.startswith("(") and self.one_in(2):
                names = [self.name("in_") for _ in parts(value)]
                drawn = ", ".join(names)
                inner.names.update(zip(names, parts(value), strict=True))
            else:
                inner.names[drawn] = value
            inner.names[number] = "int"
            inner.names[total] = "float"
            self.write(depth, f"for {drawn} in values:")
            self.write(depth + 1, f"{number} += 1")
            self.write(depth + 1, f"{total} += {self.expr('float', inner, 1)}")
            if is_union(value):
                self.use_union(depth + 1, value, drawn, total)
            self.block(depth + 1, inner, self.size // 2)
            scope.names.update({number: "int", total: "float"})
        self.block(depth, scope, self.chance.randrange(3))
        self.write_emit(depth, scope, 0)

    def job(self, seed: int, rows: int) -> GeneratedJob:
        """Write a whole job and make its rows."""
        self.raw = self.one_in(8)
        self.unites = seed % 4 == 3
        steps: list[list[str]] = []
        for name, (_, text) in CONSTANTS.items():
            self.write(1, f"{name} = {text}")
        params: dict[str, object] = {}
        if not self.raw:
            params = {name: self.chance.choice(values) for name, (_, values) in PARAMS.items()}
        for name in params:
            self.write(1, f"{name}: {PARAMS[name][0]} = Param()")
        for _ in range(self.chance.randrange(3)):
            self.helper()
        reads: tuple[str, str] | None = None
        count = self.chance.choice((1, 1, 1, 2, 2, 3))
        for number in range(count):
            emits = (self.chance.choice(KEYS), self.value_type(last=False))
            parts_ = self.mapper(number, reads, emits) if reads is None or not self.one_in(6) else []
            if not parts_ and reads is not None:
                emits = reads
            reads = emits
            if is_union(emits[1]) or not self.one_in(8) or not parts_:
                if self.one_in(3):
                    parts_ += self.combiner(number, reads)
                result = (self.chance.choice(KEYS), self.value_type(last=number == count - 1))
                parts_ += self.reducer(number, reads, result)
                reads = result
            steps.append(parts_)
        if self.sortable and seed % 3 == 0:
            self.write(1, "SORT_VALUES = True")
        self.write(1, "def steps(self):")
        made = ", ".join(f"MRStep({', '.join(one)})" for one in steps)
        self.write(2, f"return [{made}]")
        base = "MRJob" if self.raw else "TotemJob"
        imports = ["from mrjob.job import MRJob"] if self.raw else ["from totem_sdk import Param, TotemJob"]
        head = [
            "import heapq",
            "import itertools",
            "import json",
            "import math",
            "import operator",
            "import re",
            "import string",
            "from collections import Counter, defaultdict, deque, namedtuple",
            "from datetime import date, datetime, timedelta",
            *imports,
            "from mrjob.step import MRStep",
            "",
            'Named = namedtuple("Named", "first second", defaults=[2])',
            "",
            *self.functions,
            "",
            f"class Job({base}):",
        ]
        source = "\n".join([*head, *self.lines, ""])
        schema = LINES if self.raw else Schema.of(COLUMNS)
        return GeneratedJob(seed, source, schema, params, self.fragments(schema, rows), self.catches_overflow)

    # Rows.

    def fragments(self, schema: Schema, rows: int) -> list[list[tuple[object, ...]]]:
        chance = self.chance
        made = [tuple(self.cell(str(column.type), column.name) for column in schema.columns) for _ in range(rows)]
        cuts = sorted(chance.randrange(rows + 1) for _ in range(chance.randrange(3)))
        return [made[a:b] for a, b in zip([0, *cuts], [*cuts, rows], strict=True)]

    def cell(self, type_: str, name: str) -> object:
        chance = self.chance
        if type_.endswith("?"):
            return None if self.one_in(3) else self.cell(type_[:-1], name)
        match type_:
            case "int":
                return (
                    chance.choice((0, 1, 2, 3, 5, -1, -7, 60))
                    if name != "big"
                    else chance.choice((0, 10**6, -(2**31), 2**53 + 1))
                )
            case "float":
                usual = (0.0, -0.0, 0.5, 1.5, 2.675, -3.25, 0.1, 7.0, 1234.5678)
                return chance.choice(
                    usual if name != "price" or not self.one_in(40) else (1e300, -1e-300, math.inf, math.nan, 2.0**63)
                )
            case "bool":
                return self.one_in(2)
            case "str":
                return chance.choice(TEXTS)
            case "date":
                return datetime.date(2000, 1, 1) + datetime.timedelta(days=chance.randrange(12_000))
            case _:
                return datetime.datetime(1999, 12, 31, 23) + datetime.timedelta(
                    minutes=chance.randrange(10**6), microseconds=chance.choice((0, 0, 120_000))
                )
