"""``totem schema``: what TOTEM sees in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from totem.cli.output import Output, show
from totem.services.data import delimiter_notes, open_data
from totem.services.survey import SeenColumn, schema_document, survey

__all__ = ["schema"]


def schema(
    data: Annotated[
        list[str], typer.Argument(metavar="DATA...", help="Parquet, CSV, JSON lines or text: files, folders, globs")
    ],
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
    seen = survey(dataset, inferred=given is None)
    rows = [[column.name, str(column.type), column.nulls, _note(column, several=len(files) > 1)] for column in seen]
    output.table(["column", "type", "missing", "note"], rows)
    for name, reason in dataset.omitted:
        output.note(f"column {name} is left out: {reason}")
    if words := tuple(dict.fromkeys(word for column in seen for word in column.words)):
        where = 'beside "columns" in a schema file (docs/data.md)'
        output.note(f'note: to read {", ".join(words)} as None, say "csv": {{"nulls": {_listed(words)}}} {where}')
    for note in delimiter_notes(dataset) if given is None else ():
        output.note(f"note: {note}")
    output.note(f"{show(dataset.rows)} rows in {len(files)} file{'s' * (len(files) != 1)}")


def _note(column: SeenColumn, *, several: bool) -> str:
    notes = []
    if column.source != column.name:
        notes.append(f"{column.source!r} in the file")
    if column.widened is not None:
        where = f" of {Path(column.widened.path).name}" if several else ""
        notes.append(f"{column.before} until row {show(column.widened.row)}{where}")
    if column.words:
        notes.append(f'{column.without_words} but for {", ".join(column.words)}: say "nulls": {_listed(column.words)}')
    notes += [f"{zone} in the file, read as UTC" for zone in column.zones]
    return "; ".join(notes)


def _listed(words: tuple[str, ...]) -> str:
    return json.dumps(list(words), ensure_ascii=False)
