"""Loops: from what one round costs to what the loop costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from totem_sdk.estimate.forms import ONE, Exact, Form, Quantity, Var, add, saturated
from totem_sdk.estimate.source import Source

__all__ = ["Rounds"]


@dataclass(frozen=True)
class Rounds:
    """How many rounds a loop has, and what its own variables add up to over all rounds.

    ``own`` maps a variable that stands for what *this round* draws (a value, an item of a list) to the total over all
    rounds. With ``complete`` every one of them is drawn.
    """

    number: Quantity
    own: Mapping[Var, Quantity]
    source: Source
    complete: bool

    def all(self, quantity: Quantity) -> Quantity:
        """Return the total over all rounds of what one round has."""
        return Quantity(self._low(quantity), self._high(quantity), self._mean(quantity))

    def single(self, quantity: Quantity) -> Quantity:
        """Return what one round has, in terms of the calls around the loop."""
        low = {var: share for var, share in quantity.low.items() if var not in self.own}
        high: Form | None = None if quantity.high is None else {}
        for var, share in (quantity.high or {}).items():
            most = self._in_one_round(var)
            high = None if high is None or most is None else add(high, _times(most, share))
        mean: dict[Var, float] = {}
        for var, expected in quantity.mean.items():
            rounds = max(1.0, self.source.average(self.number.mean)) if var in self.own else 1.0
            for outer, total in (self.own[var].mean if var in self.own else {var: 1.0}).items():
                mean[outer] = saturated(mean.get(outer, 0.0) + expected * total / rounds)
        return Quantity(low, high, mean)

    def _in_one_round(self, var: Var) -> Form | None:
        if var not in self.own:
            return {var: 1}
        most = self.source.peak({var: 1})
        return self.own[var].high if most is None else {ONE: most}

    def _low(self, quantity: Quantity) -> Form:
        certain = self.number.low.get(ONE, 0)
        total: Form = {}
        for var, share in quantity.low.items():
            if var == ONE:
                total = add(total, _times(self.number.low, share))
            elif var in self.own:
                total = add(total, _times(self.own[var].low, share) if self.complete else {})
            else:
                total = add(total, {var: share * certain})
        return total

    def _high(self, quantity: Quantity) -> Form | None:
        if quantity.high is None:
            return None
        total: Form = {}
        for var, share in quantity.high.items():
            if share == 0:
                continue
            part = self._most(var)
            if part is None:
                return None
            total = add(total, _times(part, share))
        return total

    def _most(self, var: Var) -> Form | None:
        """Return the most that a variable adds up to over all rounds; None where that is not known."""
        if var in self.own:
            return self.own[var].high
        if self.number.high is None or var == ONE:
            return self.number.high
        # A product of two variables is no form: one of the two must be known as a number.
        rounds = self.source.peak(self.number.high)
        if rounds is not None:
            return {var: rounds}
        most = self.source.peak({var: 1})
        return None if most is None else _times(self.number.high, most)

    def _mean(self, quantity: Quantity) -> dict[Var, float]:
        total: dict[Var, float] = {}
        for var, share in quantity.mean.items():
            if var in self.own:
                part = dict(self.own[var].mean)
            elif var == ONE:
                part = dict(self.number.mean)
            else:
                part = {var: self.source.average(self.number.mean)}
            for outer, factor in part.items():
                total[outer] = saturated(total.get(outer, 0.0) + factor * share)
        return total


def _times(form: Form, factor: Exact) -> Form:
    return {var: share * factor for var, share in form.items()}
