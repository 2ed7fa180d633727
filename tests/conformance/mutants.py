"""Compares mutants of the corpus, and jobs about None: what the checker accepts means what it means in Python.

What it refuses of them is taken out until the rest is accepted.
"""

from __future__ import annotations

import ast
import random
import time
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from corpus_rows import make_rows
from generator import generate
from mutator import Mutator, other_schema
from narrowing import TYPES, Narrowing
from published_statistics import published

from totem_sdk.cost import price
from totem_sdk.cpython import CPythonJob
from totem_sdk.errors import InvalidDocument, Refused
from totem_sdk.estimate import estimate
from totem_sdk.flow import check_receipt
from totem_sdk.interpreter import JobRun, Machine
from totem_sdk.interpreter.frame import UNSET, Datum, Frame
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.program import Program
from totem_sdk.schema import LINES, Schema
from totem_sdk.statistics import Statistics
from totem_sdk.table import load
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NONE, NUM, STR, List, Option, Tuple, Type
from totem_sdk.values import result_line

ENOUGH = 1_000_000
"""Totem for a mutant: it may loop for ever."""

ROWS = 8
REPAIRS = 12
"""So often what is refused is taken out of a program."""

EVERYWHERE = ("zero_division", "index", "value")
"""Kinds of errors that CPython has as well."""

_CLASSES = {INT: int, FLOAT: float, BOOL: bool, STR: str, NONE: type(None), DATE: date, DATETIME: datetime}


def holds(type_: Type, value: Any) -> bool:
    """Return whether a value is one of a type, exactly: an int is no float and no bool."""
    match type_:
        case Option(item=item):
            return value is None or holds(item, value)
        case Tuple(items=items):
            return isinstance(value, tuple) and len(value) == len(items) and all(map(holds, items, value))
        case List(item=item):
            return all(holds(item, part) for part in value)
    return type(value) in (int, float) if type_ == NUM else type(value) is _CLASSES[type_]


class _Typed(list[Datum]):
    """Registers that take only values of their types, and give only what was set."""

    types: tuple[Type, ...] = ()

    def __setitem__(self, index: Any, value: Datum) -> None:
        assert holds(self.types[index], value), f"register {index} of type {self.types[index]} gets {value!r}"
        super().__setitem__(index, value)

    def __getitem__(self, index: Any) -> Any:
        value = super().__getitem__(index)
        assert value is not UNSET, f"register {index} is read before it is set"
        return value


class TypedFrame(Frame):
    """A frame whose registers are checked; put it in the place of ``walker.Frame``."""

    def __post_init__(self) -> None:
        registers = _Typed(self.registers)
        registers.types = self.function.registers
        self.registers = registers


def repaired(source: str, refused: Refused) -> str | None:
    """Return a program without the statements that were refused; None where something else was."""
    tree = ast.parse(source)
    lines = {refusal.line for refusal in refused.refusals}
    places = [
        (body, statement)
        for node in ast.walk(tree)
        if not isinstance(node, ast.Module | ast.ClassDef)
        for body in (getattr(node, "body", None), getattr(node, "orelse", None))
        if isinstance(body, list)
        for statement in body
    ]
    wrong = [(body, statement) for body, statement in places if statement.lineno in lines]
    for body, statement in wrong:
        inner = statement.body if isinstance(statement, ast.If | ast.For | ast.While) else []
        position = body.index(statement)
        body[position : position + 1] = inner if inner and len(lines) % 2 else [ast.Pass()]
    return ast.unparse(tree) if wrong else None


def compare(source: str, schema: Schema, params: dict[str, Any], fragments: list[list[tuple[Any, ...]]]) -> str:
    """Compile a program and, if it is accepted, compare its run; return what became of it."""
    program = None
    for _ in range(REPAIRS):
        try:
            program = compile_job(source, schema)
            break
        except Refused as refused:
            without = repaired(source, refused)
            if without is None:
                return "refused"
            source = without
    if program is None:
        return "refused"
    assert Program.decode(program.encode()) == program
    priced = price(program, load("standard-1"))
    try:  # a repair may have left no place where a parameter was declared, and a change may have given it another type
        bound = bind(program, {spec.name: params[spec.name] for spec in program.params if spec.name in params})
    except InvalidDocument:
        return "refused"
    run = Machine(priced, bound).run_job(fragments, ENOUGH, precheck=False)
    for phase in run.phases:
        check_receipt(priced, phase.receipt())
    if run.state == "out_of_totem" or (run.error is not None and run.error.kind not in EVERYWHERE):
        return run.state
    _agrees(run, CPythonJob(source, program, bound), fragments)
    if run.state == "completed":
        everything = published(program.schema, fragments)
        for statistics in (everything, Statistics(everything.rows, everything.fragments)):
            bounds = estimate(priced, [statistics], bound)
            assert bounds.lower <= run.used, f"the lower bound {bounds.lower} is above {run.used}"
            assert bounds.upper is None or run.used <= bounds.upper, f"the upper bound {bounds.upper} < {run.used}"
    return run.state


def _agrees(run: JobRun, driver: CPythonJob, fragments: list[list[tuple[Any, ...]]]) -> None:
    raised: Exception | None = None
    expected: list[str] = []
    try:
        expected = [result_line(*pair) for pair in driver.run(fragments)]
    except (ArithmeticError, IndexError, ValueError) as error:
        raised = error
    assert (run.error is None) == (raised is None), f"CPython: {raised!r}, the machine: {run.error}"
    if raised is None:
        assert [result_line(*pair) for pair in run.result] == expected


def mutate_and_compare(jobs: Iterable[Any], seed: int, seconds: float) -> Counter[str]:
    """Compare mutants of jobs and of generated ones for so many seconds of this process; return how many ended how.

    The number of the mutant at which something was wrong is noted with the error: as ``seed`` it begins with it.
    """
    until = time.process_time() + seconds
    jobs = list(jobs)
    ends: Counter[str] = Counter()
    while time.process_time() < until:
        chance = random.Random(seed)  # noqa: S311 - a seed gives the same again
        kind = chance.random()
        if kind < 0.5:
            source, schema, params = Narrowing(chance).job(), Schema.of(TYPES), {}
        else:
            job = chance.choice(jobs) if kind < 0.85 else generate(seed, chance.randint(1, 6), 0)
            source, schema, params = Mutator(job.source, chance).mutant(), job.schema, job.params
            schema = schema if schema == LINES else other_schema(schema, chance)
        rows = make_rows(schema, ROWS, str(seed))
        try:
            ends[compare(source, schema, params, [rows[:5], rows[5:]])] += 1
        except Exception as error:
            error.add_note(f"seed {seed}, {schema.to_json()}, {params}\n{source}")
            raise
        seed += 1
    return ends
