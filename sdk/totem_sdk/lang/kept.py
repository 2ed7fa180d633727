"""Makes expressions that use a value several times and evaluate it once."""

from __future__ import annotations

import itertools

from totem_sdk.lang.findings import At
from totem_sdk.lang.tree import Expr, Kept, Let

__all__ = ["Keeper"]

_NUMBERS = itertools.count()
"""Tells kept values apart; no Program has these numbers."""


class Keeper:
    """Gathers the values of one ``Let``, in the order in which they are evaluated."""

    def __init__(self, at: At) -> None:
        self.at = at
        self._values: list[tuple[int, Expr]] = []

    def keep(self, value: Expr) -> Kept:
        """Return what stands for a value that is evaluated after those that are kept already."""
        number = next(_NUMBERS)
        self._values.append((number, value))
        return Kept(value.type, self.at, number)

    def let(self, result: Expr) -> Let:
        """Return an expression of kept values."""
        return Let(result.type, self.at, tuple(self._values), result)
