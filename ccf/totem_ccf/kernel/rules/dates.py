"""Rules of dates and spans of time, by arithmetic on days and microseconds."""

from __future__ import annotations

from totem_ccf.kernel.code import FunctionCode, Rule
from totem_ccf.kernel.rules import numbers
from totem_ccf.kernel.rules.numbers import int_value
from totem_sdk.errors import InternalError
from totem_sdk.program import Op
from totem_sdk.types import DATE, DATETIME, TIMEDELTA, Type

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
    elif op.type == TIMEDELTA:
        code.set(op.dst, [_span_part(value, str(part))])
        return
    else:
        raise InternalError(f"line {op.line}: 'date_part' of a {op.type}")
    match part:
        case "date":
            code.set(op.dst, [days])
        case "year" | "month" | "day":
            code.set(op.dst, [f"(call $date_{part} {days})"])
        case "weekday":
            code.set(op.dst, [_weekday(days)])
        case "toordinal":
            code.set(op.dst, [f"(i64.add {days} (i64.const {_SHIFT_DAYS + 1}))"])
        case "isoweekday":
            code.set(op.dst, [f"(i64.add {_weekday(days)} (i64.const 1))"])
        case _:
            raise InternalError(f"line {op.line}: a {op.type} has no part {part!r}")


def _span_part(value: str, part: str) -> str:
    rest = f"(call $int_mod {value} (i64.const {_DAY}))"
    return {
        "days": f"(call $int_floordiv {value} (i64.const {_DAY}))",
        "seconds": f"(i64.div_u {rest} (i64.const 1000000))",
        "microseconds": f"(i64.rem_u {rest} (i64.const 1000000))",
        "total_seconds": f"(call $int_div {value} (i64.const 1000000))",
    }[part]


def _weekday(days: str) -> str:
    return f"(i64.rem_u (i64.add {days} (i64.const {_SHIFT_DAYS})) (i64.const 7))"


def _made(code: FunctionCode, op: Op) -> None:
    """Make a date, datetime or timedelta of its parts; the runtime library says what is wrong with them."""
    parts = " ".join(code.get(register)[0] for register in op.args)
    status = code.temp("i32", f"(call ${op.code} {parts} (i32.const {code.plan.scratch}))")
    code.fail_if(f"(i32.eq {status} (i32.const 1))", "value")
    code.fail_if(f"(i32.eq {status} (i32.const 2))", "overflow")
    code.set(op.dst, [f"(i64.load (i32.const {code.plan.scratch}))"])


_RANGES: dict[Type, tuple[int, int]] = {
    DATE: (-_SHIFT_DAYS, 2_932_896),
    DATETIME: (-_SHIFT_DAYS * _DAY, 2_932_897 * _DAY - 1),
}
"""The first and the last date and datetime, as Python has them."""


def _within(code: FunctionCode, type_: Type, value: str) -> str:
    low, high = _RANGES[type_]
    result = code.temp("i64", value)
    code.fail_if(f"(i32.or (i64.lt_s {result} (i64.const {low})) (i64.gt_s {result} (i64.const {high})))", "overflow")
    return result


def _of_dates(rule: Rule) -> Rule:
    """Return an arithmetic rule as one of dates, datetimes and timedeltas as well."""

    def both(code: FunctionCode, op: Op) -> None:
        if op.type == TIMEDELTA:
            values = [code.get(register)[0] for register in op.args]
            code.set(op.dst, [int_value(code, op.code, *values)])
        elif op.type in _RANGES:
            _moved(code, op)
        else:
            rule(code, op)

    return both


def _moved(code: FunctionCode, op: Op) -> None:
    """Write the sum or difference of a date (or datetime) and a timedelta, or the difference of two dates."""
    a, b = (code.get(register)[0] for register in op.args)
    spans = [code.type_of(register) == TIMEDELTA for register in op.args]
    instruction = f"i64.{op.code}"
    if not any(spans):
        difference = f"(i64.sub {a} {b})"
        code.set(op.dst, [f"(i64.mul {difference} (i64.const {_DAY}))" if op.type == DATE else difference])
    elif op.type == DATE:
        # Python moves a date by the whole days of the timedelta.
        a, b = (
            f"(call $int_floordiv {value} (i64.const {_DAY}))" if is_span else value
            for value, is_span in zip((a, b), spans, strict=True)
        )
        code.set(op.dst, [_within(code, DATE, f"({instruction} {a} {b})")])
    else:
        code.set(op.dst, [_within(code, DATETIME, int_value(code, op.code, a, b))])


_ARITHMETIC = ("add", "sub", "mul", "div", "floordiv", "mod", "neg", "abs")

RULES: dict[str, Rule] = {
    "date_part": _date_part,
    **dict.fromkeys(("make_date", "make_datetime", "make_span"), _made),
    **{name: _of_dates(numbers.RULES[name]) for name in _ARITHMETIC},
}
