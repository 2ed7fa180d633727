"""What operations on the bits of ints, and divmod, make of what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from totem_sdk.estimate.known import Known, anything, combinations
from totem_sdk.limits import INT_MAX, INT_MIN
from totem_sdk.program import Op
from totem_sdk.types import BOOL, Tuple, Type

__all__ = ["BIT_RULES", "rule_of_divmod"]

Rule = Callable[[Type, Op, Sequence[Known]], Known]

_BITS = 64


def _between(low: int, high: int, operands: Sequence[Known]) -> Known:
    return Known(max(INT_MIN, low), min(INT_MAX, high), distinct=combinations(operands))


def _combined(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    """Of ints that are not negative, & is at most the smaller one; | and ^ have no more bits than the longer one."""
    a, b = operands
    if type_ == BOOL or min(a.low, b.low) < 0:
        return replace(anything(type_), distinct=combinations(operands))
    if op.code == "bit_and":
        return _between(0, min(a.high, b.high), operands)
    low = max(a.low, b.low) if op.code == "bit_or" else 0
    return _between(low, (1 << max(a.high, b.high).bit_length()) - 1, operands)


def _inverted(_type: Type, _op: Op, operands: Sequence[Known]) -> Known:
    (a,) = operands
    return _between(~a.high, ~a.low, operands)


def _shifted(_type: Type, op: Op, operands: Sequence[Known]) -> Known:
    """Shifting rises or falls with either operand alone; a count below 0 gives no value."""
    a, b = operands
    counts = [min(_BITS, max(0, count)) for count in (b.low, b.high)]
    values = [x << n if op.code == "shl" else x >> n for x in (a.low, a.high) for n in counts]
    # What leaves 64 bits is no value either.
    inside = [max(INT_MIN, min(INT_MAX, value)) for value in values]
    return _between(min(inside), max(inside), operands)


def _length(_type: Type, _op: Op, operands: Sequence[Known]) -> Known:
    (a,) = operands
    ends = [a.low.bit_length(), a.high.bit_length()]
    return _between(0 if a.low <= 0 <= a.high else min(ends), max(ends), operands)


def _any_truth(type_: Type, _op: Op, _operands: Sequence[Known]) -> Known:
    return anything(type_)


BIT_RULES: dict[str, Rule] = {
    "bit_and": _combined,
    "bit_or": _combined,
    "bit_xor": _combined,
    "bit_not": _inverted,
    "shl": _shifted,
    "shr": _shifted,
    "bit_length": _length,
    "is_integer": _any_truth,
}


def rule_of_divmod(quotient: Rule, rest: Rule) -> Rule:
    """Return the rule of divmod from those of // and %."""

    def rule(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
        if not isinstance(type_, Tuple):
            return anything(type_)
        codes = zip(type_.items, ("floordiv", "mod"), (quotient, rest), strict=True)
        return Known(items=tuple(of(item, replace(op, code=code), operands) for item, code, of in codes))

    return rule
