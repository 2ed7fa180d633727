"""``TotemJob`` on mrjob: how a job runs unmetered on a sample, ``python peak_hour.py sample.csv``.

The first mapper gets the same typed rows as under TOTEM:

* CSV files (``.csv``, also ``.csv.gz`` and ``.csv.bz2``) with a header, one row a line; the types of the columns come
  from ``--schema FILE`` (JSON) or from the data by the rules of ``totem_sdk.rows``;
* JSON lines (``.jsonl``, ``.ndjson``, compressed too): in the same way, by the rules of ``totem_sdk.objects``;
* every other file is text: one column ``line``.

The driver finds header and types and hands them to the tasks as an argument of their own, ``--rows``.
"""

from __future__ import annotations

import glob
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrjob.cat import decompress
from mrjob.job import MRJob, UsageError
from mrjob.util import to_lines

from totem_sdk.errors import InvalidDocument, TotemError
from totem_sdk.objects import FoundColumns, cell_of, parse_object
from totem_sdk.param import declared
from totem_sdk.parameters import parse
from totem_sdk.rows import CsvFormat, column_names, infer_schema, parse_record, row_class, split_record
from totem_sdk.schema import LINES, Column, Schema

__all__ = ["TotemJob"]

_CSV = (".csv", ".csv.gz", ".csv.bz2")
_OBJECTS = tuple(name + ending for name in (".jsonl", ".ndjson") for ending in ("", ".gz", ".bz2"))

_NO_ROW = object()


@dataclass(frozen=True)
class _Lines:
    """How lines become rows: header (None: no CSV), schema, where its columns are, how CSV is written.

    ``keys`` are what the columns are called in JSON lines, None elsewhere.
    """

    header: str | None
    schema: Schema
    positions: tuple[int, ...] = (0,)
    csv: CsvFormat = CsvFormat()  # noqa: RUF009 - frozen
    keys: tuple[str, ...] | None = None

    def to_json(self) -> str:
        """Return what the driver hands to its tasks."""
        written = {"delimiter": self.csv.delimiter, "nulls": list(self.csv.nulls)}
        document = {"header": self.header, "schema": self.schema.to_json(), "positions": self.positions, "csv": written}
        return json.dumps({**document, "keys": self.keys})

    @classmethod
    def from_json(cls, text: str) -> _Lines:
        """Read what ``to_json`` gives."""
        document = json.loads(text)
        written = CsvFormat(document["csv"]["delimiter"], tuple(document["csv"]["nulls"]))
        schema, keys = Schema.from_json(document["schema"]), document["keys"]
        found = None if keys is None else tuple(keys)
        return cls(document["header"], schema, tuple(document["positions"]), written, found)


class _RowProtocol:
    """Reads a line of the input as (None, row); one that holds none as (None, _NO_ROW)."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._row = row_class(lines.schema)
        self._width = len(split_record(lines.header or "", lines.csv.delimiter))

    def read(self, line: bytes) -> tuple[None, Any]:
        """Return the row that a line holds."""
        lines = self._lines
        try:
            text = line.decode("utf-8" if lines.header is None and lines.keys is None else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidDocument(f"the input is not UTF-8: {error.reason}") from None
        if lines.keys is not None:
            return None, self._row(*_cells(text, lines.keys, lines.schema)) if text else _NO_ROW
        if lines.header is None:
            return None, self._row(text)
        if not text or text == lines.header:
            return None, _NO_ROW
        cells = split_record(text, lines.csv.delimiter)
        if len(cells) != self._width:
            raise InvalidDocument(f"a row has {len(cells)} cells; the header has {self._width}")
        cells = [cells[position] for position in lines.positions]
        return None, self._row(*parse_record(cells, lines.schema, lines.csv.nulls))


class TotemJob(MRJob):  # type: ignore[misc]  # mrjob has no types
    """A consumer's job: an mrjob job whose first mapper gets typed rows and not lines.

    Columns are attributes of a row and can't be changed. Job parameters are declared with ``Param`` and become
    options of the script: ``--day-rate``, or ``--param-day-rate`` where mrjob has an option of that name.
    """

    _cl_args: list[str]

    def configure_args(self) -> None:
        """Add ``--schema``, the tasks' ``--rows`` and an option for each job parameter."""
        super().configure_args()
        self.arg_parser.add_argument("--schema", help="JSON file with the columns' types (else from the data)")
        self.add_passthru_arg("--rows", help="for tasks: header and types of the rows, found by the driver")
        taken = self.arg_parser._option_string_actions  # noqa: SLF001 - argparse has no public way to ask
        for param in declared(type(self)).values():
            dashed = param.name.replace("_", "-")
            names = dict.fromkeys((f"--{param.name}", f"--{dashed}", f"--param-{dashed}"))
            # Where mrjob has an option of that name, --param-… is what is left.
            free = [name for name in names if name not in taken]
            self.add_passthru_arg(*free, dest=f"param_{param.name}", metavar=param.type.upper(), help=param.help)

    def load_args(self, args: Any) -> None:
        """Read the options and set the job parameters that were given."""
        super().load_args(args)
        for param in declared(type(self)).values():
            text = getattr(self.options, f"param_{param.name}")
            if text is not None:
                setattr(self, param.name, parse(param.spec(), text))

    @classmethod
    def run(cls) -> None:
        """Run the script; what a user can put right ends in one line and not in a traceback."""
        try:
            super().run()
        except (TotemError, UsageError) as error:
            sys.exit(f"{cls.__name__}: {error}")

    def make_runner(self) -> Any:
        """Find header and types of the input, then make mrjob's runner.

        Raises:
            UsageError: there is no input file, or it is not one that plain mrjob can read.
            InvalidDocument: the schema file or the data don't fit.
        """
        for name in declared(type(self)):
            if getattr(self, name, None) is None:
                raise UsageError(f"job parameter {name!r} has no default: give it with --{name}")
        if self.options.rows is None:
            lines = _describe(self.options.args, self.options.schema)
            # mrjob makes its tasks' arguments out of the command line it remembers.
            arguments: list[str] = [*self._cl_args, "--rows", lines.to_json()]
            self._cl_args = arguments
            self.load_args(arguments)
        return super().make_runner()

    def input_protocol(self) -> Any:
        """Return the protocol that reads lines as typed rows."""
        if self.options.rows is None:
            raise UsageError("a task of a TotemJob needs --rows, which its driver gives it")
        return _RowProtocol(_Lines.from_json(self.options.rows))

    def map_pairs(self, pairs: Iterable[tuple[Any, Any]], step_num: int = 0) -> Iterator[tuple[Any, Any]]:
        """Run the mapper of a step; headers and empty lines are no rows."""
        yield from super().map_pairs((pair for pair in pairs if pair[1] is not _NO_ROW), step_num)


def _describe(arguments: Iterable[str], schema_file: str | None) -> _Lines:
    """Return how the lines of the input files become rows."""
    paths = [path for argument in arguments for path in _files(argument)]
    if not paths:
        raise UsageError("name the input files: a TotemJob can't read standard input, the types come from the data")
    if unreadable := [path for path in paths if path.suffix in (".parquet", ".pq", ".xz")]:
        raise UsageError(f"{unreadable[0]}: mrjob can't read it; try the job on a CSV sample, or use totem run")
    kinds = {(path.name.endswith(_CSV), path.name.endswith(_OBJECTS)) for path in paths}
    if len(kinds) > 1:
        raise UsageError("the input files must all be CSV, all be JSON lines, or all be text")
    if kinds == {(False, False)}:
        return _Lines(None, LINES)
    schema, written = (None, CsvFormat()) if schema_file is None else _schema(Path(schema_file))
    if kinds == {(False, True)}:
        return _describe_objects(paths, schema)
    header = next(_lines(paths[0]), "")
    for path in paths[1:]:
        if next(_lines(path), header) != header:
            raise UsageError(f"{path}: the header is not that of {paths[0]}; plain mrjob needs the same in all files")
    cells = split_record(header, written.delimiter)
    names = column_names(cells)
    if schema is None:
        schema = infer_schema(cells, _records(paths, header))
    elif missing := [column.name for column in schema.columns if column.name not in names]:
        raise InvalidDocument(f"{paths[0]}: the schema's column {missing[0]!r} is not in the header")
    return _Lines(header, schema, tuple(names.index(column.name) for column in schema.columns), written)


def _describe_objects(paths: Iterable[Path], schema: Schema | None) -> _Lines:
    """Return how JSON lines become rows; keys that can't be columns are left out."""
    found = FoundColumns()
    for path in paths:
        with path.open("rb") as stream:
            for number, line in enumerate(to_lines(decompress(stream, str(path))), start=1):
                place = f"{path}, line {number}"
                try:
                    text = line.rstrip(b"\r\n").decode("utf-8-sig")
                    if text:
                        found.take(parse_object(text), place)
                except UnicodeDecodeError:
                    raise InvalidDocument(f"{place}: not UTF-8") from None
                except InvalidDocument as error:
                    raise InvalidDocument(f"{place}: {error}") from None
    keys = list(found.types)
    names = column_names(keys)
    if schema is None:
        types = [(name, found.type_of(key)) for name, key in zip(names, keys, strict=True)]
        schema = Schema(tuple(Column(name, type_) for name, type_ in types if type_ is not None))
    elif missing := [column.name for column in schema.columns if column.name not in names]:
        raise InvalidDocument(f"the schema's column {missing[0]!r} is in no object")
    wanted = tuple(keys[names.index(column.name)] for column in schema.columns)
    return _Lines(None, schema, keys=wanted)


def _cells(text: str, keys: Iterable[str], schema: Schema) -> list[Any]:
    """Return the values of an object in the order of a schema's columns."""
    values = parse_object(text)
    cells = []
    for key, column in zip(keys, schema.columns, strict=True):
        try:
            cells.append(cell_of(values.get(key), column.type))
        except ValueError as error:
            raise InvalidDocument(f"column {column.name!r}: {error}") from None
    return cells


def _schema(path: Path) -> tuple[Schema, CsvFormat]:
    """Read a schema document, with or without ``csv`` (docs/data.md)."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidDocument(f"schema {path}: {error.strerror}") from None
    except ValueError as error:
        raise InvalidDocument(f"schema {path}: not JSON ({error})") from None
    if not isinstance(document, dict) or set(document) != {"columns", "csv"} or isinstance(document["csv"], str):
        return Schema.from_json(document), CsvFormat()
    written = document["csv"]
    try:
        return Schema.from_json(document["columns"]), CsvFormat(
            written.get("delimiter", ","), (*written.get("nulls", ()),)
        )
    except (AttributeError, TypeError):
        raise InvalidDocument(f"schema {path}: csv is an object with delimiter and nulls") from None


def _files(argument: str) -> list[Path]:
    """Return the local files of an argument: a file, a folder, or a pattern; in order."""
    if argument == "-":
        return []
    found: list[Path] = []
    for path in map(Path, sorted(glob.glob(argument))):  # noqa: PTH207 - absolute patterns are welcome too
        below = [path] if not path.is_dir() else [file for file in path.rglob("*") if file.is_file()]
        found += sorted(file for file in below if path == file or not file.name.startswith((".", "_")))
    if not found:
        raise UsageError(f"{argument}: there is no such file")
    return found


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        for number, line in enumerate(to_lines(decompress(stream, str(path))), start=1):
            try:
                text = line.rstrip(b"\r\n").decode("utf-8-sig")
            except UnicodeDecodeError:
                raise InvalidDocument(f"{path}, line {number}: not UTF-8; write the file as UTF-8") from None
            yield text


def _records(paths: Iterable[Path], header: str) -> Iterator[list[str]]:
    for path in paths:
        yield from (split_record(line) for line in _lines(path) if line not in ("", header))
