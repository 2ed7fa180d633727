"""Amounts of totem as people write them: with or without the separators that they are printed with."""

from __future__ import annotations

import re
from typing import Any

import typer

from totem_sdk.cost import MAX_TOTEM

__all__ = ["amount", "positive"]

_FORM = re.compile(r"[0-9]+|[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,3}(_[0-9]{3})+")


def amount(text: Any) -> int:
    """Return an amount of totem: ``29787072``, ``29,787,072`` and ``29_787_072`` are the same.

    Raises:
        typer.BadParameter: it is none, or more than there can be.
    """
    found = str(text).strip()
    if not _FORM.fullmatch(found):
        raise typer.BadParameter(f"{found!r} is no amount of totem: a whole number such as 29787072 or 29,787,072")
    value = int(found.replace(",", "").replace("_", ""))
    if value > MAX_TOTEM:
        raise typer.BadParameter(f"{found} is more totem than there can be ({MAX_TOTEM:,})")
    return value


def positive(text: Any) -> int:
    """Return an amount of totem that is not nothing; see ``amount``."""
    if (value := amount(text)) == 0:
        raise typer.BadParameter("at least 1 totem")
    return value
