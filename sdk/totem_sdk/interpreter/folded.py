"""What the values of a group were folded to, so that the fold goes on elsewhere: exact, mergeable, with a JSON form.

A ``Folded`` stands for ``number`` values in their order and gives what ``sum``, ``min`` or ``max`` of them would give:

=====================  ================================================================================
sum of int             ``total``: their sum, without a limit
sum of float           ``total``: the exact sum of the finite ones in units of 2**-1074; ``special``: which
                       of NaN, infinity and minus infinity were among them
min, max of float      ``nan``: the first value is NaN; ``best``: the first smallest or largest of those that
                       are not, None where there is none
min, max of others     ``best``: the first smallest or largest
=====================  ================================================================================

(Drawn from the left, a NaN that comes first wins every comparison and any other loses every one.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from totem_sdk.errors import InvalidDocument
from totem_sdk.folds import Fold
from totem_sdk.interpreter.arithmetic import checked
from totem_sdk.interpreter.effects import larger, smaller
from totem_sdk.interpreter.frame import Datum
from totem_sdk.types import FLOAT
from totem_sdk.values import read_value

__all__ = ["INFINITY", "MINUS_INFINITY", "MOST_VALUES", "NAN", "UNIT", "Folded"]

UNIT = 1074
"""The sum of floats counts units of 2**-UNIT: every float is a whole number of them."""

NAN, INFINITY, MINUS_INFINITY = 1, 2, 4
"""The bits of ``special``."""

MOST_VALUES = 1 << 62
"""No group has more values: so many can't even be counted."""

_FLOAT_BITS = UNIT + 1024


@dataclass(frozen=True, slots=True)
class Folded:
    """``number`` values of a group, folded; see the module."""

    fold: Fold
    number: int
    total: int = 0
    special: int = 0
    nan: bool = False
    best: Datum = None

    @classmethod
    def of(cls, fold: Fold, values: Sequence[Datum]) -> Folded:
        """Fold values, of which there is at least one."""
        number = len(values)
        if fold.kind != "sum":
            numbers = [value for value in values if value == value]  # noqa: PLR0124 only a NaN is not equal to itself
            best = numbers[0] if numbers else None
            for value in numbers[1:]:
                best = _better(fold, best, value)
            return cls(fold, number, nan=values[0] != values[0], best=best)
        if fold.value != FLOAT:
            return cls(fold, number, total=sum(values))
        finite = [value for value in values if math.isfinite(value)]
        special = 0
        for value in values:
            special |= NAN if math.isnan(value) else 0
            special |= (INFINITY if value > 0 else MINUS_INFINITY) if math.isinf(value) else 0
        return cls(fold, number, total=sum(map(_units, finite)), special=special)

    def then(self, after: Folded) -> Folded:
        """Return the fold of these values followed by those of ``after``."""
        number = self.number + after.number
        if self.fold.kind == "sum":
            return Folded(self.fold, number, self.total + after.total, self.special | after.special)
        if self.best is None or after.best is None:
            best = after.best if self.best is None else self.best
        else:
            best = _better(self.fold, self.best, after.best)
        return Folded(self.fold, number, nan=self.nan, best=best)

    def result(self) -> Datum:
        """Return the value that the operation gives.

        Raises:
            Fault: ``overflow``, for a sum of ints that does not fit.
        """
        if self.fold.kind != "sum":
            return math.nan if self.nan else self.best
        if self.fold.value != FLOAT:
            return checked(self.total)
        if self.special:
            return {INFINITY: math.inf, MINUS_INFINITY: -math.inf}.get(self.special, math.nan)
        try:
            return self.total / (1 << UNIT)
        except OverflowError:
            return math.inf if self.total > 0 else -math.inf

    def to_json(self) -> list[Any]:
        """Return the number of values and what they were folded to; of equal folds there is one form.

        A sum of ints is ``[n, total]``, of floats ``[n, special, mantissa, exponent]``: mantissa × 2**exponent with an
        odd mantissa, or both 0. ``min`` and ``max`` are ``[n, nan, best]`` of floats, ``[n, best]`` of the others.
        """
        if self.fold.kind != "sum":
            return [self.number, self.nan, self.best] if self.fold.value == FLOAT else [self.number, self.best]
        if self.fold.value != FLOAT:
            return [self.number, self.total]
        zeros = (self.total & -self.total).bit_length() - 1 if self.total else UNIT
        return [self.number, self.special, self.total >> zeros, zeros - UNIT]

    @classmethod
    def from_json(cls, fold: Fold, document: Sequence[Any]) -> Folded:
        """Read what ``to_json`` gives, from a source that is not trusted.

        Raises:
            InvalidDocument: no values can have been folded to this; the text says why and shows no value.
        """
        if len(document) != _length(fold):
            raise InvalidDocument(f"a {fold.kind} of {fold.value} has {_length(fold)} fields, not {len(document)}")
        number, *rest = document
        if not _is_int(number) or not 1 <= number <= MOST_VALUES:
            raise InvalidDocument(f"the number of values must be an int from 1 to {MOST_VALUES}")
        if fold.kind != "sum":
            return cls._best_from_json(fold, number, rest)
        if not all(map(_is_int, rest)):
            raise InvalidDocument("a sum must be made of ints")
        if fold.value != FLOAT:
            (total,) = rest
            if not -(number << 63) <= total <= number * ((1 << 63) - 1):
                raise InvalidDocument(f"no {number} ints have such a sum")
            return cls(fold, number, total=total)
        special, mantissa, exponent = rest
        if not 0 <= special <= NAN | INFINITY | MINUS_INFINITY or special.bit_count() > number:
            raise InvalidDocument(f"no {number} floats have such NaNs and infinities among them")
        if not (mantissa & 1 or mantissa == exponent == 0) or not -UNIT <= exponent <= 1024 + number.bit_length():
            raise InvalidDocument("the exact sum is not in its one form")
        total = mantissa << (exponent + UNIT) if mantissa else 0
        if total and abs(total) >= (number - special.bit_count()) << _FLOAT_BITS:
            raise InvalidDocument(f"no {number} floats have such a sum")
        return cls(fold, number, total=total, special=special)

    @classmethod
    def _best_from_json(cls, fold: Fold, number: int, rest: Sequence[Any]) -> Folded:
        if fold.value != FLOAT:
            return cls(fold, number, best=read_value(fold.value, rest[0]))
        nan, best = rest
        if not isinstance(nan, bool):
            raise InvalidDocument("whether the first value is NaN must be true or false")
        if best is None:
            if not nan:
                raise InvalidDocument("there is neither a NaN nor another value")
        elif not isinstance(best, float) or math.isnan(best) or (nan and number < 2):
            raise InvalidDocument(f"the {fold.kind} of what is not NaN is none of {number} floats")
        return cls(fold, number, nan=nan, best=best)


def _length(fold: Fold) -> int:
    if fold.kind == "sum":
        return 4 if fold.value == FLOAT else 2
    return 3 if fold.value == FLOAT else 2


def _better(fold: Fold, first: Datum, second: Datum) -> Datum:
    return smaller(first, second) if fold.kind == "min" else larger(first, second)


def _units(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (UNIT + 1 - denominator.bit_length())


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
