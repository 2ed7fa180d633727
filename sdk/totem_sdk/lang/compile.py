"""All passes in order: from the source of a job to its Program."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from totem_sdk.errors import InternalError, Refused
from totem_sdk.lang.assemble import Assembly, CheckedStep, parts_of
from totem_sdk.lang.callables import link
from totem_sdk.lang.calls import check_yields, reach_of
from totem_sdk.lang.counter_forms import counters_on_self
from totem_sdk.lang.findings import Findings, too_deep
from totem_sdk.lang.forms import Names, check_forms
from totem_sdk.lang.generators import with_generators
from totem_sdk.lang.initial import with_init
from totem_sdk.lang.input_files import asks_for_file
from totem_sdk.lang.job import Job
from totem_sdk.lang.match_forms import PatternsAtHand
from totem_sdk.lang.object_rows import rows_of_objects
from totem_sdk.lang.passing_fields import name_passing_fields
from totem_sdk.lang.reports import notes_of_reports
from totem_sdk.lang.rewrite import rewrite
from totem_sdk.lang.roles import Inputs, Roles
from totem_sdk.lang.source import check_is_program, parse
from totem_sdk.lang.steps import StepSource
from totem_sdk.lang.structure import read_job
from totem_sdk.lang.surface import Note
from totem_sdk.lang.tables import read_tables
from totem_sdk.program import Program
from totem_sdk.schema import LINES, LINES_OF_FILES, Schema
from totem_sdk.types import NONE, STR, Tuple, Type, Values, has_union, join

__all__ = ["compile_job", "files_of", "notes_of"]

_PASSED = frozenset(
    ("annotation", "constant", "decorator", "default", "encoding", "f-string", "identifier", "import", "int-range")
) | {
    "module-statement",
    "named-tuple",
    "option",
    "param",
    "pattern",
}
"""Findings of the passes up to ``structure`` with which the others can go on and find more."""


def compile_job(
    source: str, schema: Schema, *, filename: str = "job.py", hidden: frozenset[str] = frozenset()
) -> Program:
    """Compile a job.

    ``schema`` types the rows of a TotemJob (a job that derives from mrjob's MRJob gets raw lines whatever it says);
    ``hidden`` are columns that the job may not use. The program's schema is without them, so under no table can they
    be charged, and nothing reads them.

    Raises:
        Refused: the source is not accepted; it carries what could be found at once.
    """
    try:
        return _compile(source, schema, filename, hidden)
    except RecursionError:
        # The limits keep far away from it, but how much of the stack is left is the caller's affair.
        raise too_deep() from None


def notes_of(source: str, *, filename: str = "job.py") -> tuple[Note, ...]:
    """Return what in a job has no effect here, in the order of the source; nothing where it can't be read."""
    findings = Findings()
    try:
        parsed = parse(source, filename, findings, None)
    except Refused:
        return ()
    job = read_job(parsed, findings)
    if job is None:
        return ()
    reports = (note for method in job.methods.values() for note in notes_of_reports(parsed, method, job.methods))
    return tuple(sorted((*job.notes, *reports)))


def files_of(source: str, *, filename: str = "job.py") -> dict[str, str | None]:
    """Return the parameters of a job that hold the text of a file; nothing where the job can't be read.

    Each comes with the path, beside the job's source, of the file that is read where none is given; or None.
    """
    findings = Findings()
    try:
        job = read_job(parse(source, filename, findings, None), findings)
    except Refused:
        return {}
    return {} if job is None else dict(job.files)


def _compile(source: str, schema: Schema, filename: str, hidden: frozenset[str]) -> Program:
    names = frozenset(column.name for column in schema.columns if not column.name.isascii())
    findings = Findings()
    check_is_program(source)
    parsed = parse(source, filename, findings, names)
    job = read_job(parsed, findings)
    if job is None:
        findings.check()
        raise InternalError("there is no job and no finding")
    readable = findings.codes <= _PASSED
    link(job, findings)
    job = with_generators(job, findings)
    for method in (*job.methods.values(), *([] if job.init is None else [job.init])):
        read_tables(method, job.name, job.tables)
    name_passing_fields(job)
    job = with_init(job)
    constants = {**job.globals, **dict.fromkeys(job.modules)}
    check_names = Names(constants, job.name, job.methods, job.unknown, job.functions)
    counters = counters_on_self(job.methods.values())
    of_class = {f"self.{name}": value for name, value in job.constants.items()}
    at_hand = PatternsAtHand(job.patterns, {**job.globals, **of_class}, job.making, job.name, job.methods)
    if job.objects:
        rows_of_objects(job, schema, findings)
    for method in job.methods.values():
        outside = (job.globals, job.functions, counters)
        rewrite(parsed, method, outside, _values_of(job, method), findings, sorts=job.sorts, at_hand=at_hand)
        check_forms(parsed, method, check_names, findings)
    called = Findings()
    reach = reach_of(parsed, job.methods, called)
    used = frozenset(name for step in job.steps for name in step.functions.values())
    readable = readable and not called
    findings.extend(called)
    if not readable:
        raise findings.refused()
    check_yields(parsed, job.methods, used, findings)
    of_lines = LINES_OF_FILES if any(map(asks_for_file, job.methods.values())) else LINES
    rows = of_lines if job.lines else _visible(job, schema, hidden, findings)
    roles = Roles(job, rows, frozenset() if job.lines else hidden, reach)
    roles.check_flows(findings)
    steps = list(_check_steps(job, roles, findings))
    findings.check()
    return Assembly(job, roles, steps).program()


def _values_of(job: Job, method: ast.FunctionDef) -> str | None:
    """Return the parameter of a combiner or reducer that holds the values, None of any other method."""
    used = {name for step in job.steps for part, name in step.functions.items() if part in ("combiner", "reducer")}
    arguments = method.args.args
    return arguments[2].arg if method.name in used and len(arguments) == 3 else None


def _visible(job: Job, schema: Schema, hidden: frozenset[str], findings: Findings) -> Schema:
    """Return the schema without the hidden columns."""
    columns = tuple(column for column in schema.columns if column.name not in hidden)
    if not columns:
        at = job.source.at(job.source.tree)
        findings.add(at, "hidden-column", "every column is hidden", "ask the provider for a column")
        return schema
    return Schema(columns)


def _check_steps(job: Job, roles: Roles, findings: Findings) -> Iterator[CheckedStep]:
    """Check the steps one after the other, each with what the one before emits."""
    reads = Inputs(NONE, STR if job.lines else None, of_files=job.lines)
    for source in job.steps:
        identity = (reads.key, reads.value) if "mapper" not in source.functions and reads.value is not None else None
        end = source is job.steps[-1]
        ends = end and "reducer" not in source.functions
        found = {"mapper": roles.check(parts_of(source, "mapper"), reads, findings, identity, last=ends)}
        mapped = found["mapper"].emits
        if mapped is None:
            _emits_nothing(job, source, "mapper", findings)
            return
        emits: tuple[Type, Type] | None = mapped
        for role in ("combiner", "reducer"):
            if role not in source.functions:
                continue
            inputs = Inputs(mapped[0], Values(mapped[1]), found["mapper"].nones)
            found[role] = roles.check(parts_of(source, role), inputs, findings, last=end and role == "reducer")
            emits = found[role].emits
            if emits is None:
                _emits_nothing(job, source, role, findings)
            elif role == "combiner" and not findings and join(Tuple(emits), Tuple(mapped)) != Tuple(mapped):
                at = job.source.at(job.methods[source.functions[role]])
                message = f"the combiner emits {Tuple(emits)}, the mapper {Tuple(mapped)}"
                findings.add(at, "combiner-type", message)
        if emits is None:
            return
        yield CheckedStep(source, found, reads, mapped, emits)
        last = found["reducer"] if "reducer" in found else found["mapper"]
        reads = Inputs(*emits, last.nones)
    if reads.value is not None and has_union(reads.value):
        name = source.functions.get("reducer", source.functions.get("mapper"))
        at = job.source.at(source.node if name is None else job.methods[name])
        message = f"the values of the result are {reads.value}: a result has values of one type"
        findings.add(at, "emit-type", message, "compute with what may be of several types before it is yielded")


def _emits_nothing(job: Job, step: StepSource, role: str, findings: Findings) -> None:
    if findings:
        return
    name = step.functions.get(role)
    at = job.source.at(step.node if name is None else job.methods[name])
    findings.add(at, "no-yield", f"the {role} of this step never yields")
