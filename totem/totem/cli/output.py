"""What commands print: JSON for programs, columns that fit for a terminal, plain text for a pipe.

Results go to standard output, everything about them (progress, errors, questions) to standard error, so that
``totem … | …`` never sees more than it asked for.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from totem.cli.hints import hint_of
from totem.cli.tables import GAP, cell_width, cut, fit, pad
from totem.services.errors import ProgramRefused, ServiceError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Output", "counted", "error_document", "printable", "show", "write_json"]

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def write_json(document: object, stream: IO[str] | None = None) -> None:
    """Print one JSON document on one line."""
    (stream or sys.stdout).write(json.dumps(document, ensure_ascii=False) + "\n")


class Output:
    """How one command talks; ``as_json`` prints one document on standard output, and only ``trouble`` beside it.

    Rich is imported for the running meter only: it takes longer to import than most commands run.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.fancy = not as_json and sys.stdout.isatty()
        self.fancy_notes = not as_json and sys.stderr.isatty()

    @cached_property
    def err(self) -> Console:
        """Standard error for what moves."""
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
        if not self.as_json:
            sys.stdout.write(f"{_styled(text, style) if self.fancy else text}\n")

    def note(self, text: str, style: str | None = None) -> None:
        """Print one line about the answer, on standard error."""
        if not self.as_json:
            sys.stderr.write(f"{_styled(text, style) if self.fancy_notes else text}\n")

    def trouble(self, text: str) -> None:
        """Print what no document says, on standard error, with --json too."""
        sys.stderr.write(f"{_styled(text, 'red') if self.fancy_notes else text}\n")

    def fields(self, pairs: Mapping[str, object]) -> None:
        """Print names and values, one pair a line."""
        if self.as_json:
            return
        width = max((len(name) for name in pairs), default=0)
        for name, value in pairs.items():
            self.line(f"{name:<{width}}  {show(value)}".rstrip())

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        title: str = "",
        *,
        lesser: Sequence[str] = (),
        long: str = "",
        none: str = "none",
    ) -> None:
        """Print rows under headings; columns whose every cell is a number stand to the right.

        ``rows`` are gone through twice (so they are no iterator), and none of them is kept. Where a terminal is too
        narrow, ``long`` (a column of prose) is cut and the columns of ``lesser`` are left out, the first one first;
        nothing is wrapped. ``none`` is said where there are no rows.
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
                widths[place] = max(widths[place], cell_width(self._cell(cell)))
        right = [0 < count == number for number in numbers]
        if title:
            self.line(title, style="bold")
        if count == 0:
            self.line(none)
            return
        room = shutil.get_terminal_size().columns if self.fancy else sum(widths) + GAP * len(widths)
        shown = fit(columns, widths, room, lesser, long)
        self._row(columns, shown, right, style="bold")
        for row in rows:
            self._row(row, shown, right)
        left_out = [column for place, column in enumerate(columns) if place not in shown]
        if left_out:
            self.note(f"(too narrow for {', '.join(left_out)}; --json has everything)", style="dim")

    def _row(
        self, cells: Sequence[object], shown: Mapping[int, int], right: Sequence[bool], style: str | None = None
    ) -> None:
        texts = (pad(cut(self._cell(cells[at]), width), width, right=right[at]) for at, width in shown.items())
        self.line((" " * GAP).join(texts).rstrip(), style)

    def _cell(self, value: object) -> str:
        """Return a cell's text; what would move the cursor or recolour the terminal does not get there."""
        return printable(show(value)) if self.fancy else show(value)

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
        if hint := hint_of(error):
            self.note(f"hint: {hint}")


def _console(stream: IO[str]) -> Console:
    from rich.console import Console  # noqa: PLC0415  # only for a terminal

    return Console(file=stream, highlight=False)


def printable(text: str) -> str:
    """Replace what would move the cursor or recolour the terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() or character == "\t" else "�" for character in text)


def _styled(text: str, style: str | None) -> str:
    if style is None or not text or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def error_document(error: ServiceError) -> dict[str, Any]:
    """Return the JSON object that a failed command prints."""
    document: dict[str, Any] = {"code": error.code, "message": error.message, "hint": hint_of(error)}
    if isinstance(error, ProgramRefused):
        document["refusals"] = [refusal.to_json() for refusal in error.refusals]
    return {"error": document}


def counted(number: int, thing: str) -> str:
    """Return how many things there are, as people say it."""
    return f"{show(number)} {thing}{'s' * (number != 1)}"


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
