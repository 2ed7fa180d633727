"""What commands print: JSON for programs, Rich for a terminal, plain text for a pipe.

Results go to standard output, everything about them (progress, errors, questions) to standard error, so that
``totem … | …`` never sees more than it asked for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from totem.services.errors import ProgramRefused, ServiceError

__all__ = ["Output", "write_json"]


def write_json(document: object, stream: IO[str] | None = None) -> None:
    """Print one JSON document on one line."""
    (stream or sys.stdout).write(json.dumps(document, ensure_ascii=False) + "\n")


class Output:
    """How one command talks; ``as_json`` prints nothing but one document on standard output."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.fancy = not as_json and sys.stdout.isatty()
        self.out = Console(file=sys.stdout, highlight=False, soft_wrap=not self.fancy)
        self.err = Console(file=sys.stderr, highlight=False, soft_wrap=not sys.stderr.isatty())

    def document(self, document: object) -> None:
        """Print the answer for programs (only with --json)."""
        if self.as_json:
            write_json(document)

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print one line of the answer for people."""
        if not self.as_json:
            self.out.print(Text(text), style=style)

    def note(self, text: str, style: str | None = None) -> None:
        """Print one line about the answer, on standard error."""
        if not self.as_json:
            self.err.print(Text(text), style=style)

    def fields(self, pairs: Mapping[str, object]) -> None:
        """Print names and values, one pair a line."""
        if self.as_json:
            return
        width = max((len(name) for name in pairs), default=0)
        for name, value in pairs.items():
            self.line(f"{name:<{width}}  {show(value)}".rstrip())

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
        """Print rows under headings; columns whose every cell is a number stand to the right."""
        if self.as_json:
            return
        right = [bool(rows) and all(_is_number(row[place]) for row in rows) for place in range(len(columns))]
        cells = [[show(cell) for cell in row] for row in rows]
        if self.fancy:
            table = Table(title=title or None, title_justify="left", header_style="bold")
            for name, is_right in zip(columns, right, strict=True):
                table.add_column(name, justify="right" if is_right else "left", overflow="fold")
            for row in cells:
                table.add_row(*(Text(cell) for cell in row))
            self.out.print(table)
            return
        if title:
            self.line(title)
        widths = [max(len(row[place]) for row in [list(columns), *cells]) for place in range(len(columns))]
        for row in [list(columns), *cells]:
            texts = (
                f"{cell:>{width}}" if is_right else f"{cell:<{width}}"
                for cell, width, is_right in zip(row, widths, right, strict=True)
            )
            self.line("  ".join(texts).rstrip())

    def error(self, error: ServiceError) -> None:
        """Print a use case's error: JSON on standard output with --json, else text on standard error."""
        if self.as_json:
            write_json(error_document(error))
            return
        self.err.print(Text(f"error: {error.message}"), style="red")
        if isinstance(error, ProgramRefused):
            for refusal in error.refusals:
                if refusal.message != error.message:
                    self.err.print(Text(f"  {refusal.line}:{refusal.column}: {refusal.message} [{refusal.code}]"))
        if error.hint:
            self.err.print(Text(f"hint: {error.hint}"))


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
