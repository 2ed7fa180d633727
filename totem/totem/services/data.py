"""Opening a provider's data: files, schema documents, statistics; what is wrong with them as errors of ours.

Data that are not there, or files of several formats, are the caller's mistake; data that can't be read the provider's
trouble. The message names file, row and column, and is for the provider; a consumer gets the kind only. No message
shows a cell's value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from totem.services.errors import BadInput, ProviderSide, from_refused
from totem.services.inputs import Job, read_json
from totem_ccf.storage import CsvOptions, DataError, Dataset, delimiter_hint, open_dataset, schema_and_options
from totem_sdk.errors import InvalidDocument, Refused
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.input_files import asks_for_file
from totem_sdk.lang.source import parse
from totem_sdk.lang.structure import read_job as read_structure
from totem_sdk.names import identifier
from totem_sdk.schema import LINES, LINES_OF_FILES, Schema

__all__ = ["data_errors", "delimiter_notes", "lines_of", "open_data", "read_schema_and_options"]

_FORM = """\
a schema is JSON such as {"columns": {"at": "datetime", "kwh": "float?"}}; `totem schema DATA --json` prints one"""

_HINTS = {
    "missing": "give a file, a folder or a glob that matches something",
    "schema": "give --schema FILE with the columns and their types",
    "type": "give --schema FILE with the columns and their types",
    "encoding": "convert the file to UTF-8",
    "changed": "publish the data again as a new version",
}


_CALLERS = frozenset({"missing", "mixed"})
"""What is the mistake of who named the files, and not the trouble of who has them."""


@contextmanager
def data_errors() -> Iterator[None]:
    """Turn the storage's error into one of ours.

    Raises:
        BadInput: the data are not there, or of several formats.
        ProviderSide: they can't be read as what they should be.
    """
    try:
        yield
    except DataError as error:
        cls = BadInput if error.kind in _CALLERS else ProviderSide
        hint = error.hint or _HINTS.get(error.kind, "")
        if error.kind == "missing" and ".data" in Path(error.path).parts:
            hint = "`make data` fetches the data sets of the examples"
        raise cls(str(error), code=f"data_{error.kind}", hint=hint) from error


def read_schema_and_options(path: Path | None) -> tuple[Schema | None, CsvOptions | None]:
    """Read a schema file (see ``totem_ccf.storage.options``), or a dataset's metadata, which has its schema in it.

    Nothing where none is given.

    Raises:
        BadInput: there is no such file, or it is not a schema.
    """
    if path is None:
        return None, None
    document = read_json(path, "the schema", _FORM)
    if isinstance(document, dict) and {"dataset_id", "schema"} <= document.keys():
        document = {"columns": document["schema"]}
    try:
        return schema_and_options(document)
    except InvalidDocument as error:
        raise BadInput(f"the schema {str(path)!r}: {error}", code="bad-schema", hint=_schema_hint(document)) from None


def _schema_hint(document: object) -> str:
    """Say what to write instead; names that a job can't write are the usual mistake."""
    columns = document.get("columns", document) if isinstance(document, dict) else None
    if isinstance(columns, dict):
        for position, name in enumerate(columns):
            if name != (wanted := identifier(name, position)):
                return f"columns have the names that a job can write: {wanted}, not {name!r}"
    return _FORM


def open_data(paths: Sequence[str | Path], schema: Path | None = None, *, lines: Schema | None = None) -> Dataset:
    """Open files, folders and globs as one dataset, with the digests of its fragments.

    ``lines`` are the columns of raw lines, ``LINES`` or ``LINES_OF_FILES``: every file is text, whatever its name says.

    Raises:
        BadInput: the data or the schema are not there, or the data have no rows.
        ProviderSide: they can't be read.
    """
    columns, csv = read_schema_and_options(schema)
    with data_errors():
        dataset = open_dataset([str(path) for path in paths], lines or columns, csv=csv, lines=lines is not None)
    if dataset.rows == 0:
        raise BadInput(f"{', '.join(str(path) for path in paths)}: there is not one row in it", code="data_empty")
    return dataset


def delimiter_notes(dataset: Dataset) -> list[str]:
    """Return what to tell of CSV files that came to be one column because commas don't separate their cells.

    Raises:
        BadInput, ProviderSide: a file is gone or can't be read any more.
    """
    first = dataset.fragments[0]
    if first.format != "csv" or len(dataset.schema.columns) != 1:
        return []
    with data_errors():
        hint = delimiter_hint(Path(first.path), first.csv)
    name = dataset.schema.columns[0].name
    return [f"{Path(first.path).name} has one column, {name}: {hint}"] if hint else []


def lines_of(job: Job) -> Schema | None:
    """Return the schema of the raw lines that a job gets that derives from mrjob's own MRJob; None of another job.

    Raises:
        ProgramRefused: it is not a job at all; the reasons are those of the compiler's first passes.
    """
    findings = Findings()
    try:
        found = read_structure(parse(job.source, job.filename, findings, names=None), findings)
        findings.check()
    except Refused as error:
        raise from_refused(error) from None
    if found is None or not found.lines:
        return None
    return LINES_OF_FILES if any(map(asks_for_file, found.methods.values())) else LINES
