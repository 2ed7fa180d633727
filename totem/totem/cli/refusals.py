"""Refusals as a compiler prints them: place, reason, the source line with a caret, hint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer

from totem.cli.output import Output, printable
from totem.services.errors import ProgramRefused
from totem.services.inputs import Job
from totem.services.pricing import job_notes
from totem_sdk.errors import Refusal

__all__ = ["explained", "noted", "refusal_text"]

_SHOWN = 160


def refusal_text(refusals: Iterable[Refusal], filename: str, source: str | None) -> str:
    """Return all refusals as text.

    ``source`` is the text that lines and columns count in; without it (or where a reason has no line of its own) only
    the reason is printed.
    """
    lines = [] if source is None else source.splitlines()
    return "\n".join(part for refusal in refusals for part in _parts(refusal, filename, lines))


@contextmanager
def explained(output: Output, job: Job) -> Iterator[None]:
    """Print why a job is refused as a compiler does, and exit.

    Raises:
        ProgramRefused: the reasons are not about places of the source, or a program asks (it gets them as JSON).
    """
    try:
        yield
    except ProgramRefused as error:
        if output.as_json or not error.in_source:
            raise
        output.note(refusal_text(error.refusals, job.filename, job.source), style="red")
        output.note(f"{len(error.refusals)} reason{'s' * (len(error.refusals) != 1)}: the job is refused")
        raise typer.Exit(error.exit_status) from None


def noted(output: Output, job: Job) -> None:
    """Print what in an accepted job has no effect here."""
    for note in job_notes(job.source, job.filename):
        output.note(f"note: {job.filename}:{note['line']}:{note['column']}: {note['message']}")


def _parts(refusal: Refusal, filename: str, lines: list[str]) -> list[str]:
    parts = [f"{filename}:{refusal.line}:{refusal.column}: error[{refusal.code}]: {refusal.message}"]
    if 1 <= refusal.line <= len(lines) and lines[refusal.line - 1].strip():
        parts += _excerpt(lines[refusal.line - 1], refusal.line, refusal.column)
    if refusal.hint:
        parts.append(f"  hint: {refusal.hint}")
    return parts


def _excerpt(line: str, number: int, column: int) -> list[str]:
    """Return the source line and a caret under the column; of a very long line only what is around the column."""
    start = max(0, column - 1 - _SHOWN // 2) if len(line) > _SHOWN else 0
    shown = printable(line[start : start + _SHOWN])
    before = printable(line[start : max(start, column - 1)])
    gutter = f"{number:>5} | "
    # Tabs stay tabs under the line, so that the caret is at its place whatever a tab's width is.
    pad = "".join("\t" if character == "\t" else " " for character in before)
    return [f"{gutter}{shown}".rstrip(), f"{' ' * (len(gutter) - 2)}| {pad}^"]
