"""Linear forms: how a cost depends on what is known only in total.

A form is a sum of coefficient × variable with coefficients ≥ 0. Written for *one* call of a step function (one row,
pair or group) it becomes a total over all calls by putting each variable's total in its place. That is what makes
bounds exact where the totals are: the bytes of a text column in all rows are known, those in one row are not.

A ``Quantity`` bounds a number that is never negative: ``low`` ≤ it ≤ ``high`` (None: without bound), ``mean`` is what
is expected. Coefficients of ``low`` and ``high`` are exact, those of ``mean`` floats, which stay at ``LARGEST`` when
they get there: an infinite one times a probability of 0 would be no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

__all__ = [
    "LARGEST",
    "MORE",
    "NOTHING",
    "ONE",
    "Exact",
    "Form",
    "Means",
    "Quantity",
    "Var",
    "add",
    "as_float",
    "exactly",
    "saturated",
    "within",
]

Exact = int | Fraction

LARGEST = 1e300
"""What means are cut off at: far above all that can be paid, and far enough below what a float holds."""


class Var(NamedTuple):
    """A variable of a form.

    ``one``: 1 in each call. ``more``: the number of values of a group, less one. ``text``: bytes of leaf ``number`` of
    the row, pair or key that is read. ``values``: bytes of leaf ``number`` of all values of a group; ``value``: of the
    one that a round of a loop draws. ``item``: bytes of the item of a list that a round of a loop takes.
    """

    kind: Literal["one", "more", "text", "values", "value", "item"]
    number: int = 0


ONE = Var("one")
MORE = Var("more")
Form = Mapping[Var, Exact]
Means = Mapping[Var, float]


@dataclass(frozen=True)
class Quantity:
    """A number that is not known exactly; see the module."""

    low: Form
    high: Form | None
    mean: Means

    def __add__(self, other: Quantity) -> Quantity:
        if other is NOTHING:
            return self
        if self is NOTHING:
            return other
        high = None if self.high is None or other.high is None else add(self.high, other.high)
        return Quantity(add(self.low, other.low), high, _add_means(self.mean, other.mean))

    def times(self, factor: Exact) -> Quantity:
        """Return the product with a number ≥ 0."""
        return self.scaled(factor, factor, as_float(factor))

    def scaled(self, low: Exact, high: Exact, mean: float) -> Quantity:
        """Return what lies between low × and high × this quantity."""
        return Quantity(
            {var: value * low for var, value in self.low.items()} if low else {},
            None if self.high is None else {var: value * high for var, value in self.high.items()},
            {var: saturated(value * mean) for var, value in self.mean.items()},
        )

    def weighted(self, weight: float) -> Quantity:
        """Return the same bounds with the mean of something that happens with this probability."""
        if weight == 1.0:
            return self
        return Quantity(self.low, self.high, {var: saturated(value * weight) for var, value in self.mean.items()})

    def either(self, other: Quantity) -> Quantity:
        """Return what bounds both; the means, which are those of disjoint paths, are added."""
        high = None if self.high is None or other.high is None else _most(self.high, other.high)
        return Quantity(_least(self.low, other.low), high, _add_means(self.mean, other.mean))


NOTHING = Quantity({}, {}, {})


def saturated(mean: float) -> float:
    """Return a mean, which is never negative, as far as means go."""
    return min(LARGEST, mean)


def as_float(number: Exact) -> float:
    """Return an exact number ≥ 0 as a mean."""
    return float(number) if number < LARGEST else LARGEST


def exactly(form: Form) -> Quantity:
    """Return a quantity that is known exactly as a form."""
    return Quantity(form, form, {var: as_float(value) for var, value in form.items()})


def within(low: Exact, high: Exact | None, mean: float) -> Quantity:
    """Return a quantity between two numbers in each call."""
    return Quantity({ONE: low}, None if high is None else {ONE: high}, {ONE: mean})


def add(a: Form, b: Form) -> Form:
    """Return the sum of two forms."""
    return {var: a.get(var, 0) + b.get(var, 0) for var in {**a, **b}}


def _least(a: Form, b: Form) -> Form:
    """Return a form that is nowhere over one of the two."""
    return {var: min(a[var], b[var]) for var in a if var in b}


def _most(a: Form, b: Form) -> Form:
    """Return a form that is nowhere under one of the two."""
    return {var: max(a.get(var, 0), b.get(var, 0)) for var in {**a, **b}}


def _add_means(a: Means, b: Means) -> Means:
    return {var: saturated(a.get(var, 0.0) + b.get(var, 0.0)) for var in {**a, **b}}
