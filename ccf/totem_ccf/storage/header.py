"""The header of a CSV file: the names in its first row, and whether it looks like cells that commas don't separate."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np

from totem_ccf.storage.errors import DataError
from totem_ccf.storage.options import CsvOptions
from totem_ccf.storage.records import CsvScanner, read_piece
from totem_ccf.storage.sources import open_stream, reading

__all__ = ["decoded", "delimiter_hint", "read_header"]

_OTHER_DELIMITERS = ";\t|"


def read_header(path: Path, options: CsvOptions) -> tuple[tuple[str, ...], int]:
    """Return the names in the header row of a CSV file and the number of (decompressed) bytes up to its end.

    Raises:
        DataError: the file can't be read, has no header or one that is not UTF-8.
    """
    data, scanner = b"", CsvScanner(options.delimiter)
    with reading(path), open_stream(path) as stream:
        while True:
            chunk = read_piece(stream)
            ends, is_row = scanner.scan(chunk)
            data, done = data + chunk, len(data)
            if is_row.any() or not chunk:
                break
    size = done + int(ends[int(np.argmax(is_row))]) if is_row.any() else len(data)
    text = decoded(data[:size])
    if text is None:
        raise DataError("encoding", str(path), "the header is not UTF-8")
    cells = _cells(text, options.delimiter)
    if not cells or (not is_row.any() and scanner.within_quotes()):
        raise DataError("format", str(path), "a CSV file needs a header: the first row names the columns")
    return tuple(cells), size


def delimiter_hint(path: Path, options: CsvOptions) -> str:
    """Return what to do where commas don't separate the cells of a CSV file: its header is one cell, of several texts.

    Empty where the header has several cells, or another delimiter is said.

    Raises:
        DataError: see ``read_header``.
    """
    if options.delimiter != CsvOptions().delimiter:
        return ""
    names, size = read_header(path, options)
    if len(names) != 1:
        return ""
    with reading(path), open_stream(path) as stream:
        text = decoded(stream.read(size)) or ""
    for delimiter in _OTHER_DELIMITERS:
        if len(_cells(text, delimiter)) > 1:
            said = json.dumps({"delimiter": delimiter})
            what = "tabs" if delimiter == "\t" else f"{delimiter!r}"
            where = 'beside "columns" in a schema file (docs/data.md)'
            return f'if cells are separated by {what}, say "csv": {said} {where}'
    return ""


def _cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of the first row that is not empty."""
    return next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row), [])


def decoded(data: bytes) -> str | None:
    """Return the text of UTF-8 bytes without a byte order mark; None if they are something else."""
    # Python's error holds the bytes: it must not even be the context of ours.
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
