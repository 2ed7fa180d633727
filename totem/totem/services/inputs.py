"""Files that a caller names: the job, schemas, tables, parameters; read once, with errors that say what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem.services.errors import BadInput
from totem_sdk.errors import InvalidDocument
from totem_sdk.lang import files_of
from totem_sdk.table import BUNDLED, Table
from totem_sdk.table import load as load_table

__all__ = ["MAX_FILE_BYTES", "Job", "read_job", "read_json", "read_params", "read_table", "with_files"]

MAX_FILE_BYTES = 1 << 20
"""No file that is read here may be larger: nobody writes that by hand, and everybody has to parse it."""


_DATA = frozenset({".csv", ".parquet", ".pq", ".gz", ".bz2", ".xz", ".json", ".jsonl", ".ndjson"})
"""What no job's name ends in, but data's."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job's source text and the name by which errors call it."""

    filename: str
    source: str


def read_job(path: Path) -> Job:
    """Read JOB.py.

    Raises:
        BadInput: there is no such file, it is a folder, not readable, too large or not UTF-8.
    """
    hint = "give the path of a Python file with a TotemJob (or MRJob) class"
    if path.suffix.lower() in _DATA:
        raise BadInput(
            f"the job {str(path)!r} is a file of data", code="not-a-job", hint=f"first JOB.py, then DATA; {hint}"
        )
    data = _read(path, "the job", hint)
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"the job {str(path)!r} is not UTF-8: byte 0x{data[error.start]:02x} in line {line}",
            code="not-utf8",
            hint="save the file as UTF-8",
        ) from None
    return Job(str(path), source)


def read_table(name_or_path: str) -> Table:
    """Return a bundled estimator table by name, or one from a JSON file.

    Raises:
        BadInput: there is no such table or file, or it is not a table.
    """
    try:
        return load_table(name_or_path if name_or_path in BUNDLED else Path(name_or_path))
    except InvalidDocument as error:
        raise BadInput(
            str(error), code="bad-table", hint=f"bundled tables: {', '.join(BUNDLED)}; or give a JSON file"
        ) from None
    except UnicodeDecodeError:
        raise BadInput(f"estimator table {name_or_path!r}: not UTF-8", code="bad-table") from None


def read_params(given: Iterable[str]) -> dict[str, str]:
    """Return ``k=v`` texts as a mapping; the contract types the values by the program's parameters.

    Raises:
        BadInput: a text has no ``=`` or no name, or a name is there twice.
    """
    params: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"--param {text!r}: expected NAME=VALUE", code="bad-param", hint="e.g. --param limit=2.5")
        if name in params:
            raise BadInput(f"--param {name!r} is given twice", code="bad-param")
        params[name] = value
    return params


def with_files(job: Job, params: Mapping[str, str]) -> dict[str, str]:
    """Return parameters with the texts of files in place of their paths, lines ended by a line feed.

    A file that is not named is the one that the program names itself, beside its source.

    Raises:
        BadInput: a file can't be read, is too large or not UTF-8.
    """
    found = dict(params)
    for name, default in files_of(job.source, filename=job.filename).items():
        path = Path(params[name]) if name in params else None
        if path is None and default is not None:
            path = Path(job.filename).parent / default
        if path is None:
            continue
        hint = f"name the file: --param {name}=PATH"
        data = _read(path, f"the file {name}", hint)
        try:
            found[name] = data.decode().replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            raise BadInput(f"the file {name} {str(path)!r} is not UTF-8", code="not-utf8", hint=hint) from None
    return found


def read_json(path: Path, what: str, hint: str) -> Any:
    """Read a JSON file.

    Raises:
        BadInput: there is no such file, or it is not JSON.
    """
    data = _read(path, what, hint)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{what} {str(path)!r} is not JSON: {error}", code="not-json", hint=hint) from None


def _read(path: Path, what: str, hint: str) -> bytes:
    try:
        if path.is_dir():
            raise BadInput(f"{what} {str(path)!r} is a folder", code="not-a-file", hint=hint)
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadInput(f"{what} {str(path)!r}: {reason}", code="not-readable", hint=hint) from None
    if len(data) > MAX_FILE_BYTES:
        raise BadInput(
            f"{what} {str(path)!r} is larger than {MAX_FILE_BYTES:,} bytes", code="too-large", hint="make it smaller"
        )
    return data
