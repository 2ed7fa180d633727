"""What powers and functions of math make of what is known.

Nothing here computes a function whose last digit differs between C libraries: all who check an estimate must come to
the same one. So most functions only have the range of their results.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from totem_sdk.estimate.known import Known, anything, combinations
from totem_sdk.limits import INT_MAX, INT_MIN
from totem_sdk.program import Op
from totem_sdk.types import FLOAT, INT, Type

__all__ = ["MATH_RULES"]

Rule = Callable[[Type, Op, Sequence[Known]], Known]

_MOST_BITS = 63
_INF = math.inf
_RANGES: dict[str, tuple[float, float]] = {
    "acos": (-0.1, 3.2),
    "acosh": (-0.1, _INF),
    "asin": (-1.6, 1.6),
    "atan": (-1.6, 1.6),
    "atan2": (-3.2, 3.2),
    "cos": (-1.1, 1.1),
    "cosh": (0.9, _INF),
    "erf": (-1.1, 1.1),
    "erfc": (-0.1, 2.1),
    "exp": (0.0, _INF),
    "expm1": (-1.1, _INF),
    "fabs": (0.0, _INF),
    "hypot": (0.0, _INF),
    "sin": (-1.1, 1.1),
    "sqrt": (-0.0, _INF),
    "tanh": (-1.1, 1.1),
}
"""Where results lie, with room for how they are rounded."""


def _float(low: float, high: float, operands: Sequence[Known]) -> Known:
    # hypot and pow have a number for some operands that are NaN; all others have none.
    return Known(low, high, nan=any(operand.nan for operand in operands), distinct=combinations(operands))


def _math(_type: Type, op: Op, operands: Sequence[Known]) -> Known:
    name, a = str(op.imm[0]), operands[0]
    if name == "sqrt" and a.low >= 0 and math.isfinite(a.low) and math.isfinite(a.high):
        return _float(math.sqrt(a.low), math.sqrt(a.high), operands)
    if name == "fabs" and a.low >= 0:
        return _float(a.low, a.high, operands)
    low, high = _RANGES.get(name, (-_INF, _INF))
    known = _float(low, high, operands)
    # The logarithm of infinity to the base infinity is NaN without an operand that is.
    return known if name != "log" or len(operands) < 2 else Known(low, high, nan=True, distinct=known.distinct)


def _any(type_: Type, operands: Sequence[Known]) -> Known:
    top = anything(type_)
    return Known(top.low, top.high, nan=top.nan, distinct=combinations(operands))


def _math_int(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    if op.imm[0] == "isqrt":
        (a,) = operands
        return Known(math.isqrt(max(0, a.low)), math.isqrt(max(0, a.high)), distinct=combinations(operands))
    return Known(0, INT_MAX, distinct=combinations(operands))


def _whole_power(low: int, high: int, times: tuple[int, int], operands: Sequence[Known]) -> Known:
    """Of a base between bounds, with exponents between bounds that are not negative."""
    least, most = (min(_MOST_BITS, count) for count in times)
    if low >= 1:
        ends = low**least, high**most
    else:
        size = max(1, -low, high) ** most
        ends = (0 if low >= 0 else -size), size
    return Known(max(INT_MIN, ends[0]), min(INT_MAX, ends[1]), distinct=combinations(operands))


def _power_by(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    (a,) = operands
    times = int(op.imm[0] or 0)
    return _whole_power(a.low, a.high, (times, times), operands)


def _power(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    a, b = operands
    if op.type == INT and b.low >= 0:
        return _whole_power(a.low, a.high, (b.low, b.high), operands)
    if type_ == FLOAT and a.low >= 0 and not a.nan and not b.nan:
        return _float(0.0, _INF, operands)
    return _any(type_, operands)


def _rounded(function: Callable[[Any], int]) -> Rule:
    def rule(_type: Type, _op: Op, operands: Sequence[Known]) -> Known:
        (a,) = operands
        return Known(_whole(function, a.low), _whole(function, a.high), distinct=combinations(operands))

    return rule


def _whole(function: Callable[[Any], int], value: Any) -> int:
    if isinstance(value, float) and math.isinf(value):
        return INT_MAX if value > 0 else INT_MIN
    return max(INT_MIN, min(INT_MAX, function(value)))


def _float_is(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    (a,) = operands
    inside = isinstance(a.low, int) or math.isfinite(a.low)
    inside = inside and (isinstance(a.high, int) or math.isfinite(a.high))
    if not a.nan and (inside or op.imm[0] == "nan"):
        certain = op.imm[0] == "finite"
        return Known(certain, certain, chance=float(certain), distinct=1)
    return anything(type_)


MATH_RULES: dict[str, Rule] = {
    "pow": _power,
    "pow_by": _power_by,
    "math": _math,
    "math_int": _math_int,
    "floor": _rounded(math.floor),
    "ceil": _rounded(math.ceil),
    "float_is": _float_is,
}
