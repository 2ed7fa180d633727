"""How a table fits on a terminal: columns side by side, nothing wrapped; what matters least is left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["GAP", "cell_width", "cut", "fit", "pad"]

GAP = 2
"""Blanks between columns."""

_LEAST_CUT = 8
"""A text is not cut to less than this."""


def cell_width(text: str) -> int:
    """Return how many places a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def pad(text: str, width: int, *, right: bool) -> str:
    """Return a text with the blanks that fill its column."""
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks


def cut(text: str, width: int) -> str:
    """Return as much of a text as fits, with a sign that there is more."""
    if cell_width(text) <= width:
        return text
    kept, taken = "", 1
    for character in text:
        taken += cell_width(character)
        if taken > width:
            break
        kept += character
    return f"{kept.rstrip()}…"


def fit(columns: Sequence[str], widths: Sequence[int], room: int, lesser: Sequence[str], long: str) -> dict[int, int]:
    """Return which columns are shown in ``room`` places, with their widths.

    First ``long``, a column of prose, is cut; then the columns of ``lesser`` are left out, the first one first. What is
    in neither is shown in any case, whole.
    """
    shown = dict(enumerate(widths))
    for name in ("", *lesser):
        shown.pop(columns.index(name) if name else -1, None)
        excess = sum(shown.values()) + GAP * (len(shown) - 1) - room
        if excess <= 0:
            break
        place = columns.index(long) if long else -1
        if place in shown and shown[place] - excess >= max(_LEAST_CUT, len(long)):
            shown[place] -= excess
            break
    return shown
