"""The corpus of accepted jobs under ``programs/``: any test that takes ``corpus_job`` runs once for each;
``corpus`` is the list of all.

A file's header comments say what it runs on: ``# schema: {column: type}`` (none: raw lines), ``# rows: N`` (made from
the schema, the same every time) or ``# data: [[…], …]``, ``# params: {…}``, and ``# fails: kind@line`` for jobs that
end in an error of the program.
"""

import datetime
import functools
import itertools
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from totem_sdk.cost import PricedProgram, price
from totem_sdk.interpreter import JobRun, Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.program import Program
from totem_sdk.schema import LINES, Schema
from totem_sdk.table import load as load_table
from totem_sdk.types import Option

PROGRAMS = Path(__file__).parent / "programs"
ROWS = 48
ENOUGH = 1 << 50
TEXTS = ("", "a", "abc", "b c", "Grüße", "ΑΣ ", " x\ty ", "abc abc", "ﬁn", "z,z", "naïve 😀 day", "A;B", "ǅ")


@dataclass(frozen=True)
class CorpusJob:
    """One job: its source, its schema (LINES for raw lines), its parameters and its rows, cut into fragments.

    What is made from them (``program``, ``priced``, ``machine``, the ``whole`` run) is made once for all tests.
    """

    name: str
    source: str
    schema: Schema
    params: dict[str, Any]
    fragments: list[list[tuple[Any, ...]]]
    fails: tuple[str, int] | None = None

    @property
    def path(self) -> Path:
        return PROGRAMS / f"{self.name}.py"

    @functools.cached_property
    def program(self) -> Program:
        return compile_job(self.source, self.schema)

    @functools.cached_property
    def priced(self) -> PricedProgram:
        return price(self.program, load_table("standard-1"))

    @functools.cached_property
    def machine(self) -> Machine:
        return Machine(self.priced, bind(self.program, self.params))

    @functools.cached_property
    def whole(self) -> JobRun:
        return self.machine.run_job(self.fragments, ENOUGH)


def _cell(chance: random.Random, type_: str) -> Any:
    match type_:
        case "int":
            return chance.choice((0, 1, 2, 3, 4, 5, 7, -1, -6, 11, 60, 100, 2**31, -(2**40)))
        case "float":
            return chance.choice(
                (0.0, -0.0, 0.5, 1.5, 2.5, -3.25, 0.1, 2.675, 3.0, 1e-9, 1234.5678, chance.random() * 10)
            )
        case "bool":
            return chance.random() < 0.5
        case "str":
            return chance.choice(TEXTS)
        case "date":
            return datetime.date(1960, 1, 1) + datetime.timedelta(days=chance.randrange(40_000))
        case "datetime":
            micros = chance.choice((0, 0, 123_456, 999_999))
            return datetime.datetime(1965, 1, 1) + datetime.timedelta(
                minutes=chance.randrange(50_000_000), seconds=chance.randrange(60), microseconds=micros
            )
    raise AssertionError(type_)


def make_rows(schema: Schema, number: int, seed: str) -> list[tuple[Any, ...]]:
    """Return rows that are the same for the same arguments."""
    chance = random.Random(seed)  # noqa: S311 - test data, no secret
    rows: list[tuple[Any, ...]] = []
    for _ in range(number):
        row: list[Any] = []
        for column in schema.columns:
            optional = isinstance(column.type, Option)
            name = str(column.type.item) if isinstance(column.type, Option) else str(column.type)
            row.append(None if optional and chance.random() < 0.25 else _cell(chance, name))
        if schema == LINES:
            row = [" ".join(chance.choice(TEXTS) for _ in range(chance.randrange(6)))]
        rows.append(tuple(row))
    return rows


def load(path: Path) -> CorpusJob:
    """Read a job of the corpus."""
    source = path.read_text()
    header = dict(re.findall(r"^# (schema|rows|data|params|fails): (.*)$", source, flags=re.MULTILINE))
    schema = Schema.of(json.loads(header["schema"])) if "schema" in header else LINES
    if "data" in header:
        rows = [tuple(row) for row in json.loads(header["data"])]
    else:
        rows = make_rows(schema, int(header.get("rows", ROWS)), path.stem)
    # Fragments of different sizes, one of them empty.
    cuts = [0, len(rows) // 3, len(rows) // 3, len(rows) - 1, len(rows)]
    fragments = [rows[start:end] for start, end in itertools.pairwise(cuts)]
    fails = header.get("fails", "").partition("@")
    return CorpusJob(
        path.stem,
        source,
        schema,
        json.loads(header.get("params", "{}")),
        fragments,
        (fails[0], int(fails[2])) if fails[0] else None,
    )


@functools.cache
def load_all() -> list[CorpusJob]:
    return [load(path) for path in sorted(PROGRAMS.glob("*.py"))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "corpus_job" in metafunc.fixturenames:
        jobs = load_all()
        metafunc.parametrize("corpus_job", jobs, ids=[job.name for job in jobs])


@pytest.fixture
def corpus() -> list[CorpusJob]:
    """Return every job of the corpus."""
    return load_all()
