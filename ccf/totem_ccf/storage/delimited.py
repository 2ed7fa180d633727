"""CSV: the types of columns, and blocks of rows as arrays (how blocks are cut: ``records``; the first row: ``header``).

Cells are what Arrow's CSV reader takes: integers and floats in plain notation (``inf`` and
``nan`` too), ``true``/``false`` in three spellings or ``1``/``0``, ``YYYY-MM-DD`` and ISO 8601 timestamps; where the
schema says date also ``DD/MM/YYYY``. A timestamp with a zone becomes UTC; within a block all have one or none has.

An empty cell, and one of the texts in ``CsvOptions.nulls``, is None. In a column of text that is so only if the schema
says ``str?``; where it says ``str``, an empty cell is an empty text.

Types that are inferred are what all cells of the first fragment are: int, else float, date, datetime, bool, else str;
``T?`` if a cell anywhere is empty. Later fragments (and files) widen int to float and date to datetime; a cell that
does not fit is an error that names its row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from totem_ccf.storage.columns import ARROW, BadCell, FileColumn, conform, first_failing, item_of, machine_type, whole
from totem_ccf.storage.errors import DataError
from totem_ccf.storage.header import decoded, delimiter_hint
from totem_ccf.storage.options import CsvOptions
from totem_ccf.storage.records import Block, CsvScanner
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["TypeInference", "read_block"]

_THREAD_BYTES = 4 << 20
_WIDER: dict[Type, Type] = {INT: FLOAT, DATE: DATETIME}
_OTHERWISE = "where cells are written otherwise, make it str in the schema"
_NOTATIONS: dict[Type, str] = {
    INT: "an int is written as -12, without separators",
    FLOAT: "a float is written as -1.5 or 2e3, with a decimal point and without separators",
    BOOL: "a bool is written as true or false (also True, TRUE), or 1 or 0",
    DATE: "a date is written as YYYY-MM-DD, DD/MM/YYYY or D/M/YYYY",
    DATETIME: "a datetime is written as YYYY-MM-DD hh:mm:ss or YYYY-MM-DDThh:mm:ss, with or without a zone",
}


def read_block(path: str, block: Block, columns: Sequence[FileColumn], width: int, options: CsvOptions) -> list[Any]:
    """Return the arrays of some columns of a block, in the machine's form; ``width`` is the header's number of cells.

    Raises:
        DataError: a row has not as many cells as the header, or a cell is not what the schema says; with its row.
    """
    if block.rows == 0 or not columns:
        return [pa.array([], ARROW[item_of(column.type)]) for column in columns]
    reader = _BlockReader(path, block, width, options)
    notations = [reader.notations(column)[0] for column in columns]
    arrays = reader.parse(columns, [type_ for type_, _ in notations])
    if arrays is not None:
        arrays = [convert(array) for (_, convert), array in zip(notations, arrays, strict=True)]
    if arrays is None or any(array is None for array in arrays):
        # Something is wrong, or a timestamp has a zone: look at each column by itself.
        arrays = [reader.column(column) for column in columns]
    return [reader.conformed(array, column) for array, column in zip(arrays, columns, strict=True)]


class TypeInference:
    """Finds the types of the columns of one or several CSV files, block by block."""

    def __init__(self) -> None:
        self._items: dict[str, Type | None] = {}
        self._optional: set[str] = set()

    def add(self, path: str, block: Block, names: Sequence[str], options: CsvOptions) -> None:
        """Take the next block; ``names`` are the identifiers of all columns of its file, in their order.

        Raises:
            DataError: a row has not as many cells as the header, a text is not UTF-8, or a cell does not fit the type
                that the column has in the fragments before; with its row.
        """
        if block.rows == 0:
            for name in names:
                self._items.setdefault(name, None)
            return
        reader = _BlockReader(path, block, len(names), options)
        columns = [FileColumn(name, name, position, STR) for position, name in enumerate(names)]
        arrays = reader.parse(columns, None)
        if arrays is None:
            raise reader.misshapen()
        for column, array in zip(columns, arrays, strict=True):
            self._join(column, array, reader)

    def type_of(self, name: str) -> Type:
        """Return the type that fits every cell of a column so far."""
        item = self._items[name]
        if item is None or item == STR:
            return STR
        return Option(item) if name in self._optional else item

    def _join(self, column: FileColumn, array: Any, reader: _BlockReader) -> None:
        if pa.types.is_binary(array.type):
            reader.column(column)
        if array.null_count:
            self._optional.add(column.name)
        before = self._items.get(column.name)
        if pa.types.is_null(array.type):
            self._items.setdefault(column.name, None)
            return
        # What else Arrow infers (times of day) is text here.
        found = machine_type(array.type) or STR
        if before in (None, found, STR):
            self._items[column.name] = found if before is None else before
        elif _WIDER.get(before) == found or _WIDER.get(found) == before:
            self._items[column.name] = _WIDER.get(before, before)
        else:
            wanted = FileColumn(column.name, column.source, column.position, Option(_WIDER.get(before, before)))
            reader.conformed(
                reader.column(wanted, "those before it are (a schema can say that the column is str)"), wanted
            )
            self._items[column.name] = item_of(wanted.type)


class _BlockReader:
    """Parses one block, and finds the row when that fails."""

    def __init__(self, path: str, block: Block, width: int, options: CsvOptions) -> None:
        self._path = path
        self._block = block
        self._width = width
        self._options = options
        self._nulls = ["", *options.nulls]

    def parse(
        self, columns: Sequence[FileColumn], types: Sequence[Any] | None, stop: int | None = None
    ) -> list[Any] | None:
        """Return the arrays of columns as Arrow types (None: as Arrow infers them), of the first ``stop`` bytes.

        None if they can't be parsed. (Arrow's error holds cells: it must not even be the context of one of ours.)
        """
        try:
            table = self._parsed(columns, types, stop)
        except pa.ArrowInvalid:
            return None
        if stop is None and table.num_rows != self._block.rows:
            return None
        return [whole(column) for column in table.columns]

    def _parsed(self, columns: Sequence[FileColumn], types: Sequence[Any] | None, stop: int | None) -> Any:
        data = pa.py_buffer(self._block.data)
        if stop is not None:
            data = data.slice(0, stop)
        names = [str(position) for position in range(self._width)]
        wanted = [str(column.position) for column in columns]
        return pyarrow.csv.read_csv(
            pa.BufferReader(data),
            # Types are inferred by the one process that opens the data; blocks are read by many.
            pyarrow.csv.ReadOptions(
                use_threads=types is None, block_size=data.size + 1 if types else _THREAD_BYTES, column_names=names
            ),
            pyarrow.csv.ParseOptions(delimiter=self._options.delimiter, newlines_in_values=b'"' in self._block.data),
            pyarrow.csv.ConvertOptions(
                include_columns=wanted,
                column_types=None if types is None else dict(zip(wanted, types, strict=True)),
                null_values=self._nulls,
                strings_can_be_null=False,
            ),
        )

    def column(self, column: FileColumn, inferred: str = "") -> Any:
        """Return one column, in any of the notations that its type has; ``inferred``: why it has it, if no schema says.

        Raises:
            DataError: it can't be parsed; with the first row that is wrong.
        """
        for notation in self.notations(column):
            if (array := self._noted(column, notation)) is not None:
                return array
        item = item_of(column.type)
        hint = "" if inferred or item == STR else f"{_NOTATIONS[item]}; {_OTHERWISE}"
        raise self._located(column, f"the cell is no {item}; {inferred or 'the schema says so'}", hint)

    def conformed(self, array: Any, column: FileColumn) -> Any:
        """Return an array in the machine's form; raises DataError as ``read_block``."""
        if column.type == Option(STR):
            array = pc.if_else(pc.is_in(array, value_set=pa.array(self._nulls)), pa.scalar(None, pa.string()), array)
        try:
            return conform(array, column.type)
        except BadCell as cell:
            row = self._block.first_row + cell.row + 1
            raise DataError(cell.kind, self._path, cell.detail, row=row, column=column.name, hint=cell.hint) from None

    def misshapen(self) -> DataError:
        """Return the error for the first row that Arrow can't take apart."""
        return self._located(FileColumn("", "", 0, STR), "the row can't be read")

    def notations(self, column: FileColumn) -> list[_Notation]:
        """Return the ways in which the cells of a column may be written."""
        item = item_of(column.type)
        if item == DATE:
            return [(pa.string(), partial(_dates, nulls=self._nulls))]
        types = [ARROW[item]] if item != DATETIME else [ARROW[item], pa.timestamp("us", "UTC")]
        return [(type_, _as_it_is) for type_ in types]

    def _noted(self, column: FileColumn, notation: _Notation, stop: int | None = None) -> Any:
        type_, convert = notation
        arrays = self.parse([column], [type_], stop)
        return None if arrays is None else convert(arrays[0])

    def _located(self, column: FileColumn, detail: str, hint: str = "") -> DataError:
        """Return the error for the first row whose cell in this column can't be read."""
        data = self._block.data
        ends, is_row = CsvScanner(self._options.delimiter).scan(data)
        stops = np.append(ends[is_row], [len(data)] * (self._block.rows - int(is_row.sum())))

        def fits(rows: int) -> bool:
            stop = int(stops[rows - 1])
            return any(self._noted(column, notation, stop) is not None for notation in self.notations(column))

        found = first_failing(self._block.rows, fits)
        row = self._block.first_row + found + 1
        text = data[int(stops[found - 1]) if found else 0 : int(stops[found])]
        alone = _BlockReader(self._path, Block(0, text, 0, 1), self._width, self._options)
        cells = FileColumn("", "", self._width - 1, STR)
        if decoded(text) is None:
            return DataError("encoding", self._path, "the row is not UTF-8", row=row)
        if alone.parse([cells], [pa.string()]) is None:
            detail = f"the row has not the {self._width} cells of the header"
            hint = delimiter_hint(Path(self._path), self._options) if self._width == 1 else ""
            return DataError("format", self._path, detail, row=row, hint=hint)
        return DataError("type", self._path, detail, row=row, column=column.name, hint=hint)


_Notation = tuple[Any, Callable[[Any], Any]]
"""The Arrow type that cells are parsed as, and what makes the column of that (None: it can't be done)."""


def _as_it_is(array: Any) -> Any:
    return array


def _dates(texts: Any, nulls: Sequence[str]) -> Any:
    """Return texts ``YYYY-MM-DD``, ``DD/MM/YYYY`` or ``D/M/YYYY`` as date32; None if one of them is no date."""
    encoded = texts.dictionary_encode()
    cells = encoded.dictionary
    given = pc.invert(pc.is_in(cells, value_set=pa.array(nulls)))
    dates = _dates_of(cells.filter(given))
    if dates is None:
        return None
    return pc.replace_with_mask(pa.nulls(len(cells), pa.date32()), given, dates).take(encoded.indices)


def _dates_of(cells: Any) -> Any:
    for pattern, padded in ((r"^(\d)/", r"0\1/"), (r"/(\d)/", r"/0\1/")):
        cells = pc.replace_substring_regex(cells, pattern, padded)
    by_day = pc.match_substring_regex(cells, r"^\d\d/\d\d/\d{4}$")
    iso = pc.replace_substring_regex(cells, r"^(\d\d)/(\d\d)/(\d{4})$", r"\3-\2-\1")
    if not pc.all(pc.or_(by_day, pc.match_substring_regex(cells, r"^\d{4}-\d\d-\d\d$")), min_count=0).as_py():
        return None
    try:
        return iso.cast(pa.date32())
    except pa.ArrowInvalid:
        return None
