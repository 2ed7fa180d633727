"""Column names as a job can write them.

A name becomes a Python identifier: normalised (NFKC, as Python does it), every run of other characters replaced by
one ``_``, no ``_`` at the beginning or, if there was something replaced, at the end; ``c`` before a digit; ``_`` after
a keyword; ``column_N`` (N from 1) if nothing is left. ``Customer ID`` becomes ``Customer_ID``, ``2nd`` ``c2nd``,
``class`` ``class_``.
"""

from __future__ import annotations

import keyword
import unicodedata

__all__ = ["identifier"]


def identifier(name: str, position: int) -> str:
    """Return the identifier for a column's name; ``position`` counts the columns from 0."""
    text = unicodedata.normalize("NFKC", name)
    kept = "".join(c if f"_{c}".isidentifier() else " " for c in text)
    made = "_".join(kept.split()).lstrip("_")
    if not made:
        return f"column_{position + 1}"
    if not made.isidentifier():
        made = f"c{made}"
    return f"{made}_" if keyword.iskeyword(made) else made
