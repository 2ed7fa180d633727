"""What operations on texts make of what is known; see ``transfer``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from totem_sdk.estimate.forms import ONE, Quantity, within
from totem_sdk.estimate.known import Known, combinations
from totem_sdk.estimate.transfer_made import MADE_RULES
from totem_sdk.estimate.transfer_regex import REGEX_RULES
from totem_sdk.limits import INT_MAX
from totem_sdk.program import Op
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NUM, Type

__all__ = ["CASE_GROWTH", "TEXT_RULES"]

CASE_GROWTH: dict[str, tuple[Fraction, Fraction]] = {
    "lower": (Fraction(1, 3), Fraction(3, 2)),
    "upper": (Fraction(1, 3), Fraction(3)),
}
"""Least and most by which case changes the bytes of a text (a test tries every character)."""

_TEXT_OF: dict[Type, tuple[int, int]] = {
    INT: (1, 20),
    FLOAT: (3, 24),
    NUM: (1, 24),
    BOOL: (4, 5),
    DATE: (10, 10),
    DATETIME: (19, 26),
}
"""Fewest and most bytes of ``to_str``."""
_WORD = 6.0
"""Expected bytes of a word and the space after it."""


def _text(size: Quantity, shortest: int, longest: int | None, operands: Sequence[Known]) -> Known:
    """Return a text; one that is made of one other has its words."""
    words = vocabulary = None
    if len(operands) == 1:
        words, vocabulary = operands[0].words, operands[0].vocabulary
    known = Known(size=size, shortest=shortest, longest=longest, distinct=combinations(operands))
    return replace(known, words=words, vocabulary=vocabulary)


def _joined_texts(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    a, b = operands
    longest = None if a.longest is None or b.longest is None else a.longest + b.longest
    return _text(a.size + b.size, a.shortest + b.shortest, longest, operands)


def _case(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    (a,) = operands
    least, most = CASE_GROWTH[op.code]
    longest = None if a.longest is None else math.floor(a.longest * most)
    return _text(a.size.scaled(least, most, 1.0), math.ceil(a.shortest * least), longest, operands)


def _stripped(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    (a,) = operands
    return _text(a.size.scaled(0, 1, 1.0), 0, a.longest, operands)


def _to_text(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    fewest, most = _TEXT_OF[op.type]
    return _text(within(fewest, most, (fewest + most) / 2), fewest, most, operands)


def _split(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    (a,) = operands
    separator = op.imm[0] if op.imm else None
    # One text has many pieces: how many different ones there are is not known.
    words = a.words if separator is None else None
    word = _WORD - 1 if words is None else max(1.0, 1 / words - 1)
    piece = Known(size=Quantity({}, a.size.high, {ONE: word}), longest=a.longest, kinds=a.vocabulary if words else None)
    if isinstance(separator, str):
        width = len(separator.encode())
        amount = a.size.scaled(0, Fraction(1, width), 1 / (_WORD + width)) + within(1, 1, 1.0)
    else:
        each = 1 / _WORD if words is None else words
        amount = a.size.scaled(0, Fraction(1, 2), each) + within(0, Fraction(1, 2), 0.5 if words is None else 0.0)
    return Known(size=a.size.scaled(0, 1, 0.9), longest=None, item=piece, amount=amount)


def _length(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_, op
    (a,) = operands
    if a.item is not None:
        return Known(0, INT_MAX, amount=a.amount)
    longest = INT_MAX if a.longest is None else a.longest
    characters = a.size.scaled(Fraction(1, 4), 1, 1.0)
    return Known(-(-a.shortest // 4), longest, amount=characters, distinct=combinations(operands))


TEXT_RULES: dict[str, Callable[[Type, Op, Sequence[Known]], Known]] = {
    "to_str": _to_text,
    "concat": _joined_texts,
    "len": _length,
    "lower": _case,
    "upper": _case,
    "strip": _stripped,
    "split": _split,
    **MADE_RULES,
    **REGEX_RULES,
}
