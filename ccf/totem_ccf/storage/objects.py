"""JSON lines: the columns of a file's objects, and blocks of them as arrays.

The rules are ``totem_sdk.objects``. Arrow's reader is many times faster than they are in Python, but takes more than
they allow (NaN, several objects on a line, values without end within each other) and less (columns whose values are
of several kinds). So a piece is given to Arrow only if nothing in it could be read otherwise, and what Arrow does not
take is read by the rules; these also find the row that is wrong.

Pieces are so small that keys which few objects have don't make tables of empty cells without bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from totem_ccf.storage.columns import ARROW, BadCell, FileColumn, conform, item_of, machine_type, whole
from totem_ccf.storage.errors import DataError
from totem_ccf.storage.records import Block, Flags, Positions
from totem_sdk.objects import MAX_DEPTH, BadLine, FoundColumns, Nested, cell_of, nested_too_deep, parse_object
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["ObjectScanner", "find_columns", "read_objects"]

_LF, _CR, _OPEN, _LIST, _CLOSE = b"\n\r{[}"
_FIND_ROWS = 4096
_FIND_BYTES = 1 << 20
_READ_CELLS = 8 << 20
# Outside of texts none of these is ever in an object's line. Arrow takes the first for numbers; the second is a value
# behind an object, which ends the process where it is null.
_NO_NUMBER = re.compile(rb"[:,\[-][ \t\r]*(?:NaN|Inf)")
_NULL_BEHIND = re.compile(rb"}[ \t\r]*n")
_NOTATIONS: dict[Type, str] = {
    INT: "an int is a number such as -12, of 64 bits at most, without quotes, point and exponent",
    FLOAT: "a float is a number such as -1.5 or 2e3, without quotes, up to 1.8e308",
    BOOL: "a bool is true or false, without quotes",
    STR: "a str is a text in quotes",
    DATE: 'a date is a text "YYYY-MM-DD", "DD/MM/YYYY" or "D/M/YYYY"',
    DATETIME: 'a datetime is a text "YYYY-MM-DD hh:mm:ss" or "YYYY-MM-DDThh:mm:ss", with or without a zone',
}
_LINES = "every line holds one object, {...}; a list of objects, or one object over several lines, is not read"


class ObjectScanner:
    """Rows of a file of JSON lines: lines that are not empty."""

    def __init__(self) -> None:
        self._pending = 0
        self._last = _LF

    def scan(self, chunk: bytes) -> tuple[Positions, Flags]:
        """See ``records.Scanner``."""
        data = np.frombuffer(chunk, dtype=np.uint8)
        ends = np.flatnonzero(data == _LF)
        starts = np.concatenate([[-self._pending], ends[:-1] + 1]) if len(ends) else ends
        before = data[np.maximum(ends - 1, 0)] if len(ends) else ends
        before[ends == 0] = self._last
        lengths = ends - starts
        blank = (lengths == 0) | ((lengths == 1) & (before == _CR))
        self._pending = len(data) - int(ends[-1]) - 1 if len(ends) else self._pending + len(data)
        self._last = int(data[-1]) if len(data) else self._last
        return ends + 1, ~blank

    def within_quotes(self) -> bool:
        """See ``records.Scanner``."""
        return False


def find_columns(path: str, block: Block, found: FoundColumns) -> None:
    """Take the objects of the next block of a file.

    Raises:
        DataError: a line is no object, with its row; or there are too many keys.
    """
    for piece in _pieces(block, _FIND_ROWS, _FIND_BYTES):
        table = _table(piece, None)
        if table is None:
            for row, values in _rows(path, piece):
                _see_row(path, found, values, row)
            continue
        for name, chunked in zip(table.column_names, table.columns, strict=True):
            _see_column(path, found, name, whole(chunked), piece.first_row)
        found.rows += piece.rows


def _see_row(path: str, found: FoundColumns, values: dict[str, Any], row: int) -> None:
    try:
        found.take(values, _place(path, row))
    except BadLine as error:
        raise DataError(error.kind, path, str(error), row=row) from None


def _see_column(path: str, found: FoundColumns, name: str, array: Any, first_row: int) -> None:
    type_ = array.type
    kind: Type | Nested | None = None
    if pa.types.is_nested(type_):
        kind = Nested()
    elif not pa.types.is_null(type_):
        # Texts that look like timestamps are texts.
        kind = STR if pa.types.is_timestamp(type_) else machine_type(type_)
    present = len(array) - array.null_count
    first = 0 if not array.null_count else int(np.argmax(pc.is_valid(array).to_numpy(zero_copy_only=False)))
    row = first_row + first + 1
    try:
        found.see(name, kind, present, _place(path, row))
    except BadLine as error:
        raise DataError(error.kind, path, str(error), row=row) from None


def _place(path: str, row: int) -> str:
    return f"row {row} of {path.rpartition('/')[2]}"


def read_objects(path: str, block: Block, columns: Sequence[FileColumn]) -> Iterator[tuple[int, list[Any]]]:
    """Yield (rows, arrays of the columns in the machine's form) for the pieces of a block.

    Raises:
        DataError: a line is no object, or a value is not what the schema says; with its row.
    """
    if block.rows == 0 or not columns:
        yield block.rows, [pa.array([], ARROW[item_of(column.type)]) for column in columns]
        return
    wanted = [(column.source, _parsed_as(item_of(column.type))) for column in columns]
    for piece in _pieces(block, max(_READ_CELLS // len(columns), 1), len(block.data)):
        table = _table(piece, pa.schema(wanted))
        arrays = None if table is None else _typed(table, columns)
        if arrays is None:
            arrays = _by_the_rules(path, piece, columns)
        yield piece.rows, [_conformed(path, piece, *pair) for pair in zip(arrays, columns, strict=True)]


def _parsed_as(item: Type) -> Any:
    return pa.string() if item in (DATE, DATETIME) else ARROW[item]


def _typed(table: Any, columns: Sequence[FileColumn]) -> list[Any] | None:
    """Return the columns of a table that Arrow has read; None if a text is not in Arrow's notation, or a number big."""
    arrays = []
    for column in columns:
        item = item_of(column.type)
        array = whole(table[column.source])
        if item == FLOAT and pc.any(pc.is_inf(array)).as_py():
            return None
        if item in (DATE, DATETIME) and (array := _times(array, item)) is None:
            return None
        arrays.append(array)
    return arrays


def _times(texts: Any, item: Type) -> Any:
    if item == DATE and not pc.all(pc.match_substring_regex(texts, r"^\d{4}-\d\d-\d\d$"), min_count=0).as_py():
        return None
    for type_ in (ARROW[item],) if item == DATE else (ARROW[item], pa.timestamp("us", "UTC")):
        # Arrow's error holds the text: it must not even be the context of one of ours.
        try:
            return texts.cast(type_)
        except pa.ArrowInvalid:
            continue
    return None


def _by_the_rules(path: str, piece: Block, columns: Sequence[FileColumn]) -> list[Any]:
    cells: list[list[Any]] = [[] for _ in columns]
    for row, values in _rows(path, piece):
        for column, taken in zip(columns, cells, strict=True):
            value = values.get(column.source)
            item = item_of(column.type)
            # That there is no value is for conform to refuse, which says what to do.
            cell = _cell(value, Option(item))
            if value is not None and cell is None:
                detail = f"the value is no {item}; that is the column's type"
                raise DataError("type", path, detail, row=row, column=column.name, hint=_NOTATIONS[item])
            taken.append(cell)
    return [pa.array(taken, ARROW[item_of(column.type)]) for column, taken in zip(columns, cells, strict=True)]


def _cell(value: Any, type_: Type) -> Any:
    try:
        return cell_of(value, type_)
    except ValueError:
        return None


def _conformed(path: str, piece: Block, array: Any, column: FileColumn) -> Any:
    try:
        return conform(array, column.type)
    except BadCell as cell:
        row = piece.first_row + cell.row + 1
        raise DataError(cell.kind, path, cell.detail, row=row, column=column.name, hint=cell.hint) from None


def _rows(path: str, piece: Block) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of a piece, each with its number, by the rules."""
    row = piece.first_row
    for line in piece.data.split(b"\n"):
        if line in (b"", b"\r"):
            continue
        row += 1
        text = _text(line)
        if text is None:
            raise DataError("encoding", path, "the row is not UTF-8", row=row)
        try:
            values = parse_object(text)
        except BadLine as error:
            hint = _LINES if error.kind == "format" else ""
            raise DataError(error.kind, path, str(error), row=row, hint=hint) from None
        yield row, values


def _text(data: bytes) -> str | None:
    # Python's error holds the bytes.
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _pieces(block: Block, rows: int, size: int) -> Iterator[Block]:
    """Yield a block in pieces of at most so many rows, and bytes (or one row)."""
    if block.rows <= rows and len(block.data) <= size:
        if block.rows:
            yield block
        return
    ends, is_row = ObjectScanner().scan(block.data)
    stops = np.append(ends[is_row], [len(block.data)] * (block.rows - int(is_row.sum())))
    done = start = 0
    while done < block.rows:
        within = int(np.searchsorted(stops, start + size, side="right"))
        until = min(max(within, done + 1), done + rows, block.rows)
        stop = int(stops[until - 1])
        yield Block(block.start + start, block.data[start:stop], block.first_row + done, until - done)
        done, start = until, stop


def _table(piece: Block, schema: Any) -> Any:
    """Return what Arrow reads of a piece: columns of a schema, or (None) all; None if it can't, or should not."""
    if not _safe(piece):
        return None
    data = piece.data
    # Arrow's error holds values: it must not even be the context of one of ours.
    try:
        table = pyarrow.json.read_json(
            pa.BufferReader(data),
            pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1),
            pyarrow.json.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "ignore"
            ),
        )
    except pa.ArrowException:
        return None
    return table if table.num_rows == piece.rows else None


def _safe(piece: Block) -> bool:
    """Tell whether Arrow reads a piece by the rules, or not at all.

    Where every line begins with ``{`` and ends with ``}``, a line end is never within an object, because nothing but
    white space would be between the two. So as many objects as lines means one on each.
    """
    data = piece.data
    if not data.isascii() and _text(data) is None:
        return False
    octets = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(octets == _LF)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    starts = np.concatenate([[0], ends[:-1] + 1])
    last = np.maximum(ends - 1, starts)
    last = np.where((last > starts) & (octets[last.clip(max=len(data) - 1)] == _CR), last - 1, last)
    blank = (ends == starts) | ((ends == starts + 1) & (octets[starts.clip(max=len(data) - 1)] == _CR))
    starts, last = starts[~blank], last[~blank]
    if len(starts) != piece.rows or (octets[starts] != _OPEN).any() or (octets[last] != _CLOSE).any():
        return False
    if (b"NaN" in data or b"Inf" in data) and _NO_NUMBER.search(data):
        return False
    if _NULL_BEHIND.search(data):
        return False
    if data.count(b"{") + data.count(b"[") - piece.rows < MAX_DEPTH:
        return True
    opens = np.flatnonzero((octets == _OPEN) | (octets == _LIST))
    counts = np.searchsorted(opens, last) - np.searchsorted(opens, starts)
    deep = np.flatnonzero(counts > MAX_DEPTH)
    return not any(nested_too_deep(data[starts[row] : last[row] + 1].decode()) for row in deep)
