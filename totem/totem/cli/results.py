"""Results and bills as people read them."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from totem.cli.output import Output, show
from totem.services.errors import BadInput
from totem.services.lines import ResultLines
from totem_sdk.types import Type
from totem_sdk.values import canonical_json

__all__ = [
    "check_file",
    "document_parts",
    "is_column_format",
    "print_bill",
    "print_result",
    "write_file",
    "write_lines",
    "written",
]

_SHOWN = 50
_COLUMNS = (".csv", ".parquet")
_WRITTEN = (*_COLUMNS, ".jsonl", ".ndjson", ".json", ".txt", "")
_NAMES = "a name ending in .csv or .parquet gets columns, in .jsonl, .ndjson, .json, .txt or nothing JSON lines"


class _Rows:
    """The rows of a result as texts, read anew whenever they are gone through."""

    def __init__(self, lines: ResultLines, most: int | None) -> None:
        self._lines = lines
        self._most = most

    def __iter__(self) -> Iterator[list[str]]:
        return ([_text(key), _text(value)] for key, value in islice(self._lines.pairs(), self._most))


def print_result(output: Output, lines: ResultLines, *, partial: bool, missing: Sequence[str] = ()) -> None:
    """Print a result in plan order: everything into a pipe, the first rows on a terminal.

    ``missing``: the providers whose data are not in it.
    """
    rows = _Rows(lines, _SHOWN if output.fancy else None)
    marks = ["partial: the job ran out of totem"] * partial + [_without(missing)] * bool(missing)
    output.table(["key", "value"], rows, title=f"result ({'; '.join(marks)})" if marks else "result")
    if output.fancy and len(lines) > _SHOWN:
        output.line(f"… and {show(len(lines) - _SHOWN)} more (`-o FILE` writes all)")
    if output.fancy and len(lines) > 1:
        output.note("(in plan order, which is not sorted)", style="dim")


def _without(missing: Sequence[str]) -> str:
    return f"without the data of {', '.join(missing)}"


def document_parts(job_id: str, lines: ResultLines, *, partial: bool, missing: Sequence[str] = ()) -> Iterator[str]:
    """Yield the document of a job's result piece by piece, however many lines it has."""
    told = {"job_id": job_id, "partial": partial, "missing": list(missing), "result_sha256": lines.sha256()}
    yield json.dumps(told)[:-1] + ', "result": ['
    for place, pair in enumerate(lines.pairs()):
        yield (", " if place else "") + json.dumps(pair, ensure_ascii=False)
    yield "]}"


def print_bill(output: Output, rows: Sequence[dict[str, Any]], used: int) -> None:
    """Print an itemised bill with its total."""
    cells: list[list[object]] = [
        [row["step"], row["phase"], row["opcode"], row["type"], row["count"], row["totem"]] for row in rows
    ]
    cells.append([None, "", "", "total", None, used])
    output.table(["step", "phase", "opcode", "type", "count", "totem"], _blank(cells), title="bill")


def check_file(path: Path, emits: tuple[Type, Type]) -> None:
    """Check that a result of these types could be written to ``path``, before the job runs.

    Raises:
        BadInput: the format that the name stands for can't hold it, or there can't be a file of this name.
    """
    problem = _problem(path)
    if problem:
        raise BadInput(f"-o {str(path)!r}: {problem}", code="not-writable", hint=_NAMES)
    if path.suffix.lower() not in _COLUMNS:
        return
    from totem_ccf.storage import UnwritableResult, check_result_file  # noqa: PLC0415  # brings pyarrow

    try:
        check_result_file(path, *emits)
    except UnwritableResult as error:
        raise BadInput(str(error), code="not-writable") from None


def _problem(path: Path) -> str:
    """Return why there can't be a result in a file of this name; empty where there can."""
    if path.is_dir():
        return "it is a folder"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if path.suffix.lower() not in _WRITTEN:
        return f"no result is written as {path.suffix}"
    return "" if os.access(path if path.exists() else path.parent, os.W_OK) else "it may not be written"


def written(lines: ResultLines, path: Path, *, partial: bool, missing: Sequence[str] = ()) -> str:
    """Say what was written."""
    kind = "partial results (the job ran out of totem)" if partial else "results"
    return f"{show(len(lines))} {kind} {_without(missing) + ' ' if missing else ''}written to {path}"


def write_file(path: Path, lines: ResultLines, emits: tuple[Type, Type]) -> None:
    """Write a result: ``.csv`` and ``.parquet`` in columns, everything else as its canonical JSON lines.

    Raises:
        BadInput: the file can't be written.
    """
    if path.suffix.lower() not in _COLUMNS:
        try:
            lines.write_to(path)
        except OSError as error:
            raise BadInput(f"-o {str(path)!r}: {error.strerror}", code="not-writable") from None
        return
    from totem_ccf.storage import UnwritableResult, write_result  # noqa: PLC0415  # brings pyarrow

    try:
        write_result(path, lines.pairs(), *emits)
    except UnwritableResult as error:
        raise BadInput(str(error), code="not-writable") from None


def write_lines(path: Path, lines: ResultLines) -> None:
    """Write a result as it is, byte for byte, for its reader's eyes only.

    Raises:
        BadInput: the file can't be written, or its name stands for columns.
    """
    problem = "it is written byte for byte, not in columns" if path.suffix.lower() in _COLUMNS else _problem(path)
    if not problem and path.exists() and lines.is_of(path):
        problem = "it is the provider's own file"
    if problem:
        raise BadInput(f"-o {str(path)!r}: {problem}", code="not-writable")
    try:
        _make_private(path)
        lines.write_to(path)
    except OSError as error:
        raise BadInput(f"-o {str(path)!r}: {error.strerror}", code="not-writable") from None


def _make_private(path: Path) -> None:
    """Make a file that only its owner can read, or one of one that is there; a device or pipe is left as it is."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        if stat.S_ISREG(os.fstat(number).st_mode):
            os.fchmod(number, 0o600)
    finally:
        os.close(number)


def is_column_format(path: Path) -> bool:
    """Return whether a result is written to a file of this name in columns, not as its lines."""
    return path.suffix.lower() in _COLUMNS


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def _blank(rows: list[list[object]]) -> list[list[object]]:
    """Leave what a total has no value for empty."""
    return [["" if cell is None else cell for cell in row] for row in rows]
