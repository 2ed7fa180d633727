"""``totem schema``: what TOTEM sees in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from totem.cli.output import Output, show
from totem.services.data import open_data
from totem.services.survey import SeenColumn, schema_document, survey

__all__ = ["schema"]


def schema(
    data: Annotated[list[str], typer.Argument(metavar="DATA...", help="Parquet, CSV or text: files, folders, globs")],
    given: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE", help="see whether the data are as this file says")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the schema as --schema takes it")] = False,
) -> None:
    """Show the columns of data as a job gets them: name, type, how many values are missing.

    Where a CSV column's type was found by looking at its cells: the first row that made it wider than those before.
    """
    output = Output(as_json=as_json)
    dataset = open_data(data, given)
    output.document(schema_document(dataset))
    if as_json:
        return
    files = {fragment.path for fragment in dataset.fragments}
    rows = [
        [column.name, str(column.type), column.nulls, _note(column, several=len(files) > 1)]
        for column in survey(dataset, inferred=given is None)
    ]
    output.table(["column", "type", "missing", "note"], rows)
    for name, reason in dataset.omitted:
        output.note(f"column {name} is left out: {reason}")
    output.note(f"{show(dataset.rows)} rows in {len(files)} file{'s' * (len(files) != 1)}")


def _note(column: SeenColumn, *, several: bool) -> str:
    notes = []
    if column.source != column.name:
        notes.append(f"{column.source!r} in the file")
    if column.widened is not None:
        where = f" of {Path(column.widened.path).name}" if several else ""
        notes.append(f"{column.before} until row {show(column.widened.row)}{where}")
    return "; ".join(notes)
