"""Limits of a column as they are published: strictly beyond what is in the column, on a grid that many values share.

A limit that equals a cell publishes the cell, and so does one that is always a known step beyond it. So the grid of
numbers is coarser than the numbers themselves are written, and a value that lies on it goes one step further.
"""

from __future__ import annotations

import calendar
import datetime
import decimal
import math
from typing import Any

__all__ = ["rounded_limits", "rounded_up"]

_INT_LIMITS = (-(1 << 63), (1 << 63) - 1)
_MONTHS = 12


def rounded_limits(low: Any, high: Any, digits: int) -> tuple[Any, Any]:
    """Return limits ``low'`` < ``low`` and ``high'`` > ``high`` of the same type; None where there is none to tell.

    Numbers go to the next multiples of one step: the place of the ``digits``-th significant digit of the larger of
    the two, but at least ten times the last place in which either is written (so 10 for integers). Dates and
    timestamps go to the first and last moment of a month. Bools have no limits; neither has what would leave the
    range of its type: infinities, the ends of 64 bits and of the calendar.
    """
    if isinstance(low, bool):
        return None, None
    if isinstance(low, datetime.date):
        return _month_before(low), _month_after(high)
    if isinstance(low, float):
        exponent = _exponent([limit for limit in (low, high) if math.isfinite(limit)], digits)
        below, above = _beyond(low, exponent, up=False), _beyond(high, exponent, up=True)
        return (
            None if below is None or not -math.inf < float(below) < low else float(below),
            None if above is None or not high < float(above) < math.inf else float(above),
        )
    exponent = _exponent([low, high], digits)
    below, above = _beyond(low, exponent, up=False), _beyond(high, exponent, up=True)
    return (
        None if below is None or below < _INT_LIMITS[0] else int(below),
        None if above is None or above > _INT_LIMITS[1] else int(above),
    )


def rounded_up(length: int, digits: int) -> int:
    """Return a length that is strictly above ``length``, on the grid of ``rounded_limits``."""
    return int(_above(decimal.Decimal(length), _exponent([length], digits)))


def _exponent(limits: list[Any], digits: int) -> int:
    """Return the power of ten that is the step of the grid for numbers like these."""
    written = [decimal.Decimal(repr(limit)).normalize() for limit in limits]
    # A whole number is written to its last digit, whatever zeros that ends with.
    last_place = min((min(_exponent_of(number), 0) for number in written), default=0)
    first_place = max((number.adjusted() for number in written if number), default=last_place)
    return max(first_place - digits + 1, last_place + 1)


def _exponent_of(number: decimal.Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _beyond(limit: float, exponent: int, *, up: bool) -> decimal.Decimal | None:
    if not math.isfinite(limit):
        return None
    number = decimal.Decimal(repr(limit))
    return _above(number, exponent) if up else -_above(-number, exponent)


def _above(number: decimal.Decimal, exponent: int) -> decimal.Decimal:
    """Return the least multiple of ten to the power of ``exponent`` above a number."""
    steps = number.scaleb(-exponent).to_integral_value(decimal.ROUND_FLOOR) + 1
    return steps.scaleb(exponent)


def _month_before(limit: datetime.date) -> datetime.date | None:
    """Return the first moment of the month, of the one before if ``limit`` is that moment."""
    year, month = limit.year, limit.month
    if limit == _first(limit, year, month):
        year, month = (year, month - 1) if month > 1 else (year - 1, _MONTHS)
    return None if year < datetime.MINYEAR else _first(limit, year, month)


def _month_after(limit: datetime.date) -> datetime.date | None:
    """Return the last moment of the month, of the next one if ``limit`` is that moment."""
    year, month = limit.year, limit.month
    if limit == _last(limit, year, month):
        year, month = (year, month + 1) if month < _MONTHS else (year + 1, 1)
    return None if year > datetime.MAXYEAR else _last(limit, year, month)


def _first(like: datetime.date, year: int, month: int) -> datetime.date:
    return datetime.datetime(year, month, 1) if isinstance(like, datetime.datetime) else datetime.date(year, month, 1)


def _last(like: datetime.date, year: int, month: int) -> datetime.date:
    day = datetime.date(year, month, calendar.monthrange(year, month)[1])
    return datetime.datetime.combine(day, datetime.time.max) if isinstance(like, datetime.datetime) else day
