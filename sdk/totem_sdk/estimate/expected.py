"""What is expected of values beside what is certain: means of numbers, how many different values there will be.

These go into the expected value only. Nothing here may decide a branch or move a bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from totem_sdk.estimate.forms import LARGEST
from totem_sdk.estimate.known import Known, count, only_column
from totem_sdk.program import Op

__all__ = ["among", "drawn", "expected_groups", "expected_kinds", "expected_mean", "with_expectations"]

_FEW = 1_000
"""Numbers of a range up to so large are expected to be all there."""


def expected_mean(known: Known) -> float | None:
    """Return the mean of a number; None where nothing is known of it."""
    if known.mean is not None:
        return known.mean
    if isinstance(known.low, bool) or not isinstance(known.low, int | float):
        return None
    if known.low == known.high:
        return float(known.low)
    low, high = float(known.low), float(known.high)
    return (low + high) / 2 if high - low <= _FEW else None


def expected_kinds(known: Known) -> float | None:
    """Return how many different values there will be; None where nothing is known of it."""
    if known.items:
        total = 1.0
        for item in known.items:
            kinds = expected_kinds(item)
            if kinds is None:
                return None
            total = min(LARGEST, total * kinds)
        return total
    most = count(known)
    if known.kinds is not None:
        return known.kinds if most is None else min(known.kinds, float(most))
    return None if most is None or (known.distinct is None and most > _FEW) else float(most)


def among(known: Known, shares: Mapping[int, float]) -> Known:
    """Return what is known of a value where some columns have only a share of their values."""
    if not shares:
        return known
    if known.items:
        return replace(known, items=tuple(among(item, shares) for item in known.items))
    kinds = expected_kinds(known)
    if known.column is None or known.column not in shares or kinds is None:
        return known
    return replace(known, kinds=max(1.0, kinds * shares[known.column]))


def expected_groups(key: Known, draws: float, calls: float) -> float | None:
    """Return how many different keys ``draws`` pairs will have that ``calls`` calls emit; None: nothing is known.

    A key that is a column as it stands is drawn from the rows without putting any back; others as if all were equally
    frequent.
    """
    kinds = expected_kinds(key)
    if kinds is None or draws <= 0:
        return None
    if key.column is not None and draws <= calls:
        left_out = 1.0 - draws / calls
        return kinds * (1.0 - math.pow(left_out, max(1.0, calls / kinds)))
    return drawn(kinds, draws)


def drawn(kinds: float, draws: float) -> float:
    """Return how many different ones are expected among so many draws out of so many equally frequent ones."""
    return kinds * -math.expm1(draws * math.log1p(-1.0 / kinds)) if kinds > 1.0 else min(1.0, draws)


_MEANS: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b if b else a,
    "floordiv": lambda a, b: float(a // b) if b else a,
    "neg": lambda a: -a,
    "abs": abs,
    "to_int": lambda a: a,
    "to_float": lambda a: a,
    "round": lambda a: a,
    "round_to": lambda a: a,
    "widen": lambda a: a,
    "unwrap": lambda a: a,
    "range_at": lambda start, step, counter: start + step * counter,
    "min": min,
    "max": max,
}
"""The means of results from those of operands, as if operands had nothing to do with one another."""

_OF_LISTS = ("split", "cut", "re_findall", "re_split")


def with_expectations(op: Op, operands: Sequence[Known], result: Known) -> Known:
    """Return what is known of a result with what is expected of it, from what is expected of its operands."""
    if op.code in ("assign", "move"):
        return result
    if op.code in _OF_LISTS or result.item is not None:
        return result
    changes: dict[str, Any] = {}
    column = only_column(operands)
    if column is not None:
        changes["of"] = column
    if op.code in _MEANS and result.mean is None and not result.items:
        means = [expected_mean(operand) for operand in operands]
        known = [mean for mean in means if mean is not None]
        if len(known) == len(operands) and known:
            mean = float(_MEANS[op.code](*known))
            if math.isfinite(mean):
                changes["mean"] = mean
    if result.kinds is None and result.distinct is None and operands and not result.items:
        kinds = 1.0
        for operand in operands:
            some = expected_kinds(operand)
            if some is None or operand.item is not None:
                return replace(result, **changes) if changes else result
            kinds = min(LARGEST, kinds * some)
        changes["kinds"] = kinds
    return replace(result, **changes) if changes else result
