"""How probably a condition is true: guesses from published means, histograms and counts, for the expected value only.

Where nothing is published, or the condition is about something computed, the guess is 1/2.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from totem_sdk.estimate.known import Known
from totem_sdk.program import Op
from totem_sdk.statistics import ColumnStatistics

__all__ = ["Columns", "chance"]

Columns = Callable[[int], tuple[ColumnStatistics, int]]
"""Gives what is published of a column of the row, and the number of rows."""

_FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def chance(op: Op, operands: list[Known], columns: Columns) -> float:
    """Return how probably an undecided condition is true."""
    if op.code == "is_none":
        column = operands[0].column
        if column is None:
            return 0.5
        statistics, rows = columns(column)
        return statistics.nulls / rows if statistics.nulls is not None and rows else 0.5
    if op.code not in _FLIPPED:
        return 0.5
    code, (a, b) = op.code, operands
    if a.column is None:
        code, a, b = _FLIPPED[code], b, a
    if a.column is None:
        return 0.5
    statistics, _ = columns(a.column)
    if code in ("eq", "ne"):
        equal = 1 / statistics.distinct if statistics.distinct else 0.5
        return equal if code == "eq" else 1 - equal
    if b.low is None or b.low != b.high:
        return 0.5
    below = _share_below(statistics, b.low)
    return below if code in ("lt", "le") else 1 - below


def _share_below(statistics: ColumnStatistics, limit: object) -> float:
    """Return the share of a column's values that are below a limit."""
    low, high, wanted = (_position(value) for value in (statistics.minimum, statistics.maximum, limit))
    if low is None or high is None or wanted is None or not low < high:
        return 0.5
    place = min(1.0, max(0.0, (wanted - low) / (high - low)))
    total = sum(statistics.histogram)
    if not total:
        return place
    bins = place * len(statistics.histogram)
    whole = int(bins)
    below = float(sum(statistics.histogram[:whole]))
    if whole < len(statistics.histogram):
        below += statistics.histogram[whole] * (bins - whole)
    return below / total


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
