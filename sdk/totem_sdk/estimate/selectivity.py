"""How probably a condition is true: guesses from published means, histograms and counts, for the expected value only.

A condition on a column as it stands goes by its histograms and counts. One on a computed number goes by its range, as
if all numbers in it were equally frequent (in a wide one: their logarithms). Where nothing is known the guess is 1/2,
and a value is seldom missing.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from typing import Any

from totem_sdk.estimate.known import Known, count
from totem_sdk.program import Op
from totem_sdk.scale import cell_limits, cell_of
from totem_sdk.statistics import ColumnStatistics

__all__ = ["CONDITIONS", "Columns", "chance"]

Columns = Callable[[int], tuple[ColumnStatistics, int]]
"""Gives what is published of a column of the row, and the number of rows."""

_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_PARTS = ("startswith", "endswith", "contains")
CONDITIONS = (*_FLIPPED, "is_none", "truth", *_PARTS)
"""The opcodes whose results this module says something of."""

_MOST_COMPARED = 64
"""Integers that a column is compared with one by one."""
_WIDE = 1_000
"""Above this a range of computed numbers says more of how large they can get than of how large they are."""
_FEW_NULLS = 2.5
"""Expected missing values where their number is not published, but other things are: then there are one to four."""
_PART = 1 / 8
"""How probably a text has some other one in it, at its beginning or its end: such conditions pick out few."""
_NONE = 1 / 16
"""How probably a value is missing of which nothing is published."""


def chance(op: Op, operands: Sequence[Known], columns: Columns) -> float:
    """Return how probably an undecided condition is true."""
    if op.code == "is_none":
        return _missing(operands[0], columns)
    if op.code in _PARTS:
        return _PART
    if op.code == "truth":
        (a,) = operands
        if isinstance(a.low, bool):
            return a.chance
        equal = 1 / 16 if a.low is None else _equal(a, Known(0, 0), columns)
        return (1 - equal) * (1 - (_missing(a, columns) if a.none else 0.0))
    code, (a, b) = op.code, operands
    if b.column is not None or (a.column is None and a.low == a.high):
        code, a, b = _FLIPPED[code], b, a
    if code in ("eq", "ne"):
        equal = _equal(a, b, columns)
        return equal if code == "eq" else 1 - equal
    if b.low is None or b.low != b.high:
        return 0.5
    below = _below(a, _next(a.low, b.low) if code in ("le", "gt") else b.low, columns)
    return below if code in ("lt", "le") else 1 - below


def _next(like: object, limit: Any) -> Any:
    """Return the first number after a limit, among ints where ``like`` is one; what is no number as it is."""
    if isinstance(limit, float) or (isinstance(limit, int) and isinstance(like, float)):
        return math.nextafter(float(limit), math.inf)
    return limit + 1 if isinstance(limit, int) else limit


def _missing(known: Known, columns: Columns) -> float:
    if known.column is None:
        return _NONE
    statistics, rows = columns(known.column)
    if statistics.nulls is not None and rows:
        return statistics.nulls / rows
    return min(1.0, _FEW_NULLS / rows) if rows and statistics != ColumnStatistics() else _NONE


def _equal(a: Known, b: Known, columns: Columns) -> float:
    """Return how probably two values are the same: one of as many as there are different ones."""
    if a.column is not None and isinstance(b.low, int) and b.high - b.low < _MOST_COMPARED:
        statistics, _ = columns(a.column)
        if statistics.scale and isinstance(statistics.minimum, int):
            shares = [_share_of(statistics.scale, value) for value in range(b.low, b.high + 1)]
            return sum(shares) / len(shares)
    most = max(float(count(known) or 0) or known.kinds or 0.0 for known in (a, b))
    return 0.5 if most <= 1 else 1 / most


def _share_of(scale: Sequence[tuple[int, int]], wanted: int) -> float:
    """Return the share of one integer among those of a column."""
    cell = cell_of(wanted)
    low, high = cell_limits(cell)
    return dict(scale).get(cell, 0) / sum(number for _, number in scale) / max(1.0, high - low)


def _below(a: Known, limit: object, columns: Columns) -> float:
    """Return how probably a value is below a limit."""
    wanted = _position(limit)
    if wanted is None:
        return 0.5
    if a.column is not None:
        statistics, _ = columns(a.column)
        if statistics.scale:
            return _scale_below(statistics.scale, wanted)
        low, high, cells = _position(statistics.minimum), _position(statistics.maximum), statistics.histogram
    else:
        low, high, cells = _position(a.low), _position(a.high), ()
        if low is not None and high is not None and isinstance(a.low, int | float) and high - low > _WIDE:
            # Small ones are frequent then: as if their logarithms were equally frequent.
            low, high, wanted = _logarithm(low), _logarithm(high), _logarithm(wanted)
    if low is None or high is None or not low < high or not math.isfinite(high - low):
        return 0.5
    place = min(1.0, max(0.0, (wanted - low) / (high - low)))
    total = sum(cells)
    if not total:
        return place
    bins = place * len(cells)
    whole = int(bins)
    below = float(sum(cells[:whole]))
    if whole < len(cells):
        below += cells[whole] * (bins - whole)
    return below / total


def _scale_below(scale: Sequence[tuple[int, int]], wanted: float) -> float:
    below = 0.0
    for cell, number in scale:
        low, high = cell_limits(cell)
        if high <= wanted and cell:
            below += number
        elif low < wanted:
            below += number * (wanted - low) / (high - low) if cell else number
    return below / sum(number for _, number in scale)


def _logarithm(number: float) -> float:
    return math.copysign(math.log1p(abs(number)), number)


def _position(value: object) -> float | None:
    """Return where a value lies on a line of numbers; None where it does not."""
    match value:
        case bool() | int() | float():
            return float(value)
        case datetime.datetime():
            return (value - datetime.datetime.min).total_seconds()
        case datetime.date():
            return float(value.toordinal())
    return None
