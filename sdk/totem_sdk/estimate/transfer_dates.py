"""What is known of parts of dates and spans of time: rules of ``transfer``."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from totem_sdk.estimate.known import Known, count
from totem_sdk.program import Op
from totem_sdk.types import Type

__all__ = ["date_part"]

_PARTS = {
    "year": (1, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "microsecond": (0, 999_999),
    "weekday": (0, 6),
    "isoweekday": (1, 7),
}


def _counted(part: str, a: Known) -> Known:
    """Say what a date's number, or a part of a timedelta, can be."""
    if part in ("seconds", "microseconds"):
        return Known(0, 86_399 if part == "seconds" else 999_999, distinct=count(a))
    day = datetime.timedelta(days=1)
    low, high = (
        end // day if part == "days" else end.total_seconds() if part == "total_seconds" else end.toordinal()
        for end in (a.low, a.high)
    )
    return Known(low, high, distinct=count(a))


def date_part(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    """Say what a part of a date, datetime or timedelta can be."""
    del type_
    (a,) = operands
    part = str(op.imm[0])
    if part in ("days", "seconds", "microseconds", "total_seconds", "toordinal"):
        return _counted(part, a)
    if part == "date":
        return Known(a.low.date(), a.high.date(), distinct=count(a))
    low, high = (a.low.year, a.high.year) if part == "year" else _PARTS[part]
    return Known(low, high, distinct=count(a))
