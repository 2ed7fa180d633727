"""Tables by source line, as people read them: what a line will cost, and what it has cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from totem.cli.output import Output, show

__all__ = ["print_lines", "upper_text"]

_NAMES = {"line": "line", "lower": "at least", "expected": "probably", "upper": "at most", "totem": "used"}


def print_lines(output: Output, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows of ``totem.services.by_line``: the columns that they have, and each line's text."""
    fields = [name for name in _NAMES if not rows or name in rows[0]]
    cells = [[*(_cell(name, row) for name in fields), row["source"]] for row in rows]
    columns = [*(_NAMES[name] for name in fields), "source"]
    none = "none: the program has too many lines for an estimate of each"
    output.table(columns, cells, title="totem by source line", lesser=["source"], long="source", none=none)


def upper_text(totem: int | None) -> str:
    """Return an upper bound as a text."""
    return "unbounded" if totem is None else show(totem)


def _cell(name: str, row: dict[str, Any]) -> object:
    if name == "upper" and row["lower"] is not None:
        return upper_text(row["upper"])
    return "" if row[name] is None else row[name]
