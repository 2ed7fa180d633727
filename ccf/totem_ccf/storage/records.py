"""Where plain files can be cut: rows of text and CSV, and the blocks that become fragments.

The rule, which depends on the file's bytes alone: a block ends with the row in which it reaches 32 MiB, or with its
262,144th row. What follows the last row (blank lines) belongs to no block. A file without rows has one empty block.

Rows of a text file end with a line feed. Rows of a CSV file end with a line feed, a carriage return or both, unless
it is within quotes; a quote opens only at the beginning of a cell, and within quotes two quotes are one (RFC 4180, and
as Arrow reads it where a file does not follow it). Empty lines are no rows of a CSV file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

import numpy as np
import numpy.typing as npt

from totem_ccf.storage.errors import DataError

__all__ = ["Block", "CsvScanner", "Flags", "LineScanner", "Positions", "Scanner", "blocks", "read_piece"]

BLOCK_BYTES = 32 << 20
BLOCK_ROWS = 262_144
LONGEST_ROW = 256 << 20
PIECE_BYTES = 8 << 20

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_LF, _CR, _QUOTE = 10, 13, 34


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows of a plain file: ``data`` begins at its (decompressed) byte ``start``, after ``first_row`` rows."""

    start: int
    data: bytes
    first_row: int
    rows: int


class Scanner(Protocol):
    """Finds where rows end in a file that it is given in pieces."""

    def scan(self, chunk: bytes) -> tuple[Positions, Flags]:
        """Return where in the next piece rows end (after their line end), and for each whether it is a row.

        A piece does not end in a quote or a carriage return, unless it is the last.
        """

    def within_quotes(self) -> bool:
        """Tell whether the pieces so far end within quotes."""


class LineScanner:
    """Rows of a text file: lines."""

    def scan(self, chunk: bytes) -> tuple[Positions, Flags]:
        """See Scanner."""
        ends = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == _LF) + 1
        return ends, np.ones(len(ends), dtype=np.bool_)

    def within_quotes(self) -> bool:
        """See Scanner."""
        return False


class CsvScanner:
    """Rows of a CSV file: lines that do not end within quotes."""

    def __init__(self, delimiter: str) -> None:
        self._opens_after = (ord(delimiter), _LF, _CR)
        self._quoted = False
        self._last = _LF
        self._pending = 0

    def within_quotes(self) -> bool:
        """See Scanner."""
        return self._quoted

    def scan(self, chunk: bytes) -> tuple[Positions, Flags]:
        """See Scanner."""
        data = np.frombuffer(chunk, dtype=np.uint8)
        ends = np.flatnonzero(data == _LF)
        if b"\r" in chunk:
            returns = np.flatnonzero(data == _CR)
            following = np.append(data, 0)[returns + 1]
            if (alone := returns[following != _LF]).size:
                ends = np.sort(np.concatenate([ends, alone]))
        if self._quoted or b'"' in chunk:
            ends = ends[~self._inside(data, ends)]
        starts = np.concatenate([[-self._pending], ends[:-1] + 1]) if len(ends) else ends
        lengths = ends - starts
        before = data[np.maximum(ends - 1, 0)]
        before[ends == 0] = self._last
        blank = (lengths == 0) | ((lengths == 1) & (before == _CR))
        self._pending = len(data) - int(ends[-1]) - 1 if len(ends) else self._pending + len(data)
        self._last = int(data[-1]) if len(data) else self._last
        return ends + 1, ~blank

    def _inside(self, data: npt.NDArray[np.uint8], ends: Positions) -> Flags:
        """Tell for each line end whether it is within quotes; remember it for the end of the piece."""
        quotes = np.flatnonzero(data == _QUOTE)
        before = data[np.maximum(quotes - 1, 0)]
        before[quotes == 0] = self._last
        after = np.append(data, _LF)[quotes + 1]
        # If every quote that should open follows a delimiter (or a quote that closed) and every one that should close
        # is followed by one, counting them is enough.
        opening = (np.arange(len(quotes)) + self._quoted) % 2 == 0
        edges = np.array([*self._opens_after, _QUOTE], dtype=np.uint8)
        if bool(np.isin(np.where(opening, before, after), edges).all()):
            inside: Flags = (np.searchsorted(quotes, ends) + self._quoted) % 2 == 1
            self._quoted = (len(quotes) + self._quoted) % 2 == 1
            return inside
        return self._followed(quotes, before, after, ends)

    def _followed(
        self, quotes: Positions, before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8], ends: Positions
    ) -> Flags:
        """As ``_inside``, quote by quote, for files in which quotes stand in the middle of cells."""
        changes = []
        skipped = -1
        for quote, left, right in zip(quotes.tolist(), before.tolist(), after.tolist(), strict=True):
            if quote == skipped:
                continue
            if not self._quoted:
                if left not in self._opens_after:
                    continue
            elif right == _QUOTE:
                skipped = quote + 1
                continue
            self._quoted = not self._quoted
            changes.append(quote)
        began = self._quoted ^ (len(changes) % 2 == 1)
        inside: Flags = (np.searchsorted(np.array(changes, dtype=np.int64), ends) + began) % 2 == 1
        return inside


def blocks(stream: IO[bytes], scanner: Scanner, path: str, *, start: int = 0) -> Iterator[Block]:
    """Yield the blocks of the rest of a stream, which begins at byte ``start`` of the file.

    Raises:
        DataError: a row is longer than 256 MiB (kind ``format``), or the file ends within quotes (``truncated``).
    """
    held, ends, first_row = b"", np.zeros(0, dtype=np.int64), 0
    line_end = 0
    while True:
        chunk = read_piece(stream)
        if chunk:
            line_ends, is_row = scanner.scan(chunk)
            ends = np.concatenate([ends, line_ends[is_row] + len(held)])
            line_end = len(held) + int(line_ends[-1]) if len(line_ends) else line_end
            held += chunk
        elif scanner.within_quotes():
            raise DataError("truncated", path, "the file ends within quotes", row=first_row + len(ends) + 1)
        elif len(held) > line_end:
            # The last row has no line end.
            ends = np.append(ends, len(held))
        while len(ends) > (cut := min(BLOCK_ROWS - 1, int(np.searchsorted(ends, BLOCK_BYTES)))):
            end = int(ends[cut])
            yield Block(start, held[:end], first_row, cut + 1)
            held, ends, line_end = held[end:], ends[cut + 1 :] - end, line_end - end
            start, first_row = start + end, first_row + cut + 1
        if len(held) - line_end > LONGEST_ROW:
            row = first_row + len(ends) + 1
            missing = "a quote" if isinstance(scanner, CsvScanner) else "a line end"
            raise DataError("format", path, f"a row is longer than 256 MiB; {missing} may be missing", row=row)
        if not chunk:
            break
    if len(ends) or first_row == 0:
        yield Block(start, held[: int(ends[-1]) if len(ends) else 0], first_row, len(ends))


def read_piece(stream: IO[bytes]) -> bytes:
    """Return the next piece for a scanner: one that does not end in a quote or a carriage return, if it can."""
    data = stream.read(PIECE_BYTES)
    while data.endswith((b'"', b"\r")) and (more := stream.read(1)):
        data += more
    return data
