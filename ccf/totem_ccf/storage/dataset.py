"""Datasets: files, folders and globs as one table in fragments.

``open_dataset`` reads the data once where they lie (Parquet: its footers, and its bytes for the digests) and gives
the schema and the fragments; nothing is copied. Opening the same files again gives the same, on any machine.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from totem_ccf.storage.columns import FileColumn, item_of, machine_type, unsupported
from totem_ccf.storage.delimited import TypeInference
from totem_ccf.storage.errors import DataError
from totem_ccf.storage.fragment import BATCH_ROWS, Fragment, file_digest
from totem_ccf.storage.header import delimiter_hint, read_header
from totem_ccf.storage.names import identifiers
from totem_ccf.storage.objects import ObjectScanner, find_columns
from totem_ccf.storage.options import CsvOptions
from totem_ccf.storage.parquet import ParquetSource
from totem_ccf.storage.records import Block, CsvScanner, LineScanner, Scanner, blocks
from totem_ccf.storage.sources import find_files, format_of, is_compressed, open_stream, reading
from totem_sdk.objects import FoundColumns
from totem_sdk.schema import LINES, LINES_OF_FILES, Column, Schema
from totem_sdk.types import FLOAT, INT, STR, Option, Type

__all__ = ["Dataset", "open_dataset"]

_MARK = b"\xef\xbb\xbf"
"""A byte order mark, in UTF-8."""
_NOT_THERE = "correct the column's name in the schema, or take it out"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset: its schema, its fragments in published order, and the columns of its files that it can't have.

    ``omitted`` holds (name, reason); they are missing in the schema.
    """

    schema: Schema
    fragments: tuple[Fragment, ...]
    omitted: tuple[tuple[str, str], ...] = ()

    @property
    def rows(self) -> int:
        """The exact number of rows."""
        return sum(fragment.rows for fragment in self.fragments)

    def read(self, columns: Sequence[str], batch_rows: int = BATCH_ROWS, *, verify: bool = True) -> Iterator[Any]:
        """Yield the rows of all fragments in order; see ``Fragment.read``."""
        for fragment in self.fragments:
            yield from fragment.read(columns, batch_rows, verify=verify)

    def to_json(self) -> dict[str, Any]:
        """Return the dataset as a JSON object: for the provider's own processes only, it names paths."""
        return {
            "schema": self.schema.to_json(),
            "fragments": [fragment.to_json() for fragment in self.fragments],
            "omitted": [list(pair) for pair in self.omitted],
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Dataset:
        """Read what ``to_json`` gives."""
        return cls(
            Schema.from_json(document["schema"]),
            tuple(Fragment.from_json(fragment) for fragment in document["fragments"]),
            tuple((name, reason) for name, reason in document["omitted"]),
        )


def open_dataset(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    schema: Schema | None = None,
    *,
    csv: CsvOptions | None = None,
    lines: bool = False,
    digests: bool = True,
) -> Dataset:
    """Open files, folders and globs as one dataset.

    Args:
        paths: what to open, in order; all of one format.
        schema: the columns to have, and their types; by default all that the files have; of text only the lines
            (``LINES_OF_FILES``: with each the name of its file).
        csv: how CSV files are written.
        lines: read every file as text, whatever its name says (what a job gets that derives from mrjob's own MRJob).
        digests: compute the fragments' digests; without them a change since is found only by its number of rows.

    Raises:
        DataError: a file is not there, not readable, damaged, or has not the columns or types.
    """
    files = find_files(paths)
    formats: dict[str, Path] = {}
    for file in files:
        formats.setdefault("text" if lines else format_of(file), file)
    if len(formats) > 1:
        named = ", ".join(f"{format_} ({formats[format_].name})" for format_ in sorted(formats))
        hint = "give files of one format; the format follows from how a name ends"
        raise DataError("mixed", str(files[0]), f"files of different formats: {named}", hint=hint)
    match next(iter(formats)):
        case "parquet":
            return _open_parquet(files, schema, digests)
        case "csv":
            return _open_csv(files, schema, csv or CsvOptions(), digests)
        case "jsonl":
            return _open_objects(files, schema, digests)
        case _:
            return _open_text(files, schema, digests)


def _open_text(files: Sequence[Path], schema: Schema | None, digests: bool) -> Dataset:
    if schema not in (None, LINES, LINES_OF_FILES):
        raise DataError("schema", str(files[0]), "text has one column: line, of type str", hint="give no --schema")
    schema = schema or LINES
    columns = tuple(FileColumn(column.name, column.name, i, STR) for i, column in enumerate(schema.columns))
    fragments: list[Fragment] = []
    for file in files:
        whole = Fragment(str(file), "text", columns, 0, 0, 0, 0, None)
        fragments += _cut(whole, LineScanner(), digests, lambda _: None)
    return Dataset(schema, tuple(fragments))


def _open_csv(files: Sequence[Path], schema: Schema | None, options: CsvOptions, digests: bool) -> Dataset:
    inference = TypeInference()
    opened: list[tuple[tuple[FileColumn, ...], list[Fragment]]] = []
    for file in files:
        path = str(file)
        sources, header = read_header(file, options)
        names = identifiers(sources, path)
        columns = tuple(FileColumn(name, sources[i], i, STR) for i, name in enumerate(names))
        wanted = opened[0][0] if schema is None and opened else ()
        hint = (delimiter_hint(file, options) if len(names) == 1 else "") or (_NOT_THERE if schema else "")
        _require(path, [column.name for column in (schema.columns if schema else wanted)], names, hint)
        _require(str(files[0]), names if wanted else [], [column.name for column in wanted])

        def visit(block: Block, path: str = path, names: Sequence[str] = names) -> None:
            if schema is None:
                inference.add(path, block, names, options)

        whole = Fragment(path, "csv", (), 0, 0, 0, 0, None, width=len(names), header=header, csv=options)
        opened.append((columns, _cut(whole, CsvScanner(options.delimiter), digests, visit)))
    if schema is None:
        schema = Schema(tuple(Column(column.name, inference.type_of(column.name)) for column in opened[0][0]))
    fragments: list[Fragment] = []
    for columns, pieces in opened:
        by_name = {column.name: column for column in columns}
        typed = tuple(replace(by_name[column.name], type=column.type) for column in schema.columns)
        fragments += [replace(piece, columns=typed) for piece in pieces]
    return Dataset(schema, tuple(fragments))


def _open_objects(files: Sequence[Path], schema: Schema | None, digests: bool) -> Dataset:
    found = FoundColumns()
    pieces: list[Fragment] = []
    for file in files:
        path = str(file)
        with reading(file), open_stream(file) as stream:
            mark = len(_MARK) if stream.read(len(_MARK)) == _MARK else 0

        def visit(block: Block, path: str = path) -> None:
            find_columns(path, block, found)

        pieces += _cut(Fragment(path, "jsonl", (), 0, 0, 0, 0, None, header=mark), ObjectScanner(), digests, visit)
    columns, omitted = _columns_of(found, schema, str(files[0]))
    schema = schema or Schema(tuple(Column(name, column.type) for name, column in columns.items()))
    # Without an object in any file nobody knows what its columns are called there, and nobody reads them.
    there = [columns.get(column.name, FileColumn(column.name, column.name, 0, STR)) for column in schema.columns]
    typed = tuple(replace(column, type=c.type) for column, c in zip(there, schema.columns, strict=True))
    return Dataset(schema, tuple(replace(piece, columns=typed) for piece in pieces), omitted)


def _columns_of(
    found: FoundColumns, schema: Schema | None, path: str
) -> tuple[dict[str, FileColumn], tuple[tuple[str, str], ...]]:
    """Return the columns of JSON lines by name, and those that are left out; ``path`` is the first file."""
    if schema is None and found.rows == 0:
        raise DataError("format", path, "there is no object in it, so nothing says what the columns are")
    columns: dict[str, FileColumn] = {}
    omitted = []
    sources = list(found.types)
    for position, (name, source) in enumerate(zip(identifiers(sources, path), sources, strict=True)):
        type_ = found.type_of(source)
        if schema is None and type_ is None:
            omitted.append((name, found.reason(source)))
            continue
        if schema is not None and schema.index(name) is not None and found.is_nested(source):
            raise DataError("schema", path, found.reason(source), column=name, hint="take it out of the schema")
        columns[name] = FileColumn(name, source, position, type_ or STR)
    if schema is not None and found.rows:
        _require(path, [column.name for column in schema.columns], list(columns), _NOT_THERE)
    if schema is None and not columns:
        raise DataError("schema", path, "no key has values of a type that a job can have")
    return columns, tuple(omitted)


def _cut(whole: Fragment, scanner: Scanner, digests: bool, visit: Callable[[Block], None]) -> list[Fragment]:
    """Return the fragments of a plain file, each as ``whole`` with its own place; show every block to ``visit``.

    A compressed file can't be entered in the middle and is one fragment.
    """
    path = Path(whole.path)
    found = []
    compressed = is_compressed(path)
    with reading(path), open_stream(path) as stream:
        header = stream.read(whole.header)
        for block in blocks(stream, scanner, whole.path, start=whole.header):
            visit(block)
            digest = hashlib.sha256(header)
            digest.update(block.data if digests and not compressed else b"")
            found.append(
                replace(
                    whole,
                    start=block.start,
                    stop=block.start + len(block.data),
                    first_row=block.first_row,
                    rows=block.rows,
                    digest=digest.hexdigest() if digests else None,
                )
            )
        if not compressed:
            return found
        size = path.stat().st_size
    digest_text = file_digest(whole.path, 0, size, 0) if digests else None
    return [replace(whole, stop=size, rows=sum(piece.rows for piece in found), digest=digest_text)]


def _open_parquet(files: Sequence[Path], schema: Schema | None, digests: bool) -> Dataset:
    for file in files:
        if is_compressed(file):
            raise DataError("format", str(file), "Parquet compresses by itself: decompress the file")
    opened: list[tuple[str, dict[str, FileColumn]]] = []
    omitted: dict[str, str] = {}
    for file in files:
        path = str(file)
        with ParquetSource(path) as source:
            fields = source.fields()
            names = identifiers([name for name, _ in fields], path)
            columns: dict[str, FileColumn] = {}
            for position, (name, (field, arrow)) in enumerate(zip(names, fields, strict=True)):
                type_ = machine_type(arrow)
                if type_ is None:
                    if schema is not None and schema.index(name) is not None:
                        hint = "take it out of the schema"
                        raise DataError("schema", path, unsupported(arrow), column=name, hint=hint)
                    omitted.setdefault(name, unsupported(arrow))
                else:
                    type_ = Option(type_) if schema is None and source.has_nulls(field) else type_
                    columns[name] = FileColumn(name, field, position, type_)
        opened.append((path, columns))
    given = schema is not None
    if schema is None:
        schema = _common(opened)
    fragments: list[Fragment] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for path, columns in opened:
            hint = _NOT_THERE if given else ""
            _require(path, [column.name for column in schema.columns], list(columns), hint)
            wanted = tuple(_typed(path, columns[column.name], column.type) for column in schema.columns)
            fragments += pool.map(_digested, _ranges(path, wanted)) if digests else _ranges(path, wanted)
    return Dataset(schema, tuple(fragments), tuple(omitted.items()))


def _common(opened: Sequence[tuple[str, dict[str, FileColumn]]]) -> Schema:
    """Return the schema of several Parquet files: the columns of the first, optional where one has nulls."""
    first_path, first = opened[0]
    if not first:
        raise DataError("schema", first_path, "no column has a type that a job can have")
    types = {name: column.type for name, column in first.items()}
    for path, columns in opened[1:]:
        _require(path, list(first), list(columns))
        _require(first_path, list(columns), list(first))
        for name, column in columns.items():
            if item_of(column.type) != item_of(types[name]):
                detail = f"the type is {item_of(column.type)} here and {item_of(types[name])} in {first_path}"
                raise DataError("schema", path, detail, column=name)
            if isinstance(column.type, Option):
                types[name] = column.type
    return Schema(tuple(Column(name, type_) for name, type_ in types.items()))


def _typed(path: str, column: FileColumn, type_: Type) -> FileColumn:
    there, wanted = item_of(column.type), item_of(type_)
    if there != wanted and (there, wanted) != (INT, FLOAT):
        detail, hint = f"the type is {there}, the schema says {type_}", f"write {there} in the schema, or {there}?"
        raise DataError("schema", path, detail, column=column.name, hint=hint)
    return replace(column, type=type_)


def _ranges(path: str, columns: tuple[FileColumn, ...]) -> list[Fragment]:
    fragments = []
    first_row = 0
    with ParquetSource(path) as source:
        for start, stop, rows in source.ranges():
            fragments.append(Fragment(path, "parquet", columns, start, stop, first_row, rows, None))
            first_row += rows
    return fragments


def _digested(fragment: Fragment) -> Fragment:
    with ParquetSource(fragment.path) as source:
        pairs = tuple(
            (column.source, source.digest(column.source, fragment.start, fragment.stop)) for column in fragment.columns
        )
    digest = hashlib.sha256(json.dumps([fragment.rows, *map(list, pairs)]).encode()).hexdigest()
    return replace(fragment, digest=digest, column_digests=pairs)


def _require(path: str, wanted: Sequence[str], there: Sequence[str], hint: str = "") -> None:
    found = frozenset(there)
    for name in wanted:
        if name not in found:
            detail = f"there is no such column (there are: {', '.join(there)})"
            raise DataError("schema", path, detail, column=name, hint=hint)
