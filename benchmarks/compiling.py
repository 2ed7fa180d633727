"""Compiling sources that are nearly as large as the language allows, against CPython's own work on them."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable

from benchmarks.measure import Answer, Contender
from totem_sdk.errors import Refused
from totem_sdk.lang import compile_job
from totem_sdk.lang.source import MAX_NODES
from totem_sdk.schema import Schema

__all__ = ["SCHEMA", "STATEMENTS", "large_sources", "python_reads", "totem_compiles"]

SCHEMA = Schema.of({"name": "str", "n": "int", "on": "bool", "kwh": "float?"})
"""The columns that the sources use."""
HEAD = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n        v = row.n\n"
TAIL = "        yield row.name, v\n"
INDENT = " " * 8
STATEMENTS = {
    "sums": "v = v + {i} - row.n\n",
    "branches": "if v > {i}:\n            v = v * 2\n",
    "loops": "for i in range({i}):\n            v = v + i\n",
    "logic": "v = v if row.on and v > {i} or not row.on else row.n\n",
    "options": "if row.kwh is not None and row.kwh > {i}.0:\n            v = v + 1\n",
}
"""What the worst sources repeat."""


def large_sources(kinds: Iterable[str] = STATEMENTS) -> dict[str, tuple[str, int]]:
    """Return sources by name, each with its number of statements and expressions.

    Of each kind there is the largest that is accepted, and one just under ``MAX_NODES``, whatever becomes of it.
    """
    sources = {}
    for name in kinds:
        statement = STATEMENTS[name]
        each = _nodes(_source(statement, 2)) - _nodes(_source(statement, 1))
        most = (MAX_NODES - _nodes(_source(statement, 0))) // each
        accepted = _largest(statement, most)
        for kind, count in (("accepted", accepted), ("under the limit", most)):
            source = _source(statement, count)
            sources[f"{name}, {kind}"] = source, _nodes(source)
    return sources


def totem_compiles(source: str) -> Contender:
    """The whole of ``compile_job``, also where it refuses the source."""

    def run() -> Answer:
        with contextlib.suppress(Refused):
            compile_job(source, SCHEMA)
        return {}

    return Contender("totem", run)


def python_reads(source: str) -> Contender:
    """CPython compiles the source, and walks once over its tree."""

    def run() -> Answer:
        compile(source, "<source>", "exec")
        for _ in ast.walk(ast.parse(source)):
            pass
        return {}

    return Contender("CPython: compile, ast.walk", run)


def _source(statement: str, count: int) -> str:
    return HEAD + "".join(INDENT + statement.format(i=i) for i in range(count)) + TAIL


def _nodes(source: str) -> int:
    return sum(isinstance(node, ast.expr | ast.stmt) for node in ast.walk(ast.parse(source)))


def _accepted(source: str) -> bool:
    try:
        compile_job(source, SCHEMA)
    except Refused:
        return False
    return True


def _largest(statement: str, most: int) -> int:
    """Return how often a statement may be repeated at most."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _accepted(_source(statement, middle)) else (low, middle - 1)
    return low
