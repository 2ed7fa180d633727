"""What somebody has meant who misspelt a name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["meant"]

_MOST = 3
_ALIKE = 0.6
_ALIKE_IN_FULL = 0.8
"""Of ``name@msp``: two of one organisation are alike already by its name."""


def meant(name: str, known: Iterable[str]) -> str:
    """Return the question whether one of the names that are most like ``name`` was meant; empty where none is."""
    cutoff = _ALIKE_IN_FULL if "@" in name else _ALIKE
    by_lower = {each.lower(): each for each in known}
    found = [repr(by_lower[each]) for each in get_close_matches(name.lower(), by_lower, _MOST, cutoff)]
    return f"did you mean {' or '.join(found)}?" if found else ""
