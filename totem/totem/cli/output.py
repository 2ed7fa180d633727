"""What commands print: JSON for programs, Rich for a terminal, plain text for a pipe.

Results go to standard output, everything about them (progress, errors, questions) to standard error, so that
``totem … | …`` never sees more than it asked for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from totem.services.errors import ProgramRefused, ServiceError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Output", "error_document", "show", "write_json"]


def write_json(document: object, stream: IO[str] | None = None) -> None:
    """Print one JSON document on one line."""
    (stream or sys.stdout).write(json.dumps(document, ensure_ascii=False) + "\n")


class Output:
    """How one command talks; ``as_json`` prints nothing but one document on standard output.

    Rich is imported where there is a terminal: a command in a pipe or in a program starts faster without it.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.fancy = not as_json and sys.stdout.isatty()
        self.fancy_notes = not as_json and sys.stderr.isatty()

    @cached_property
    def out(self) -> Console:
        """Standard output as a terminal."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """Standard error as a terminal."""
        return _console(sys.stderr)

    def document(self, document: object) -> None:
        """Print the answer for programs (only with --json)."""
        if self.as_json:
            write_json(document)

    def document_parts(self, parts: Iterable[str]) -> None:
        """Print the answer for programs piece by piece, on one line (only with --json)."""
        if self.as_json:
            sys.stdout.writelines(parts)
            sys.stdout.write("\n")

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print one line of the answer for people."""
        if self.fancy:
            self.out.print(text, style=style, markup=False, soft_wrap=True)
        elif not self.as_json:
            sys.stdout.write(f"{text}\n")

    def note(self, text: str, style: str | None = None) -> None:
        """Print one line about the answer, on standard error."""
        if self.fancy_notes:
            self.err.print(text, style=style, markup=False, soft_wrap=True)
        elif not self.as_json:
            sys.stderr.write(f"{text}\n")

    def fields(self, pairs: Mapping[str, object]) -> None:
        """Print names and values, one pair a line."""
        if self.as_json:
            return
        width = max((len(name) for name in pairs), default=0)
        for name, value in pairs.items():
            self.line(f"{name:<{width}}  {show(value)}".rstrip())

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
        """Print rows under headings; columns whose every cell is a number stand to the right.

        ``rows`` are gone through twice (so they are no iterator), and outside a terminal none of them is kept.
        """
        if self.as_json:
            return
        numbers = [0] * len(columns)
        widths = [len(column) for column in columns]
        count = 0
        for row in rows:
            count += 1
            for place, cell in enumerate(row):
                numbers[place] += _is_number(cell)
                widths[place] = max(widths[place], len(show(cell)))
        right = [0 < count == number for number in numbers]
        if self.fancy:
            self._rich_table(columns, [[show(cell) for cell in row] for row in rows], right, title)
            return
        if title:
            self.line(title)
        self._row(columns, widths, right)
        for row in rows:
            self._row(row, widths, right)

    def _row(self, cells: Sequence[object], widths: Sequence[int], right: Sequence[bool]) -> None:
        texts = (
            f"{show(cell):>{width}}" if is_right else f"{show(cell):<{width}}"
            for cell, width, is_right in zip(cells, widths, right, strict=True)
        )
        self.line("  ".join(texts).rstrip())

    def error(self, error: ServiceError) -> None:
        """Print a use case's error: JSON on standard output with --json, else text on standard error."""
        if self.as_json:
            write_json(error_document(error))
            return
        self.note(f"error: {error.message}", style="red")
        if isinstance(error, ProgramRefused):
            for refusal in error.refusals:
                if refusal.message != error.message:
                    self.note(f"  {refusal.line}:{refusal.column}: {refusal.message} [{refusal.code}]")
        if error.hint:
            self.note(f"hint: {error.hint}")

    def _rich_table(
        self, columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool], title: str
    ) -> None:
        from rich.table import Table  # noqa: PLC0415  # only for a terminal
        from rich.text import Text  # noqa: PLC0415  # only for a terminal

        table = Table(title=title or None, title_justify="left", header_style="bold")
        for name, is_right in zip(columns, right, strict=True):
            table.add_column(name, justify="right" if is_right else "left", overflow="fold")
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))
        self.out.print(table)


def _console(stream: IO[str]) -> Console:
    from rich.console import Console  # noqa: PLC0415  # only for a terminal

    return Console(file=stream, highlight=False)


def error_document(error: ServiceError) -> dict[str, Any]:
    """Return the JSON object that a failed command prints."""
    document: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, ProgramRefused):
        document["refusals"] = [refusal.to_json() for refusal in error.refusals]
    return {"error": document}


def show(value: object) -> str:
    """Return a value as people read it: thousands in groups, no None, lists with commas."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case list() | tuple():
            return ", ".join(show(item) for item in value) or "–"
    return str(value)


def _is_number(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, int | float) and not isinstance(value, bool))
