"""What operations on values do where one expression doesn't say it (abstract machine, §7 to §9).

What can't be done raises ``Fault``; the walker adds the source line.
"""

from __future__ import annotations

import datetime

from totem_sdk.caught import kind_of
from totem_sdk.errors import ProgramError
from totem_sdk.interpreter import texts
from totem_sdk.interpreter.arithmetic import Fault, checked, float_to_int
from totem_sdk.interpreter.frame import Datum, Frame
from totem_sdk.types import FLOAT, NONE, Option, Tuple, Type, Union, union_kind

__all__ = [
    "at",
    "at_most",
    "counted",
    "equal",
    "larger",
    "largest",
    "less",
    "made",
    "pieces",
    "raised",
    "smaller",
    "smallest",
    "to_float",
    "to_int",
    "to_str",
    "widened",
]


def raised(code: int) -> Datum:
    """End in the error that a code stands for."""
    raise ProgramError(*kind_of(code))


def equal(a: Datum, b: Datum) -> bool:
    """Return a == b as Python does, tuples and lists item by item; a NaN equals nothing, not even itself."""
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def less(a: Datum, b: Datum) -> bool:
    """Return a < b as Python does: tuples by their first items that differ."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        for x, y in zip(a, b, strict=False):
            if not equal(x, y):
                return less(x, y)
        return len(a) < len(b)
    return bool(a < b)


def at_most(a: Datum, b: Datum) -> bool:
    """Return a <= b as Python does: tuples by their first items that differ."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        for x, y in zip(a, b, strict=False):
            if not equal(x, y):
                return at_most(x, y)
        return len(a) <= len(b)
    return bool(a <= b)


def smaller(a: Datum, b: Datum) -> Datum:
    """Return min(a, b): the first where they compare equal or not at all."""
    return b if less(b, a) else a


def larger(a: Datum, b: Datum) -> Datum:
    """Return max(a, b): the first where they compare equal or not at all."""
    return b if less(a, b) else a


def smallest(*values: Datum) -> Datum:
    """Return the smallest value, from the left."""
    best = values[0]
    for value in values[1:]:
        best = smaller(best, value)
    return best


def largest(*values: Datum) -> Datum:
    """Return the largest value, from the left."""
    best = values[0]
    for value in values[1:]:
        best = larger(best, value)
    return best


def widened(value: Datum, type_: Type, narrow: Type) -> Datum:
    """Return a value of one type as one of a wider type: an int becomes a float where the type says so."""
    match type_, narrow:
        case Union(), _:
            return _united(value, type_, narrow)
        case _, Option(item=item):
            return None if value is None else widened(value, type_.item if isinstance(type_, Option) else type_, item)
        case Option(item=item), _:
            return None if narrow == NONE else widened(value, item, narrow)
        case Tuple(items=items), Tuple(items=parts):
            return tuple(widened(*each) for each in zip(value, items, parts, strict=True))
        case _:
            return float(value) if type_ == FLOAT else value


def _united(value: Datum, type_: Union, narrow: Type) -> tuple[Datum, ...]:
    """Return a value as one of a union: a tuple in which only the value's own kind is not None."""
    inner = narrow.item if isinstance(narrow, Option) else narrow
    parts = zip(value, inner.items, strict=True) if isinstance(inner, Union) else [(value, inner)]
    made: list[Datum] = [None] * len(type_.items)
    for part, each in parts:
        bare = each.item if isinstance(each, Option) else each
        place = type_.place_of(union_kind(bare))
        if part is not None and place is not None:
            made[place] = widened(part, type_.items[place], bare)
    return tuple(made)


def to_int(value: Datum) -> int:
    """Return int(value) of a number, a bool or a text."""
    if isinstance(value, str):
        number = texts.parse_int(value)
        if number is None:
            raise Fault("value")
        return int(checked(number))
    return float_to_int(value) if isinstance(value, float) else int(value)


def to_float(value: Datum) -> float:
    """Return float(value) of a number, a bool or a text."""
    if isinstance(value, str):
        number = texts.parse_float(value)
        if number is None:
            raise Fault("value")
        return number
    return float(value)


def made(frame: Frame, text: str) -> str:
    """Return a text that an operation has made, after counting its bytes."""
    frame.role.allocate(len(text.encode()))
    return text


def to_str(frame: Frame, value: Datum) -> str:
    """Return str(value) of an int or a bool, isoformat() of a date or datetime."""
    return made(frame, value.isoformat() if isinstance(value, datetime.date) else str(value))


def pieces(frame: Frame, text: str, separator: str | None) -> tuple[str, ...]:
    """Return the pieces of a text, after counting 8 bytes for each."""
    found = texts.cut(text, separator)
    frame.role.allocate(8 * len(found))
    return found


def at(items: tuple[Datum, ...], position: int) -> Datum:
    """Return an item of a list; negative positions count from the end."""
    if not -len(items) <= position < len(items):
        raise Fault("index")
    return items[position]


def counted(items: tuple[Datum, ...], number: int) -> None:
    """Do nothing where a list has so many items, else fail."""
    if len(items) != number:
        raise Fault("value")
