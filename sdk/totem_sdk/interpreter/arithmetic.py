"""Exact arithmetic with the machine's semantics (abstract machine, §7).

Values are Python's int (64 bits), float, and either of them for ``num``. What goes wrong is raised as ``Fault`` with
the kind of ProgramError that it becomes; the machine adds the source line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from totem_sdk.limits import INT_MAX, INT_MIN, rounds_of_range

__all__ = [
    "INT_MAX",
    "INT_MIN",
    "Fault",
    "Number",
    "checked",
    "divide",
    "exact_float_sum",
    "exact_sum",
    "float_to_int",
    "floor_divide",
    "modulo",
    "range_rounds",
    "round_half_even",
    "round_to",
    "rounded_down",
    "rounded_up",
]

Number = int | float
_SCALE = 1074
"""Every finite binary64 is an integer times 2 to the power of minus this."""


class Fault(Exception):
    """An operation can't give a value; ``kind`` is one of ProgramError.KINDS."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


def checked(value: Number) -> Number:
    """Return the value; an int outside of 64 bits is a Fault ``overflow``."""
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        raise Fault("overflow")
    return value


def divide(a: Number, b: Number) -> float:
    """Return a / b: of ints the correctly rounded quotient, else that of the operands as floats."""
    if b == 0:
        raise Fault("zero_division")
    return a / b


def floor_divide(a: Number, b: Number) -> Number:
    """Return a // b as CPython: of ints the floor, of floats what float_divmod gives."""
    if b == 0:
        raise Fault("zero_division")
    return checked(a // b)


def modulo(a: Number, b: Number) -> Number:
    """Return a % b with the sign of b, as CPython."""
    if b == 0:
        raise Fault("zero_division")
    return a % b


def float_to_int(value: Number) -> int:
    """Return the value truncated towards zero; NaN is ``value``, out of range ``overflow``."""
    return _to_int(value, math.trunc)


def round_half_even(value: Number) -> int:
    """Return the nearest int, halves to even; NaN is ``value``, out of range ``overflow``."""
    return _to_int(value, round)


def rounded_down(value: Number) -> int:
    """Return the largest int that is not above the number; NaN is ``value``, out of range ``overflow``."""
    return _to_int(value, math.floor)


def rounded_up(value: Number) -> int:
    """Return the smallest int that is not below the number; NaN is ``value``, out of range ``overflow``."""
    return _to_int(value, math.ceil)


def _to_int(value: Number, convert: Callable[[Number], int]) -> int:
    if isinstance(value, float):
        if math.isnan(value):
            raise Fault("value")
        if math.isinf(value):
            raise Fault("overflow")
    return int(checked(convert(value)))


def round_to(value: Number, digits: int) -> Number:
    """Return the number nearest to the exact decimal value rounded half-to-even at ``digits``.

    An int stays one: it is itself unless ``digits`` is negative; what 64 bits don't hold is a Fault ``overflow``.
    """
    return checked(round(value, digits))


def range_rounds(start: int, stop: int, step: int) -> int:
    """Return how many rounds ``range(start, stop, step)`` has; a step of 0 is ``value``."""
    if step == 0:
        raise Fault("value")
    return rounds_of_range(start, stop, step)


def exact_sum(values: Sequence[Number]) -> Number:
    """Return the machine's sum: of ints exact (its final value must fit), else correctly rounded, as a float."""
    if all(isinstance(value, int) for value in values):
        return checked(sum(values))
    return exact_float_sum(values)


def exact_float_sum(values: Iterable[Number]) -> float:
    """Return the float nearest to the exact sum of ints and floats, halves to even.

    NaN if any value is NaN or infinities of both signs are there; an infinity if there is one, or if the sum is too
    large; ``0.0`` for zeros of whatever signs.
    """
    total = 0
    special = 0.0
    for value in values:
        if isinstance(value, int):
            total += value << _SCALE
        elif math.isfinite(value):
            numerator, denominator = value.as_integer_ratio()
            total += numerator << (_SCALE + 1 - denominator.bit_length())
        else:
            special += value
    if special != 0:
        return special
    try:
        return total / (1 << _SCALE)
    except OverflowError:
        return math.inf if total > 0 else -math.inf
