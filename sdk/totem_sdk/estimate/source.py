"""What the calls of a step function read: rows of a dataset, pairs, or groups; and the totals over all calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from totem_sdk.cost import MAX_TOTEM
from totem_sdk.estimate.forms import MORE, ONE, Exact, Form, Quantity, Var, as_float, saturated
from totem_sdk.estimate.known import Known
from totem_sdk.types import STR, Option, Tuple, Type, leaves

__all__ = ["Range", "Source", "bounded", "joint", "located", "split"]


@dataclass(frozen=True)
class Range:
    """A total: ``low`` ≤ it ≤ ``high`` (None: without bound), expected ``mean``."""

    low: Exact
    high: Exact | None
    mean: float

    def __add__(self, other: Range) -> Range:
        high = None if self.high is None or other.high is None else self.high + other.high
        return bounded(self.low + other.low, high, self.mean + other.mean)

    def __and__(self, other: Range) -> Range:
        """Return what lies in both; the mean of this one, as far as it does."""
        low = max(self.low, other.low)
        highs = [high for high in (self.high, other.high) if high is not None]
        high = min(highs) if highs else None
        return bounded(low, high, self.mean)

    @classmethod
    def exact(cls, number: int) -> Range:
        """Return a total that is known."""
        return cls(number, number, as_float(number))


@dataclass(frozen=True)
class Source:
    """What the calls of one function read.

    ``calls`` is how often the function is called; for groups that is the number of groups, and ``values`` the number
    of all values (each group has at least one). ``texts`` gives the total of each ``text`` and ``values`` variable,
    ``longest`` the most bytes of one text (by leaf; of columns by position). ``columns`` are the columns of a row,
    ``key`` and ``value`` what is read otherwise; ``first_value_leaf`` is the number of the value's first leaf.
    ``different`` says how many different values a column certainly has (of the key: under -1).
    """

    kind: Literal["none", "row", "pair", "group"]
    calls: Range
    values: Range = Range(0, 0, 0.0)
    texts: Mapping[Var, Range] = field(default_factory=dict)
    longest: Mapping[int, int | None] = field(default_factory=dict)
    columns: tuple[Known, ...] = ()
    key: Known = field(default_factory=Known)
    value: Known = field(default_factory=Known)
    first_value_leaf: int = 0
    different: Mapping[int, int] = field(default_factory=dict)

    def total(self, quantity: Quantity) -> Range:
        """Return the total over all calls of what each call has."""
        low = self._lowest(quantity.low)
        high = None if quantity.high is None else self._highest(quantity.high)
        mean = sum(share * self._mean(var) for var, share in quantity.mean.items())
        return bounded(low, high, mean)

    def peak(self, form: Form) -> Exact | None:
        """Return the most that a form can be in one call, None where that is not known."""
        total: Exact = 0
        for var, share in form.items():
            if share == 0:
                continue
            most = self._most_in_a_call(var)
            if most is None:
                return None
            total += share * most
        return total

    def average(self, means: Mapping[Var, float]) -> float:
        """Return what is expected in one call."""
        calls = self.calls.mean
        return saturated(sum(share * self._mean(var) / calls for var, share in means.items())) if calls else 0.0

    def _most_in_a_call(self, var: Var) -> Exact | None:
        match var.kind:
            case "one":
                return 1
            case "more":
                return None if self.values.high is None else max(0, self.values.high - 1)
            case "text" | "value":
                return self.longest.get(var.number)
            case "values":
                total = self.texts.get(var)
                return None if total is None else total.high
            case "item":
                return None

    def _mean(self, var: Var) -> float:
        match var.kind:
            case "one":
                return self.calls.mean
            case "more":
                return max(0.0, self.values.mean - self.calls.mean)
            case _:
                total = self.texts.get(var)
                return 16.0 * self.calls.mean if total is None else total.mean

    def _lowest(self, form: Form) -> Exact:
        texts = sum((form[var] * self.texts[var].low for var in form if var in self.texts), Fraction(0))
        one, more = form.get(ONE, 0), form.get(MORE, 0)
        return texts + min(one * calls + more * (values - calls) for calls, values in self._corners())

    def _highest(self, form: Form) -> Exact | None:
        total: Exact = 0
        for var, share in form.items():
            if share and var not in (ONE, MORE):
                most = self.texts[var].high if var in self.texts else None
                if most is None:
                    return None
                total += share * most
        one, more = form.get(ONE, 0), form.get(MORE, 0)
        if (one and self.calls.high is None) or (more and self.values.high is None):
            return None
        return total + max(one * calls + more * (values - calls) for calls, values in self._corners())

    def _corners(self) -> list[tuple[Exact, Exact]]:
        """Return the corners of what numbers of calls and of values are possible together.

        A number without bound is left out: lower bounds need none, upper bounds don't ask (see ``_highest``).
        """
        if self.kind != "group":
            ends = [self.calls.low, self.calls.low if self.calls.high is None else self.calls.high]
            return [(end, end) for end in ends]
        found: list[tuple[Exact, Exact]] = []
        most = self.values.high if self.calls.high is None else self.calls.high
        for values in (self.values.low, self.values.low if self.values.high is None else self.values.high):
            least_groups = min(self.calls.low, values)
            found.append((least_groups, values))
            found.append((values if most is None else min(most, values), values))
        if most is not None and self.values.low <= most and (self.values.high is None or most <= self.values.high):
            found.append((most, most))
        return found


def bounded(low: Exact, high: Exact | None, mean: float) -> Range:
    """Return a total whose bounds are cut off where nothing can be paid any more, and its mean as far as they let it.

    A lower bound stays one over ``MAX_TOTEM``, an upper bound above that is none: no number has more digits than a
    result can have.
    """
    low = min(low, MAX_TOTEM + 1)
    high = None if high is None or high > MAX_TOTEM else high
    mean = max(as_float(low), saturated(mean))
    return Range(low, high, mean if high is None else min(as_float(high), mean))


def split(source: Source, column: int, nulls: int) -> tuple[Source, Source]:
    """Return the rows in which a column is None and those in which it isn't.

    How many there are of both is known exactly. Both have the texts of all rows: how these are spread over the two is
    not known, but that all texts of the column itself are in the second.
    """
    rows = int(source.calls.low)
    known = source.columns[column]
    parts: list[Source] = []
    for number, value in ((nulls, Known(none=True, some=False, column=column, distinct=1)), (rows - nulls, known)):
        columns = list(source.columns)
        columns[column] = replace(value, none=value.none and not value.some)
        parts.append(replace(source, calls=Range.exact(number), columns=tuple(columns)))
    none = {var: Range.exact(0) if var == Var("text", column) else total for var, total in source.texts.items()}
    return replace(parts[0], texts=none), parts[1]


def joint(parts: Sequence[tuple[Source, Quantity]]) -> Range:
    """Return the total of what each call has over calls that read different parts of the same rows.

    How the bytes of a text column are spread over the parts isn't known: each byte counts as often as in the part
    where it counts least, or most.
    """
    if len(parts) == 1:
        return parts[0][0].total(parts[0][1])
    whole = Range(0, 0, 0.0)
    rows = sum(source.calls.mean for source, _ in parts) or 1.0
    for source, quantity in parts:
        once = Quantity(
            {ONE: quantity.low.get(ONE, 0)},
            None if quantity.high is None else {ONE: quantity.high.get(ONE, 0)},
            {var: mean if var == ONE else mean * source.calls.mean / rows for var, mean in quantity.mean.items()},
        )
        whole += source.total(once)
    unknown = Range(0, None, 0.0)
    for var in {var for _, quantity in parts for var in (*quantity.low, *(quantity.high or ()))} - {ONE}:
        there = [(q, s.texts.get(var, unknown)) for s, q in parts if s.texts.get(var, unknown).high != 0]
        if there:
            total = there[0][1]
            low = min(quantity.low.get(var, 0) for quantity, _ in there) * total.low
            share = max((quantity.high or {}).get(var, 0) for quantity, _ in there)
            high = 0 if share == 0 else None if total.high is None else share * total.high
            whole += Range(low, high, 0.0)
    return whole


def located(known: Known, type_: Type, first: int, size: Callable[[int, Known], Quantity]) -> Known:
    """Return the same knowledge of a key or value with the sizes of its texts.

    ``size`` gives that of a leaf from its number (counted from ``first``) and from what is known of it.
    """
    inner = type_.item if isinstance(type_, Option) else type_
    if not known.some:
        return known
    if isinstance(inner, Tuple):
        found: list[Known] = []
        for item, part in zip(inner.items, known.items, strict=True):
            found.append(located(part, item, first, size))
            first += sum(1 for _ in leaves(item))
        return replace(known, items=tuple(found))
    return replace(known, size=size(first, known)) if inner == STR else known
