"""Comparison of two values of one type, as Python compares them: tuples by items, int and float exactly."""

from __future__ import annotations

from collections.abc import Sequence

from totem_ccf.kernel.flatten import slots
from totem_sdk.errors import InternalError
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NONE, NUM, STR, TIMEDELTA, Option, Tuple, Type

__all__ = ["FALSE", "TRUE", "Values", "equal", "less"]

Values = Sequence[str]

FALSE, TRUE = "(i32.const 0)", "(i32.const 1)"


def equal(type_: Type, a: Values, b: Values) -> str:
    """Return the instruction (an i32) for a == b of one type."""
    match type_:
        case Option(item=item):
            inside = equal(item, a[1:], b[1:])
            return f"(i32.and (i32.eq {a[0]} {b[0]}) (i32.or (i32.eqz {a[0]}) {inside}))"
        case Tuple(items=items):
            result = TRUE
            for item, x, y in _parts(items, a, b):
                part = equal(item, x, y)
                result = part if result == TRUE else f"(i32.and {result} {part})"
            return result
        case _ if type_ in (INT, DATE, DATETIME, TIMEDELTA):
            return f"(i64.eq {a[0]} {b[0]})"
        case _ if type_ == FLOAT:
            return f"(f64.eq {a[0]} {b[0]})"
        case _ if type_ == BOOL:
            return f"(i32.eq {a[0]} {b[0]})"
        case _ if type_ == STR:
            return f"(call $text_equal {a[0]} {b[0]})"
        case _ if type_ == NUM:
            return f"(i32.eqz (call $num_order {' '.join(a)} {' '.join(b)}))"
        case _ if type_ == NONE:
            return TRUE
    raise InternalError(f"the kernel can't compare values of type {type_}")


def less(type_: Type, a: Values, b: Values, *, or_equal: bool = False) -> str:
    """Return the instruction (an i32) for a < b, or a <= b, of one type."""
    suffix = "le" if or_equal else "lt"
    match type_:
        case Tuple(items=items):
            result = TRUE if or_equal else FALSE
            for item, x, y in reversed(_parts(items, a, b)):
                here = less(item, x, y, or_equal=or_equal)
                result = f"(if (result i32) {equal(item, x, y)} (then {result}) (else {here}))"
            return result
        case _ if type_ in (INT, DATE, DATETIME, TIMEDELTA):
            return f"(i64.{suffix}_s {a[0]} {b[0]})"
        case _ if type_ == FLOAT:
            return f"(f64.{suffix} {a[0]} {b[0]})"
        case _ if type_ == BOOL:
            return f"(i32.{suffix}_u {a[0]} {b[0]})"
        case _ if type_ == STR:
            return f"(i32.{suffix}_s (call $text_order {a[0]} {b[0]}) (i32.const 0))"
        case _ if type_ == NUM:
            return f"(i32.{suffix}_s (call $num_order {' '.join(a)} {' '.join(b)}) (i32.const 0))"
    raise InternalError(f"the kernel can't order values of type {type_}")


def _parts(items: Sequence[Type], a: Values, b: Values) -> list[tuple[Type, Values, Values]]:
    parts: list[tuple[Type, Values, Values]] = []
    start = 0
    for item in items:
        end = start + len(slots(item))
        parts.append((item, a[start:end], b[start:end]))
        start = end
    return parts
