"""What operations on patterns make of what is known; see ``transfer``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from totem_sdk.estimate.forms import ONE, Quantity, within
from totem_sdk.estimate.known import Known, anything
from totem_sdk.limits import INT_MAX
from totem_sdk.program import Op
from totem_sdk.regex import read_pattern
from totem_sdk.types import INT, STR, Option, Tuple, Type

__all__ = ["REGEX_RULES"]

_PIECE = 6.0
"""Expected bytes of a piece."""

_BETWEEN = 7.0
"""Expected bytes from one match to the next."""


def _taken(type_: Type, text: Known) -> Known:
    """Return what is known of a match of a text, or of a part of it: no text in it is longer."""
    match type_:
        case Option(item=item):
            return replace(_taken(item, text), none=True)
        case Tuple(items=items):
            return Known(items=tuple(_taken(item, text) for item in items))
    if type_ == STR:
        return Known(size=text.size.scaled(0, 1, 0.5), longest=text.longest)
    return Known(-1, INT_MAX if text.longest is None else text.longest) if type_ == INT else anything(type_)


def _match(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del op
    (text,) = operands
    return _taken(type_, text)


def _pieces(type_: Type, op: Op, operands: Sequence[Known]) -> Known:
    del type_
    (text,) = operands
    shortest = read_pattern(str(op.imm[0]), int(op.imm[1] or 0)).shortest
    # A match may be empty, once at each place; between n matches are n + 1 pieces.
    most = Fraction(1, max(1, shortest))
    amount = text.size.scaled(0, most, 1 / _BETWEEN if text.words is None else text.words)
    if op.code == "re_split":
        amount += within(1, 1 if shortest else 2, 1.0)
    elif not shortest:
        amount += within(0, 1, 0.5)
    word = _PIECE if text.words is None else max(1.0, 1 / text.words - 1)
    piece = Known(size=Quantity({}, text.size.high, {ONE: word}), longest=text.longest, kinds=text.vocabulary)
    return Known(size=text.size.scaled(0, 1, 0.9), longest=None, item=piece, amount=amount)


REGEX_RULES: dict[str, Callable[[Type, Op, Sequence[Known]], Known]] = {
    "re_match": _match,
    "re_findall": _pieces,
    "re_split": _pieces,
}
"""By opcode."""
