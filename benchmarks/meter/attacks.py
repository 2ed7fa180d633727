"""Where the search for the dearest program begins: one job for each class of attack on the meter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.meter.micro import micros
from totem_sdk.schema import Schema

__all__ = ["Candidate", "attacks"]


@dataclass(frozen=True)
class Candidate:
    """A job of the search: its class of attack, and what it runs on (rows are repeated)."""

    kind: str
    source: str
    schema: Schema
    rows: list[tuple[Any, ...]]
    params: dict[str, Any] = field(default_factory=dict)


COLUMNS = {"n": "int", "m": "int", "x": "float", "y": "float", "t": "str", "u": "str"}
HEAD = """import math
import re
from totem_sdk import TotemJob
WORD = re.compile(r"(a|ab)*c")
WIDE = re.compile(r"(\\w+\\s?)*!")
class Job(TotemJob):
    def mapper(self, _, row):
        k, f, s = 0, 0.0, ""
"""
FAR = [(7, 3, 1e308, 3e-308, "a" * 50, "b")]
PLAIN = [(7, 3, 1.5, 0.3, "abcdefg " * 8, "abcdefg x")]
LONG = [(7, 3, 1.5, 0.3, "ab" * 4000, "a" * 60 + "b")]
NEARLY_ZERO = [(7, 3, 1.5, 3e-310, "a", "b")]

NESTED = (
    "\n".join(f"{'    ' * depth}for i{depth} in range(2):" for depth in range(9))
    + f"\n{'    ' * 9}k = (k + i0 ^ i8 | 1) & 1023"
)

MAPPERS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "string doubling": ("s = row.t\nfor i in range(12):\n    s = s + s\nk += len(s)", PLAIN),
    "quadratic concatenation": ("for i in range(400):\n    s = s + row.u\nk += len(s)", PLAIN),
    "deep nesting": (NESTED, PLAIN),
    "huge range": ("for i in range(10 ** 15):\n    k ^= i", PLAIN),
    "giant ints": ("for i in range(500):\n    k += len(format(-9223372036854775807 + i, ',d'))", PLAIN),
    "cache-hostile access": (
        "items = [j for j in range(200000)]\nfor i in range(200000):\n    k = items[(k * 1103515245 + i) % 200000]",
        PLAIN,
    ),
    "far remainders": ("for i in range(500):\n    f += (row.x / (i + 1)) % row.y", FAR),
    "denormals": ("f = 5e-324\nfor i in range(500):\n    f = f * 1.0000001 + row.y * 1e-308", PLAIN),
    "products of denormals": (
        "for i in range(500):\n    f = row.y * 0.9 * 1.1 * 0.9 * 1.1 * 0.9 * 1.1",
        NEARLY_ZERO,
    ),
    "quotients of denormals": (
        "for i in range(500):\n    f = row.y / 0.9 / 1.1 / 0.9 / 1.1 / 0.9 / 1.1",
        NEARLY_ZERO,
    ),
    "sums of denormals": (
        "for i in range(500):\n    f = row.y + row.y + row.y + row.y - row.y - row.y",
        NEARLY_ZERO,
    ),
    "roots of denormals": (
        "for i in range(500):\n    f = math.sqrt(row.y) + math.sqrt(row.y)",
        NEARLY_ZERO,
    ),
    "texts that fill the memory": ("for i in range(4000):\n    s = row.t.replace('a', 'b')\nk += len(s)", LONG),
    "lists that fill the memory": ("w = []\nfor i in range(5000):\n    w.append(row.t)\nk += len(w)", LONG),
    "copies that fill the memory": (
        "items = [row.n] * 50000\nfor i in range(80):\n    w = items[:]\nk += len(w)",
        PLAIN,
    ),
    "long numbers": (
        f"for i in range(200):\n    f += float('{'1234567890' * 8}e-300') + float('4.9406564584124654417656879e-324')",
        PLAIN,
    ),
    "formats of far floats": ("for i in range(200):\n    k += len(format(row.x * (1 - i / 300), '.100f'))", FAR),
    "reducing far angles": ("for i in range(500):\n    f += math.sin(row.x / (i + 1))", FAR),
    "binomials": ("for i in range(500):\n    k ^= math.comb(66, 33 - (i & 1))", PLAIN),
    "regex blow-up": ("for i in range(20):\n    k += 1 if WORD.search(row.t) else 2", LONG),
    "regex blow-up by words": ("for i in range(20):\n    k += 1 if WIDE.search(row.t) else 2", PLAIN),
    "search that nearly finds": ("for i in range(50):\n    k += row.t.find(row.u)", LONG),
    "sort of equal keys": ("items = [row.n] * 4000\nitems.sort()\nk += items[0]", PLAIN),
    "sort of equal texts": ("items = [row.t + 'x'] * 500\nitems.sort()\nk += len(items[0])", LONG),
    "large lists": ("items = [row.n] * 500000\nk += len(items[1:]) + sum(items)", PLAIN),
    "large slices": ("items = [row.n] * 500000\nk += len(items[1:]) + len(items[::-1])", PLAIN),
    "sums of single floats": ("items = [row.x]\nfor i in range(500):\n    f = sum(items)", PLAIN),
    "sums of far floats": ("items = [row.x, row.y, -row.x]\nfor i in range(500):\n    f = sum(items)", FAR),
    "sums of many far floats": (
        "items = [row.x / (j + 1) for j in range(100)]\nfor i in range(100):\n    f = sum(items)",
        FAR,
    ),
    "sums of floats far apart": ("items = [row.x, row.y, -row.x] * 40\nfor i in range(100):\n    f = sum(items)", FAR),
    "many lists": ("w = [[j] for j in range(5000)]\nk += len(w[7])", PLAIN),
    "large dicts": (
        "table = {(j * 40503) & 0xFFFFF: j for j in range(100000)}\nfor key in table:\n    k += table[key]",
        PLAIN,
    ),
    "many dicts": ("w = [{j: j} for j in range(5000)]\nk += len(w[7])", PLAIN),
    "dicts of long texts": (
        "table = {row.t + str(i): i for i in range(200)}\nfor i in range(200):\n    k += table[row.t + str(i)]",
        LONG,
    ),
    "case of long texts": ("k += len((row.t * 50).upper().title())", LONG),
    "emits of nothing": ("for i in range(500):\n    yield None, None", PLAIN),
    "keys that hash alike": ("for i in range(500):\n    yield (row.n * 65536 + i * 16777216), 1", PLAIN),
}
FOLDS = {"keys that hash alike"}
SORTED = {
    "sorted floats": ("for i in range(200):\n    yield row.n, row.x * (1 + i / 3)", PLAIN),
    "sorted floats that begin alike": ("for i in range(200):\n    yield row.n, 2.0 + (i & 1) / 10 ** 15", PLAIN),
    "few sorted floats": ("for i in range(200):\n    yield i >> 1, row.x + (i & 1)", PLAIN),
    "sorted ints": ("for i in range(200):\n    yield row.n, i * 7919 - 500000", PLAIN),
    "sorted pairs": ("for i in range(200):\n    yield row.n, (row.x, i / 7)", PLAIN),
    "sorted texts": ("for i in range(50):\n    yield row.n, row.t[:500] + str(i)", LONG),
}
"""Jobs whose reducer gets its values sorted as mrjob sorts them."""


def attacks() -> Iterator[Candidate]:
    """Yield every class of attack, then the microbenchmarks."""
    schema = Schema.of(COLUMNS)
    for kind, (body, rows) in {**MAPPERS, **SORTED}.items():
        source = HEAD + "".join(f"        {line}\n" for line in body.splitlines())
        if "yield" not in body:
            source += "        yield k, f\n"
        if kind in FOLDS:
            source += "    def reducer(self, key, ones):\n        yield key, sum(ones)\n"
        if kind in SORTED:
            source += "    SORT_VALUES = True\n    def reducer(self, key, values):\n"
            source += (
                "        number = 0\n        for value in values:\n            number += 1\n        yield key, number\n"
            )
        yield Candidate(kind, source, schema, rows)
    for micro in micros():
        yield Candidate(f"micro: {micro.name}", micro.source, micro.schema, micro.rows[:64])
