"""What is known of a value before the program runs: its range, its size, how many different ones there can be."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from totem_sdk.estimate.forms import NOTHING, ONE, Quantity, as_float, exactly, within
from totem_sdk.limits import INT_MAX, INT_MIN
from totem_sdk.types import (
    BOOL,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    NONE,
    NUM,
    STR,
    TIMEDELTA,
    List,
    Option,
    Tuple,
    Type,
    Values,
)

__all__ = [
    "Known",
    "anything",
    "carried",
    "combinations",
    "constant",
    "count",
    "covers",
    "join",
    "only_column",
    "rewritten",
    "size_of",
]

_ANYWHERE = 1 << 30
"""The depth of a list of which it is not known in how many loops it was made."""
_TOO_MANY = 1 << 62
"""More different values than this are as good as any number."""


@dataclass(frozen=True)
class Known:
    """What is known of one value.

    ``low`` ≤ value ≤ ``high`` for numbers, bools and dates (None: no range); a float may also be NaN where ``nan``.
    ``none`` and ``some``: it may be None, it may be something else. ``size`` is the bytes of its text in terms of what
    one call reads, between ``shortest`` and ``longest`` each time. ``distinct`` bounds how many different values it
    has in all calls of the phase. ``column``: it is that column of the row as it stands; ``key``: it is the group's
    key as it stands. ``text``: it is this constant text. ``items`` are those of a tuple; ``item`` is each of a list,
    ``amount`` how many there are (also of an int: how many it counts). ``chance`` is how probably a bool is True.
    ``counter``: it is the hidden counter of that loop. ``depth``: in how many loops a list was made.

    The rest is expected, and never certain: ``mean`` of a number, ``kinds`` of values that differ, ``words`` in each
    byte of a text and ``vocabulary``, how many different words all texts have. ``of``: it is computed from that
    column alone. ``tested``: a bool is True only where that column has one of this share of its values; ``untested``:
    it is False only where.
    """

    low: Any = None
    high: Any = None
    nan: bool = False
    none: bool = False
    some: bool = True
    size: Quantity = NOTHING
    shortest: int = 0
    longest: int | None = 0
    distinct: int | None = None
    column: int | None = None
    key: bool = False
    text: str | None = None
    items: tuple[Known, ...] = ()
    item: Known | None = None
    amount: Quantity | None = None
    chance: float = 0.5
    counter: int | None = None
    depth: int = 0
    mean: float | None = None
    kinds: float | None = None
    words: float | None = None
    vocabulary: float | None = None
    of: int | None = None
    tested: tuple[int, float] | None = None
    untested: tuple[int, float] | None = None

    @property
    def decided(self) -> bool | None:
        """What a bool certainly is; None where it may be either."""
        return bool(self.low) if self.low is not None and self.low == self.high else None


_RANGES: dict[Type, tuple[Any, Any]] = {
    INT: (INT_MIN, INT_MAX),
    FLOAT: (-math.inf, math.inf),
    NUM: (-math.inf, math.inf),
    BOOL: (False, True),
    DATE: (datetime.date.min, datetime.date.max),
    DATETIME: (datetime.datetime.min, datetime.datetime.max),
    TIMEDELTA: (datetime.timedelta(microseconds=INT_MIN), datetime.timedelta(microseconds=INT_MAX)),
}


def anything(type_: Type, longest: int | None = None) -> Known:
    """Return what is known of a value of which only the type is known; its texts are at most ``longest`` bytes."""
    match type_:
        case Option(item=item):
            return replace(anything(item, longest), none=True, distinct=None)
        case Tuple(items=items):
            return Known(items=tuple(anything(item, longest) for item in items))
        case List(item=item):
            many = Quantity({}, None, {ONE: 8.0})
            return Known(size=_up_to(longest), longest=None, item=anything(item, longest), amount=many, depth=_ANYWHERE)
        case Values():
            return Known()
    if type_ == NONE:
        return Known(none=True, some=False, distinct=1)
    if type_ == STR:
        return Known(size=_up_to(longest), longest=longest)
    low, high = _RANGES[type_]
    return Known(low, high, nan=type_ in (FLOAT, NUM), distinct=2 if type_ == BOOL else None)


def _up_to(longest: int | None) -> Quantity:
    return within(0, longest, 16.0 if longest is None else min(16.0, as_float(longest) / 2))


def constant(value: Any) -> Known:
    """Return what is known of a constant: everything."""
    if value is None:
        return Known(none=True, some=False, distinct=1)
    if isinstance(value, str):
        size = len(value.encode())
        return Known(size=exactly({ONE: size}), shortest=size, longest=size, distinct=1, text=value)
    if isinstance(value, float) and math.isnan(value):
        return Known(-math.inf, math.inf, nan=True, distinct=1)
    return Known(value, value, distinct=1, chance=float(bool(value)))


def count(known: Known) -> int | None:
    """Return how many different values there can be at most (None: any number)."""
    if known.items:
        total: int | None = 1
        for item in known.items:
            number = count(item)
            total = None if total is None or number is None else min(_TOO_MANY, total * number)
        return total if known.distinct is None else min(known.distinct, total or known.distinct)
    found = known.distinct
    if isinstance(known.low, int) and isinstance(known.high, int):
        span = known.high - known.low + 1 + known.none
        found = span if found is None else min(found, span)
    return None if found is None or found >= _TOO_MANY else found


def combinations(operands: Sequence[Known]) -> int | None:
    """Return how many different results operands of so many different values can have."""
    total = 1
    for operand in operands:
        number = count(operand)
        if number is None:
            return None
        total *= number
    return total


def size_of(known: Known) -> Quantity:
    """Return the bytes of all texts in a value."""
    total = known.size
    for item in known.items:
        total += size_of(item)
    return total


def only_column(operands: Sequence[Known]) -> int | None:
    """Return the column from which alone all operands come that are no constants."""
    columns = {
        known.of if known.column is None else known.column
        for known in operands
        if known.low is None or known.low != known.high
    }
    return columns.pop() if len(columns) == 1 else None


def join(a: Known, b: Known) -> Known:
    """Return what is known of a value that is one of two."""
    if a == b and _alike(a, b) and _is_same(a):
        return a
    if not a.some:
        a, b = b, a
    if not b.some:
        # A None beside a: everything else that is known of a stays true of what is not None.
        more = None if a.distinct is None else a.distinct + (not a.none)
        size = Quantity({}, a.size.high, _half(a.size, NOTHING).mean) if a.size is not NOTHING else a.size
        items = tuple(join(item, b) for item in a.items)
        return replace(
            a, none=True, distinct=more, column=None, key=False, text=None, size=size, shortest=0, items=items
        )
    same_column = a.column is not None and a.column == b.column
    same_key = a.key and b.key
    if same_column or same_key:
        distinct = a.distinct
    else:
        one, other = count(a), count(b)
        distinct = None if one is None or other is None else one + other
    longest = None if a.longest is None or b.longest is None else max(a.longest, b.longest)
    low = None if a.low is None or b.low is None else min(a.low, b.low)
    high = None if a.high is None or b.high is None else max(a.high, b.high)
    if isinstance(a.low, float) != isinstance(b.low, float) and low is not None and high is not None:
        # As an int and as a float a number is two keys: the range doesn't say how many there are.
        low, high = math.nextafter(as_float(low), -math.inf), math.nextafter(as_float(high), math.inf)
    return Known(
        low=low,
        high=high,
        nan=a.nan or b.nan,
        none=a.none or b.none,
        size=_capped(_half(a.size, b.size), longest),
        shortest=min(a.shortest, b.shortest),
        longest=longest,
        distinct=distinct,
        column=a.column if same_column else None,
        key=same_key,
        text=a.text if a.text == b.text else None,
        items=tuple(join(x, y) for x, y in zip(a.items, b.items, strict=True)),
        item=a.item if a.item is None or b.item is None else join(a.item, b.item),
        amount=None if a.amount is None or b.amount is None else _half(a.amount, b.amount),
        chance=(a.chance + b.chance) / 2,
        tested=a.tested if b.decided is False else b.tested if a.decided is False else None,
        untested=a.untested if b.decided is True else b.untested if a.decided is True else None,
        depth=max(a.depth, b.depth),
        mean=None if a.mean is None or b.mean is None else (a.mean + b.mean) / 2,
        kinds=None if a.kinds is None or b.kinds is None else max(a.kinds, b.kinds),
        words=None if a.words is None or b.words is None else (a.words + b.words) / 2,
        vocabulary=None if a.vocabulary is None or b.vocabulary is None else max(a.vocabulary, b.vocabulary),
    )


def _is_same(known: Known) -> bool:
    """Return whether two values of which this is known have the same values: of 0 ≤ x ≤ 7 both may have another one."""
    if known.items:
        return all(_is_same(item) for item in known.items)
    if known.item is not None and not _is_same(known.item):
        return False
    if known.distinct is None or known.column is not None or known.key or known.text is not None or not known.some:
        return True
    return known.low is not None and known.low == known.high and not known.none


def _alike(a: Known, b: Known) -> bool:
    """Return whether what compares equal is written alike: 4 and 4.0 are two keys, and so are 0.0 and -0.0."""
    if (repr(a.low), repr(a.high)) != (repr(b.low), repr(b.high)):
        return False
    if a.item is not None and b.item is not None and not _alike(a.item, b.item):
        return False
    return all(_alike(x, y) for x, y in zip(a.items, b.items, strict=True))


def _half(a: Quantity, b: Quantity) -> Quantity:
    """Return what bounds both; expected is the middle of what both expect."""
    return a.either(b).weighted(0.5) if a is not b else a


def _capped(size: Quantity, longest: int | None) -> Quantity:
    """Return a size whose upper bound is the longest text, where that says more."""
    if longest is None or size is NOTHING or (size.high is not None and size.high.get(ONE, 0) < longest):
        return size
    return Quantity(size.low, {ONE: longest}, size.mean)


def rewritten(known: Known, depth: int, rewrite: Callable[[Quantity], Quantity]) -> Known:
    """Return the same knowledge with every quantity rewritten: in terms of the calls around a loop, say."""
    return replace(
        known,
        size=known.size if known.size is NOTHING else _capped(rewrite(known.size), known.longest),
        items=tuple(rewritten(item, depth, rewrite) for item in known.items),
        item=None if known.item is None else rewritten(known.item, depth, rewrite),
        amount=None if known.amount is None else rewrite(known.amount),
        counter=None,
        depth=min(known.depth, depth),
    )


def uncounted(known: Known) -> Known:
    """Return the same knowledge without the number of different values, which grows with every round of a loop."""
    return replace(known, distinct=None, items=tuple(uncounted(item) for item in known.items))


def carried(known: Known) -> Known:
    """Return what stays known of a key or value in the next phase."""
    return replace(
        known,
        size=NOTHING,
        column=None,
        key=False,
        items=tuple(carried(item) for item in known.items),
        amount=None,
        chance=0.5,
        counter=None,
    )


def covers(a: Known, b: Known) -> bool:
    """Return whether everything that a says is true of b as well (means and chances are no statements)."""
    if not b.some:
        return a.none
    ranges = (a.low is None or (b.low is not None and a.low <= b.low)) and (
        a.high is None or (b.high is not None and a.high >= b.high)
    )
    kinds = (a.nan or not b.nan) and (a.none or not b.none) and a.some
    longest = a.longest is None or (b.longest is not None and a.longest >= b.longest)
    one, other = count(a), count(b)
    different = one is None or (other is not None and one >= other)
    same = (
        (a.column is None or a.column == b.column)
        and (not a.key or b.key)
        and (a.text is None or a.text == b.text)
        and a.depth >= b.depth
    )
    parts = len(a.items) == len(b.items) and all(covers(x, y) for x, y in zip(a.items, b.items, strict=True))
    listed = a.item is None or (b.item is not None and covers(a.item, b.item))
    amounts = a.amount is None or (b.amount is not None and _contains(a.amount, b.amount))
    texts = a.shortest <= b.shortest and longest and _contains(a.size, b.size)
    return ranges and kinds and different and same and parts and listed and amounts and texts


def _contains(a: Quantity, b: Quantity) -> bool:
    low = all(share <= b.low.get(var, 0) for var, share in a.low.items())
    if a.high is None:
        return low
    return low and b.high is not None and all(share <= a.high.get(var, 0) for var, share in b.high.items())
