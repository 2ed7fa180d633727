"""The corpus of accepted jobs under ``programs/``: ``load_all`` reads all of them, ``load`` one.

A file's header comments say what it runs on: ``# schema: {column: type}`` (none: raw lines), ``# rows: N`` (made from
the schema, the same every time) or ``# data: [[…], …]``, ``# params: {…}``, and ``# fails: kind@line`` for jobs that
end in an error of the program.
"""

import functools
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_rows import make_rows

from totem_sdk.cost import PricedProgram, price
from totem_sdk.interpreter import JobRun, Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.program import Program
from totem_sdk.schema import LINES, Schema
from totem_sdk.table import load as load_table

PROGRAMS = Path(__file__).parent / "programs"
ROWS = 48
ENOUGH = 1 << 50


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
