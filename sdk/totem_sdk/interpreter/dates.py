"""Dates, datetimes and the spans between them, as Python has them (abstract machine, §7).

A span (timedelta) is within 64 bits of microseconds; Python's reach further.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from totem_sdk.interpreter.arithmetic import Fault, checked
from totem_sdk.limits import INT_MAX, INT_MIN

__all__ = ["date_part", "made", "with_spans"]

_Dated = datetime.date | datetime.timedelta
_MICROSECOND = datetime.timedelta(microseconds=1)
_CALLED = ("weekday", "isoweekday", "date", "toordinal", "total_seconds")


def _attempted(compute: Callable[..., Any], *operands: Any) -> Any:
    try:
        value = compute(*operands)
    except OverflowError:
        raise Fault("overflow") from None
    except ValueError:
        raise Fault("value") from None
    except ZeroDivisionError:
        raise Fault("zero_division") from None
    if isinstance(value, datetime.timedelta) and not INT_MIN <= value // _MICROSECOND <= INT_MAX:
        raise Fault("overflow")
    return checked(value) if isinstance(value, int) else value


def with_spans(of_numbers: Callable[..., Any], of_dates: Callable[..., Any]) -> Callable[..., Any]:
    """Return an operation on numbers as one on dates and spans as well."""

    def operation(*operands: Any) -> Any:
        if any(isinstance(operand, _Dated) for operand in operands):
            return _attempted(of_dates, *operands)
        return of_numbers(*operands)

    return operation


def made(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a constructor whose errors are those of the machine."""
    return lambda *parts: _attempted(make, *parts)


def date_part(value: Any, part: str) -> Any:
    """Return a part of a date, datetime or timedelta (``totem_sdk.opcodes.DATE_PARTS``)."""
    found = getattr(value, part)
    return found() if part in _CALLED else found
