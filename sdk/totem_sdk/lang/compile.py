"""All passes in order: from the source of a job to its Program."""

from __future__ import annotations

from collections.abc import Iterator

from totem_sdk.errors import InternalError
from totem_sdk.lang.assemble import Assembly, CheckedStep, parts_of
from totem_sdk.lang.calls import reach_of
from totem_sdk.lang.findings import Findings, too_deep
from totem_sdk.lang.forms import Names, check_forms
from totem_sdk.lang.roles import Inputs, Roles
from totem_sdk.lang.source import parse
from totem_sdk.lang.steps import StepSource
from totem_sdk.lang.structure import Job, read_job
from totem_sdk.program import Program
from totem_sdk.schema import LINES, Schema
from totem_sdk.types import NONE, STR, Tuple, Type, Values, join

__all__ = ["compile_job"]


def compile_job(
    source: str, schema: Schema, *, filename: str = "job.py", hidden: frozenset[str] = frozenset()
) -> Program:
    """Compile a job.

    ``schema`` types the rows of a TotemJob (a job that derives from mrjob's MRJob gets raw lines whatever it says);
    ``hidden`` are columns that the job may not use. The program's schema is without them, so under no table can they
    be charged, and nothing reads them.

    Raises:
        Refused: the source is not accepted; it carries every finding of the pass that found any.
    """
    try:
        return _compile(source, schema, filename, hidden)
    except RecursionError:
        # The limits keep far away from it, but how much of the stack is left is the caller's affair.
        raise too_deep() from None


def _compile(source: str, schema: Schema, filename: str, hidden: frozenset[str]) -> Program:
    names = frozenset(column.name for column in schema.columns if not column.name.isascii())
    parsed = parse(source, filename, names)
    findings = Findings()
    job = read_job(parsed, findings)
    if job is None:
        findings.check()
        raise InternalError("there is no job and no finding")
    check_names = Names(job.globals, job.name, job.methods)
    for method in job.methods.values():
        check_forms(parsed, method, check_names, findings)
    reach = reach_of(parsed, job.methods, findings)
    findings.check()
    rows = LINES if job.lines else _visible(job, schema, hidden, findings)
    findings.check()
    roles = Roles(job, rows, frozenset() if job.lines else hidden, reach)
    roles.check_flows(findings)
    findings.check()
    steps = list(_check_steps(job, roles, findings))
    findings.check()
    return Assembly(job, roles, steps).program()


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
    reads = Inputs(NONE, STR if job.lines else None)
    for source in job.steps:
        identity = (reads.key, reads.value) if "mapper" not in source.functions and reads.value is not None else None
        found = {"mapper": roles.check(parts_of(source, "mapper"), reads, findings, identity)}
        mapped = found["mapper"].emits
        if mapped is None:
            _emits_nothing(job, source, "mapper", findings)
            return
        emits: tuple[Type, Type] | None = mapped
        for role in ("combiner", "reducer"):
            if role not in source.functions:
                continue
            found[role] = roles.check(parts_of(source, role), Inputs(mapped[0], Values(mapped[1])), findings)
            emits = found[role].emits
            if emits is None:
                _emits_nothing(job, source, role, findings)
            elif role == "combiner" and any(join(a, b) != b for a, b in zip(emits, mapped, strict=True)):
                at = job.source.at(job.methods[source.functions[role]])
                message = f"the combiner emits {Tuple(emits)}, the mapper {Tuple(mapped)}"
                findings.add(at, "combiner-type", message)
        if findings or emits is None:
            return
        yield CheckedStep(source, found, reads, mapped, emits)
        reads = Inputs(*emits)


def _emits_nothing(job: Job, step: StepSource, role: str, findings: Findings) -> None:
    if findings:
        return
    name = step.functions.get(role)
    at = job.source.at(step.node if name is None else job.methods[name])
    findings.add(at, "no-yield", f"the {role} of this step never yields")
