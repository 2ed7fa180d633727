"""Rules of dates: their parts, by arithmetic on days and microseconds."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import DATE, DATETIME

__all__ = ["RULES"]

_DAY = 86_400_000_000
"""Microseconds of a day."""

_SHIFT_DAYS = 719_162
"""Days from 0001-01-01 (a Monday) to 1970-01-01. What is counted from there is never negative and divides unsigned."""

_TIMES = {
    "hour": (3_600_000_000, 24),
    "minute": (60_000_000, 60),
    "second": (1_000_000, 60),
    "microsecond": (1, 1_000_000),
}
"""Part of a datetime: its unit in microseconds, and how many of them make the next larger part."""


def _since_year_1(value: str) -> str:
    return f"(i64.add {value} (i64.const {_SHIFT_DAYS * _DAY}))"


def _date_part(code: FunctionCode, op: Op) -> None:
    value = code.get(op.args[0])[0]
    part = op.imm[0]
    if op.type == DATETIME:
        if part in _TIMES:
            unit, number = _TIMES[str(part)]
            units = f"(i64.div_u {_since_year_1(value)} (i64.const {unit}))"
            code.set(op.dst, [f"(i64.rem_u {units} (i64.const {number}))"])
            return
        days = f"(i64.sub (i64.div_u {_since_year_1(value)} (i64.const {_DAY})) (i64.const {_SHIFT_DAYS}))"
    elif op.type == DATE:
        days = value
    else:
        raise InternalError(f"line {op.line}: 'date_part' of a {op.type}")
    match part:
        case "date":
            code.set(op.dst, [days])
        case "year" | "month" | "day":
            code.set(op.dst, [f"(call $date_{part} {days})"])
        case "weekday":
            code.set(op.dst, [_weekday(days)])
        case "isoweekday":
            code.set(op.dst, [f"(i64.add {_weekday(days)} (i64.const 1))"])
        case _:
            raise InternalError(f"line {op.line}: a {op.type} has no part {part!r}")


def _weekday(days: str) -> str:
    return f"(i64.rem_u (i64.add {days} (i64.const {_SHIFT_DAYS})) (i64.const 7))"


RULES: dict[str, Rule] = {"date_part": _date_part}
