"""``totem check``, ``totem estimate``, ``totem disassemble``: what can be said of a job before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from totem.cli.lines import print_lines, upper_text
from totem.cli.output import Output, write_json
from totem.cli.refusals import noted, refusal_text
from totem.services.by_line import estimate_rows
from totem.services.data import delimiter_notes, lines_of, open_data, read_schema_and_options
from totem.services.errors import BadInput, ProgramRefused
from totem.services.inputs import Job, read_job, read_params, read_table, with_files
from totem.services.pricing import estimate_job, job_notes, operators_run, price_job, price_snippet
from totem_ccf.storage import Dataset
from totem_sdk.cost import PricedProgram
from totem_sdk.disassemble import Row, operator_of, render
from totem_sdk.disassemble import disassemble as rows_of
from totem_sdk.program import Op
from totem_sdk.schema import Schema

__all__ = ["check", "disassemble", "estimate"]

JobFile = Annotated[Path, typer.Argument(metavar="JOB.py")]
Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[DATA...]", help="Parquet, CSV, JSON lines or text: files, folders, globs"),
]
Data = Annotated[list[str] | None, typer.Option("--data", metavar="FILE", help="the same as DATA; may be repeated")]
SchemaFile = Annotated[Path | None, typer.Option("--schema", metavar="FILE", help="columns and their types, as JSON")]
TableName = Annotated[str, typer.Option("--table", metavar="NAME|FILE", help="estimator table")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object and nothing else")]


def check(
    job: JobFile,
    files: Files = None,
    *,
    data: Data = None,
    schema: SchemaFile = None,
    table: TableName = "standard-1",
    as_json: AsJson = False,
) -> None:
    """Check a job against the language and a table; nothing is run. Exit status 2 if it is refused."""
    output = Output(as_json=as_json)
    data = _all_data(files, data)
    source = read_job(job)
    try:
        priced = price_job(source, _schema(source, data, schema, output), read_table(table))
    except ProgramRefused as error:
        _refused(output, error, source)
    program = priced.program
    read = [program.schema.columns[position] for position in program.columns_read]
    columns = [column.name for column in read]
    output.document(
        {
            "state": "accepted",
            "program_id": program.program_id,
            "phases": [{"step": phase.step, "phase": phase.kind} for phase in program.phases],
            "columns": columns,
            "params": [{"name": spec.name, "type": str(spec.type), "default": spec.default} for spec in program.params],
            "notes": job_notes(source.source, source.filename),
            "refusals": [],
        }
    )
    noted(output, source)
    output.line(f"{job}: {program.name} is accepted")
    output.fields(
        {
            "program": program.program_id,
            "phases": [f"step {phase.step} {phase.kind}" for phase in program.phases],
            "columns": [f"{column.name}: {column.type}" for column in read],
            "parameters": [f"{spec.name}: {spec.type}" for spec in program.params],
        }
    )


def estimate(
    job: JobFile,
    files: Files = None,
    *,
    data: Data = None,
    schema: SchemaFile = None,
    table: TableName = "standard-1",
    param: Annotated[list[str] | None, typer.Option(metavar="K=V", help="a parameter; may be repeated")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a job will cost on these data: at least, probably, at most."""
    output = Output(as_json=as_json)
    data = _all_data(files, data)
    source = read_job(job)
    if not data:
        hint = "give DATA; of a published dataset: `totem job estimate JOB.py DATASET`"
        raise BadInput("the price depends on the data", code="usage", hint=hint)
    try:
        dataset = _open(data, schema, output, lines_of(source))
        found = estimate_job(source, dataset, read_table(table), with_files(source, read_params(param or ())))
    except ProgramRefused as error:
        _refused(output, error, source)
    output.document(found.to_json())
    noted(output, source)
    bounds = found.bounds
    output.fields(
        {
            "at least": bounds.lower,
            "probably": bounds.expected,
            "at most": upper_text(bounds.upper),
        }
    )
    output.line()
    print_lines(output, estimate_rows(found.estimate, source.source))


def disassemble(
    job: JobFile,
    files: Files = None,
    *,
    data: Data = None,
    schema: SchemaFile = None,
    table: TableName = "standard-1",
    operators: Annotated[bool, typer.Option("--operators", help="paper III's operator array only")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a job's opcodes with their charges; also takes a bare snippet of statements.

    The operator array of a job is in the order of its source, that of a snippet in the order in which it runs.
    """
    output = Output(as_json=as_json)
    data = _all_data(files, data)
    source = read_job(job)
    prices = read_table(table)
    try:
        if data or schema or _is_job(source):
            priced = price_job(source, _schema(source, data, schema, output), prices)
            array = [name for op in _ops(priced) if (name := operator_of(op)) is not None]
        else:
            priced = price_snippet(source, prices)
            array = operators_run(priced)
    except ProgramRefused as error:
        _refused(output, error, source)
    rows = rows_of(priced.program, prices)
    output.document(
        {
            "program_id": priced.program.program_id,
            "table_id": prices.table_id,
            "operators": array,
            "rows": [_row(row) for row in rows],
        }
    )
    if operators:
        output.line("\n".join(array))
    else:
        output.line(render(rows).rstrip("\n"))


def _all_data(files: list[str] | None, data: list[str] | None) -> list[str]:
    """Return what is given as DATA and with --data."""
    return [*(files or ()), *(data or ())]


def _ops(priced: PricedProgram) -> Iterator[Op]:
    return (op for block in priced.program.blocks for op in block.ops)


def _row(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "depth": row.depth,
        "text": row.text,
        "line": row.line,
        "column": row.column,
        "charge": row.charge,
        "sized": row.sized,
        "opcode": None if row.op is None else row.op.code,
        "type": None if row.op is None else str(row.op.type),
        "operator": None if row.op is None else operator_of(row.op),
    }


def _is_job(source: Job) -> bool:
    """Return whether a source has a class: a snippet has statements only."""
    return any(line.startswith("class ") for line in source.source.splitlines())


def _open(data: list[str], schema: Path | None, output: Output, lines: Schema | None = None) -> Dataset:
    """Open the data, and say what about them may not be as their owner thinks; ``lines`` is that of raw lines."""
    dataset = open_data(data, schema, lines=lines)
    for note in delimiter_notes(dataset) if schema is None else ():
        output.note(f"note: {note}")
    return dataset


def _schema(source: Job, data: list[str] | None, schema: Path | None, output: Output) -> Schema:
    """Return the columns that the job is checked against."""
    if (lines := lines_of(source)) is not None:
        return lines
    if data:
        return _open(data, schema, output).schema
    columns, _ = read_schema_and_options(schema)
    if columns is None:
        raise BadInput("the types of the columns are not known", code="usage", hint="give DATA or --schema FILE")
    return columns


def _refused(output: Output, error: ProgramRefused, source: Job) -> NoReturn:
    """Print why a job is refused, and exit."""
    if output.as_json:
        write_json({"state": "refused", "refusals": [refusal.to_json() for refusal in error.refusals]})
    else:
        output.note(refusal_text(error.refusals, source.filename, source.source), style="red")
        output.note(f"{len(error.refusals)} reason{'s' * (len(error.refusals) != 1)}: the job is refused")
    raise typer.Exit(error.exit_status)
