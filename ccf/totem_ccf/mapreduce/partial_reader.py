"""Reading the partial groups of other providers: every line is checked, because whoever wrote it is not trusted.

What a file says is laid out as the map tasks of this provider would have done it, so the reduce phase can't tell the
difference. A file is read line by line: whatever it holds, not more than a line of it is in memory at once, and no more
emits than the job's ``memory_limit``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa

from totem_ccf.mapreduce.fold_rows import folds_to_batch
from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_ccf.mapreduce.partials import LINE_BYTES, combined_layout, header_of
from totem_ccf.mapreduce.runs import make_durable
from totem_ccf.mapreduce.shuffle import ShuffleWriter
from totem_sdk.cut import Partial, partial_of
from totem_sdk.errors import InvalidDocument
from totem_sdk.interpreter.folded import MOST_VALUES, Folded
from totem_sdk.program import Program
from totem_sdk.values import canonical_json, key_bytes, read_value

__all__ = ["PartialFile", "PartialRefused", "check_partials", "read_partials"]

_ROWS = 16_384

_STRUCTURE_BYTES = 1 << 20
"""No line has more outside of its texts: no program has so many scalars in a key and a value (docs/language.md, 13)."""

_TEXT = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
"""A text, also one without an end: else each quote in it would be tried as a beginning, up to the end of the line."""


class PartialRefused(Exception):
    """Partial groups that can't be those of an honest data part; the text names the part and the line."""


@dataclass(frozen=True, slots=True)
class PartialFile:
    """Where the partial groups of one data part lie.

    ``name`` tells whose they are, for reasons. ``sha256`` (hexadecimal, of the whole file) and ``values`` are what is
    known from elsewhere, if anything is: the digest that their provider has announced, the ``records_out`` that it has
    settled.
    """

    path: str
    name: str
    sha256: str | None = None
    values: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"path": self.path, "name": self.name, "sha256": self.sha256, "values": self.values}


def read_partials(
    program: Program, documents: Sequence[Mapping[str, Any]], directory: Path, memory_limit: int
) -> list[dict[str, Any]]:
    """Lay out the files of ``PartialFile`` documents in ``directory``; return an output document for each, in order.

    Raises:
        PartialRefused: a file is not what an honest data part of this program writes.
        ShuffleError, OSError: the provider's own disk.
    """
    layout = combined_layout(program)
    outputs = []
    for number, document in enumerate(documents):
        file = PartialFile(**document)
        folder = directory / f"partial-{number:03d}"
        writer = ShuffleWriter(layout, program.steps[0].partitions, folder, memory_limit)
        _Reader(program, file).copy(layout, writer)
        pieces = writer.finish()
        make_durable(pieces, directory)
        outputs.append({"pieces": [piece.to_json() for piece in pieces]})
    return outputs


def check_partials(program: Program, file: PartialFile) -> None:
    """Read one file as ``read_partials`` does, and keep nothing of it.

    Raises:
        PartialRefused: it is not what an honest data part of this program writes.
    """
    _Reader(program, file).copy(combined_layout(program), _Nowhere())


class _Sink(Protocol):
    """What takes rows that were read."""

    def add(self, batch: pa.RecordBatch, /) -> None:
        """Take a batch of rows."""


class _Nowhere:
    """Takes rows and keeps none of them."""

    def add(self, batch: pa.RecordBatch, /) -> None:
        """See ``_Sink``."""


class _Reader:
    """Reads one file."""

    def __init__(self, program: Program, file: PartialFile) -> None:
        self._partial: Partial = partial_of(program)
        self._header = header_of(program.program_id, self._partial)
        self._file = file
        self._line = 0
        self._key = b""
        self._groups = 0
        self._values = 0

    def copy(self, layout: PairLayout | FoldLayout, writer: _Sink) -> None:
        """Give everything to a writer."""
        try:
            with Path(self._file.path).open("rb") as stream:
                self._copy(stream, layout, writer)
        except (InvalidDocument, UnicodeError) as error:
            raise self._refused(str(error) if isinstance(error, InvalidDocument) else "not UTF-8") from None
        except FileNotFoundError:
            raise self._refused("there is no such file") from None

    def _copy(self, stream: IO[bytes], layout: PairLayout | FoldLayout, writer: _Sink) -> None:
        digest = hashlib.sha256()
        lines = self._lines(stream)
        first, header = next(lines, (b"", None))
        self._check_header(header)
        digest.update(first)
        rows: list[Any] = []
        for line, document in lines:
            if isinstance(document, dict):
                self._check_end(document, digest.hexdigest())
                digest.update(line)
                self._check_known(digest.hexdigest())
                if stream.read(1):
                    raise InvalidDocument("there is something behind the last line")
                break
            digest.update(line)
            rows.append(self._row(document))
            if len(rows) == _ROWS:
                _add(layout, writer, rows)
                rows = []
        else:
            raise InvalidDocument("the last line is missing: the file is cut short")
        _add(layout, writer, rows)

    def _lines(self, stream: IO[bytes]) -> Iterator[tuple[bytes, Any]]:
        """Yield every line with its document; each must be in its one form."""
        while line := stream.readline(LINE_BYTES):
            self._line += 1
            if not line.endswith(b"\n"):
                raise InvalidDocument("the line is cut short, or too long")
            if len(line) > _STRUCTURE_BYTES and not _is_mostly_text(line):
                raise InvalidDocument("more brackets, numbers and commas than a group of any program has")
            text = line[:-1].decode("utf-8")
            try:
                document = json.loads(text)
                same = canonical_json(document) == text
            except (ValueError, RecursionError):
                raise InvalidDocument("not JSON") from None
            if not same:
                raise InvalidDocument("not canonical JSON")
            yield line, document

    def _check_header(self, header: Any) -> None:
        if not isinstance(header, dict):
            raise InvalidDocument("not a file of partial groups")
        for name, expected in self._header.items():
            if header.get(name) != expected:
                raise InvalidDocument(f"{name} is {str(header.get(name))[:80]!r}, not {expected!r}")
        if header.keys() != self._header.keys():
            raise InvalidDocument("the header has fields that it must not have")

    def _row(self, document: Any) -> tuple[Any, Any]:
        partial = self._partial
        if not isinstance(document, list) or len(document) < 2:
            raise InvalidDocument("not a group")
        key = read_value(partial.key, document[0])
        encoded = key_bytes(key)
        if encoded < self._key:
            raise InvalidDocument("the keys are not in their order")
        if encoded != self._key:
            self._groups += 1
        elif partial.fold is not None:
            raise InvalidDocument("the group is there twice")
        self._key = encoded
        if partial.fold is not None:
            folded = Folded.from_json(partial.fold, document[1:])
            self._count(folded.number)
            return key, folded
        if len(document) != 2:
            raise InvalidDocument("not a key and a value")
        self._count(1)
        return key, read_value(partial.value, document[1])

    def _count(self, number: int) -> None:
        self._values += number
        if self._values > MOST_VALUES:
            raise InvalidDocument(f"more than {MOST_VALUES} values")

    def _check_end(self, document: dict[str, Any], digest: str) -> None:
        if document != {"groups": self._groups, "sha256": digest, "values": self._values}:
            raise InvalidDocument(
                f"the last line does not fit the {self._groups} groups of {self._values} values before it: the file is"
                " damaged or made up"
            )

    def _check_known(self, digest: str) -> None:
        known = self._file
        if known.sha256 is not None and known.sha256 != digest:
            raise InvalidDocument("it is not the file that its provider has announced: the digest differs")
        if known.values is not None and known.values != self._values:
            raise InvalidDocument(f"it has {self._values} values, its provider has settled {known.values}")

    def _refused(self, why: str) -> PartialRefused:
        return PartialRefused(f"the partial groups of {self._file.name} ({self._file.path}), line {self._line}: {why}")


def _is_mostly_text(line: bytes) -> bool:
    """Return whether a line has little outside of its texts; else its document would be far larger than itself."""
    others = end = 0
    for text in _TEXT.finditer(line):
        others += text.start() - end + 1
        end = text.end()
        if others > _STRUCTURE_BYTES:
            return False
    return others + len(line) - end <= _STRUCTURE_BYTES


def _add(layout: PairLayout | FoldLayout, writer: _Sink, rows: Sequence[tuple[Any, Any]]) -> None:
    if rows:
        writer.add(folds_to_batch(layout, rows) if isinstance(layout, FoldLayout) else layout.from_python(rows))
