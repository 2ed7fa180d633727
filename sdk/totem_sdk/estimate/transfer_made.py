"""What is known of what the opcodes of ``totem_sdk.text_opcodes`` give; see ``transfer``.

No text that a completed run has made is longer than all memory, so a size that nothing else bounds is bounded by that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from totem_sdk.estimate.forms import NOTHING, ONE, Quantity, as_float, within
from totem_sdk.estimate.known import Known, anything, combinations
from totem_sdk.limits import INT_MAX, MEMORY_BYTES
from totem_sdk.program import Op
from totem_sdk.types import STR, Type

__all__ = ["MADE_RULES", "RECASE_GROWTH"]

RECASE_GROWTH: tuple[Fraction, Fraction] = (Fraction(1, 3), Fraction(3))
"""Least and most by which title, capitalize and swapcase change the bytes of a text (a test tries every character)."""

_CHARACTER = within(1, 4, 1.0)
_LARGEST_CODE = 0x10FFFF


def _text(size: Quantity, shortest: int, longest: int | None, operands: Sequence[Known]) -> Known:
    """Return a text of a size: no longer than all memory where it is made."""
    return Known(size=size, shortest=shortest, longest=longest, distinct=combinations(operands))


def _made(size: Quantity, shortest: int, longest: int | None, operands: Sequence[Known]) -> Known:
    """Return a text that was made in memory."""
    most = MEMORY_BYTES if longest is None else min(MEMORY_BYTES, longest)
    high = size.high
    if high is None or high.get(ONE, 0) >= most:
        size = Quantity(size.low, {ONE: most}, size.mean)
    return _text(size, min(shortest, most), most, operands)


def _truth(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del op
    return Known(False, True, distinct=combinations(operands) or anything(type_).distinct)


def _position(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    how = str(op.imm[0])
    longest = INT_MAX if operands[0].longest is None else operands[0].longest
    low = -1 if how in ("find", "rfind") else 0
    return Known(low, min(INT_MAX, longest + (how == "count")), distinct=combinations(operands))


def _character(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    return _text(_CHARACTER, 1, 4, operands)


def _packed(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    """Return the text of a list, of which its type is known and nothing else."""
    del type_, op
    return _made(within(1, None, 32.0), 1, None, operands)


def _part(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    whole = operands[0]
    return _text(whole.size.scaled(0, 1, 0.5), 0, whole.longest, operands)


def _recased(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    (a,) = operands
    least, most = RECASE_GROWTH
    longest = None if a.longest is None else math.floor(a.longest * most)
    return _text(a.size.scaled(least, most, 1.0), math.ceil(a.shortest * least), longest, operands)


def _json(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    """Return a text in quotes, of which a byte takes up to six: those of control characters, and beyond ASCII fewer."""
    del type_, op
    (a,) = operands
    longest = None if a.longest is None else 6 * a.longest + 2
    return _made(a.size.scaled(1, 6, 1.1) + within(2, 2, 2.0), a.shortest + 2, longest, operands)


def _replaced(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    text, old, new, _ = operands
    if new.longest is None:
        return _made(Quantity({}, None, text.size.mean), 0, None, operands)
    if old.shortest > 0:
        factor, more = max(Fraction(1), Fraction(new.longest, old.shortest)), 0
    else:
        # An empty text stands before each character and at the end.
        factor, more = Fraction(1 + new.longest), new.longest
    kept = old.longest is not None and new.shortest >= old.longest
    size = text.size.scaled(1 if kept else 0, factor, 1.0) + within(0, more, 0.0)
    longest = None if text.longest is None else math.floor(text.longest * factor) + more
    return _made(size, text.shortest if kept else 0, longest, operands)


def _repeated(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    text, times = operands
    low, high = (min(MEMORY_BYTES, max(0, bound)) for bound in (times.low, times.high))
    longest = None if text.longest is None else text.longest * max(0, times.high)
    if times.high > MEMORY_BYTES:
        # An empty text may be repeated as often as one likes.
        return _made(Quantity({}, None, text.size.mean), 0, longest, operands)
    return _made(text.size.scaled(low, high, as_float((low + high) // 2)), text.shortest * low, longest, operands)


def _padded(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    text, width, fill, _ = operands
    most = min(MEMORY_BYTES, max(0, width.high)) * (fill.longest or 4)
    longest = None if text.longest is None else text.longest + most
    return _made(text.size + within(0, most, as_float(most) / 2), text.shortest, longest, operands)


def _joined(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    separator, parts = operands
    if parts.amount is None or separator.longest is None:
        return _made(Quantity({}, None, parts.size.mean), 0, None, operands)
    return _made(parts.size.scaled(0, 1, 1.0) + parts.amount.scaled(0, separator.longest, 1.0), 0, None, operands)


def _cut(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    (a,) = operands
    if op.imm[0] == "list":
        item = Known(size=_CHARACTER, shortest=1, longest=4)
        return Known(size=a.size, longest=None, item=item, amount=a.size.scaled(Fraction(1, 4), 1, 1.0))
    piece = Known(size=Quantity({}, a.size.high, {ONE: 6.0}), longest=a.longest)
    # Between n separators are n + 1 pieces; a line has at least its end.
    amount = a.size.scaled(0, 1, 1 / 8) + within(0, 1, 1.0)
    return Known(size=a.size.scaled(0, 1, 0.9), longest=None, item=piece, amount=amount)


def _partitioned(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    text, wanted = operands
    side = _text(text.size.scaled(0, 1, 0.5), 0, text.longest, operands)
    middle = _text(wanted.size.scaled(0, 1, 0.5), 0, wanted.longest, operands)
    return Known(items=(side, middle, side))


def _built(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    size, shortest, longest = NOTHING, 0, 0
    for part in operands:
        size += part.size
        shortest += part.shortest
        longest = MEMORY_BYTES if part.longest is None else min(MEMORY_BYTES, longest + part.longest)
    return _made(size, shortest, longest, operands)


_DIGITS = 450
"""More than any number has without a precision: 309 digits before a point, with commas."""


def _formatted(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    value, wanted = operands
    width = int(op.imm[4] or 0)
    if op.type == STR:
        size = value.size.scaled(0, 1, 1.0) + within(0, 4 * width, width / 2)
        longest = None if value.longest is None else value.longest + 4 * width
        return _text(Quantity({ONE: width}, size.high, size.mean), width, longest, operands[:1])
    most = 4 * width + wanted.high + _DIGITS
    return _text(within(max(1, width), most, float(max(width, 8))), max(1, width), most, operands[:1])


MADE_RULES: dict[str, Callable[[Type, Op, Sequence[Known]], Known]] = {
    "contains": _truth,
    "find": _position,
    "text_is": _truth,
    "char_at": _character,
    "slice": _part,
    "pack": _packed,
    "remove": _part,
    "recase": _recased,
    "json_text": _json,
    "replace": _replaced,
    "repeat": _repeated,
    "pad": _padded,
    "join": _joined,
    "cut": _cut,
    "partition": _partitioned,
    "build": _built,
    "format": _formatted,
    "ord": lambda _type, _op, operands: Known(0, _LARGEST_CODE, distinct=combinations(operands)),
    "chr": _character,
}
"""By opcode."""
