"""How many groups there are: different keys in all, and different keys in each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from totem_sdk.estimate.expected import drawn, expected_groups
from totem_sdk.estimate.forms import LARGEST, Exact, as_float
from totem_sdk.estimate.known import Known, count
from totem_sdk.estimate.source import Range, Source

__all__ = ["Emits", "different_keys", "least_of", "spread_over_tasks", "surely_different"]


@dataclass(frozen=True)
class Emits:
    """What one function emits in all its calls.

    ``pairs`` gives for each emit what its key and value may be, and how many different keys it certainly gives (0
    where it isn't certain that each call executes it). ``most`` bounds the pairs of one call, ``calls`` are expected.
    """

    pairs: Sequence[tuple[Known, Known, int]]
    number: Range
    texts: Mapping[int, Range]
    most: Exact | None
    calls: float = 0.0


def different_keys(emits: Sequence[Emits], number: Range) -> Range:
    """Return how many different keys are emitted."""
    low: Exact = 1 if number.low >= 1 else 0
    high: Exact | None = 0
    constants: set[object] = set()
    certain: set[object] = set()
    for key, least in ((key, least) for emit in emits for key, _, least in emit.pairs):
        low = max(low, least)
        if (one := _identity(key)) is not None:
            constants.add(one)
            certain.update([one] if least else [])
        else:
            different = count(key)
            high = None if high is None or different is None else high + different
    low = max(low, len(certain))
    high = least_of(None if high is None else high + len(constants), number.high)
    # What is certain comes from exact counts; where a published bound contradicts it, it is the bound that is wrong.
    high = None if high is None else max(low, high)
    mean = _expected_groups(low, high, number)
    # How many pairs each of a function's emits gives is not known: as many as the others.
    likely = [
        expected_groups(key, emit.number.mean / len(emit.pairs), emit.calls)
        for emit in emits
        for key, _, _ in emit.pairs
    ]
    known = [groups for groups in likely if groups is not None]
    if known and len(known) == len(likely):
        mean = max(as_float(low), min(sum(known), number.mean, LARGEST if high is None else as_float(high)))
    return Range(low, high, mean)


def least_of(*bounds: Exact | None) -> Exact | None:
    """Return the smallest of bounds (None: no bound)."""
    known = [bound for bound in bounds if bound is not None]
    return min(known) if known else None


def _expected_groups(low: Exact, high: Exact | None, number: Range) -> float:
    """Return how many different ones are expected among so many draws.

    They are taken for draws out of ``high`` equally frequent keys; where no bound is published, out of as many keys
    as the square root of the number of pairs.
    """
    draws = number.mean
    keys = as_float(high) if high is not None and as_float(high) < draws else draws**0.5
    expected = drawn(keys, draws)
    return max(as_float(low), expected if high is None else min(expected, as_float(high)))


def surely_different(keys: Sequence[Known], source: Source) -> int:
    """Return how many different keys there certainly are where every call emits one.

    ``keys`` is what is known of them in each part of what is read; at least one call emits.
    """
    first = keys[0]
    if all(key.key for key in keys):
        return source.different.get(-1, 1)
    if first.column is not None and all(key.column == first.column for key in keys):
        return source.different.get(first.column, 1)
    items = zip(*(key.items for key in keys), strict=True) if all(key.items for key in keys) else ()
    return max((surely_different(list(item), source) for item in items), default=1)


def _identity(key: Known) -> object:
    """Return something equal for equal keys, of a key that is one known value; None of any other."""
    if key.items:
        parts = tuple(_identity(item) for item in key.items)
        return None if None in parts else parts
    if key.text is not None and not key.none:
        return key.text, "str"
    if not key.some:
        return ("none",)
    if count(key) == 1 and key.low == key.high and type(key.low) is type(key.high) and key.low is not None:
        return repr(key.low), type(key.low).__name__
    return None


def spread_over_tasks(
    total: tuple[Range, Range, Range], around: Sequence[Emits], emits: Sequence[Emits], rows: Sequence[int]
) -> Range:
    """Return how many different (task, key) there are.

    ``total`` are the numbers of groups, pairs and tasks, ``around`` what each task emits besides what its rows do,
    ``rows`` the rows of each task (none: not known).
    """
    groups, pairs, tasks = total
    if not rows:
        most = None if groups.high is None or tasks.high is None else groups.high * tasks.high
        most = least_of(most, pairs.high)
        return Range(groups.low, most, min(groups.mean * max(1.0, tasks.mean), pairs.mean))
    outside = _most([emit.most for emit in around])
    inside = _most([emit.most for emit in emits])
    high: Exact | None = 0
    mean = 0.0
    every = sum(rows)
    for number in rows:
        part = least_of(groups.high, None if outside is None or inside is None else outside + number * inside)
        high = None if high is None or part is None else high + part
        share = pairs.mean * number / every if every else 0.0
        mean += min(groups.mean, share, drawn(groups.mean, share))
    in_every_task = any(least for emit in around for _, _, least in emit.pairs)
    for_every_row = any(least for emit in emits for _, _, least in emit.pairs)
    low = len(rows) if in_every_task else sum(for_every_row and number > 0 for number in rows)
    low_all = max(groups.low, low)
    return Range(low_all, least_of(high, pairs.high), max(as_float(low_all), mean))


def _most(bounds: Sequence[Exact | None]) -> Exact | None:
    total: Exact = 0
    for bound in bounds:
        if bound is None:
            return None
        total += bound
    return total
