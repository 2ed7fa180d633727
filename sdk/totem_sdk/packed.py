"""Lists and dicts between phases: one that is emitted travels as a text, its packed form (abstract machine, §6).

A packed value is written item by item, by its type alone:

==================  ======================================================================================
a number *n* ≥ 0    in base 32, the lowest digit first: ``40`` + digit as long as another follows, else ``60`` + digit
``int``             2 × n, or −2 × n − 1 where n is negative
``float``           the 8 bytes of the binary64 read backwards as a number; every NaN is ``7ff8000000000000``
``bool``            0 or 1
``num``             0 and the int, or 1 and the float
``str``             its UTF-8 bytes' number, then these
``none``            0
``T?``              0 for None, else 1 and the value
tuple               its items
``array[T]``        how many items it has, then these
``dict[K,T]``       how many entries it has, then these, each as the tuple of its key and value
==================  ======================================================================================

It is a text (valid UTF-8), so that columns, keys, sizes and charges of texts are those of packed lists as well.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Any

from totem_sdk.errors import InternalError
from totem_sdk.types import BOOL, FLOAT, INT, NONE, NUM, STR, Dict, List, Option, Tuple, Type, as_packed

__all__ = ["MANY", "pack", "packed_size", "unpack", "unpacked"]

MANY = 1 << 26
"""A list of so many items, with those of all lists in it, has no packed form that memory holds."""

_NAN = 0x7FF8000000000000


def packed_size(type_: Type, value: Any) -> tuple[int, int]:
    """Return how many items a list has with those of all lists in it, and the bytes of their texts.

    A list that stands in several places counts in each. If there are ``MANY``, that and 0 are returned.
    """
    known: dict[int, tuple[int, int]] = {}

    def size(type_: Type, value: Any) -> tuple[int, int]:
        match type_:
            case List(item=item):
                if id(value) not in known:
                    each_of = value.items() if isinstance(type_, Dict) else value
                    parts = [(0, 0)] if item in (INT, FLOAT, BOOL, NUM, NONE) else [size(item, e) for e in each_of]
                    known[id(value)] = (len(value) + sum(n for n, _ in parts), sum(bytes_ for _, bytes_ in parts))
                return known[id(value)]
            case Tuple(items=items):
                parts = [size(item, each) for item, each in zip(items, value, strict=True)]
                return sum(n for n, _ in parts), sum(bytes_ for _, bytes_ in parts)
            case Option(item=item):
                return (0, 0) if value is None else size(item, value)
            case _:
                return 0, len(value.encode()) if type_ == STR else 0

    items, texts = size(type_, value)
    return (items, texts) if items < MANY else (MANY, 0)


def pack(type_: Type, value: Any, most: int) -> str | None:
    """Return the packed form of a list, None if it has more than ``most`` bytes, which are less than ``MANY`` + 1."""
    out = bytearray()
    if packed_size(type_, value)[0] == MANY:
        return None  # every item takes a byte

    def write(type_: Type, value: Any) -> bool:
        match type_:
            case List(item=item):
                _number(out, len(value))
                each_of = value.items() if isinstance(type_, Dict) else value
                return all(write(item, each) and len(out) <= most for each in each_of)
            case Tuple(items=items):
                return all(write(item, each) for item, each in zip(items, value, strict=True))
            case Option(item=item):
                _number(out, int(value is not None))
                return value is None or write(item, value)
        _scalar(out, type_, value)
        return True

    return out.decode() if write(type_, value) and len(out) <= most else None


def _number(out: bytearray, number: int) -> None:
    while number >= 32:
        out.append(0x40 | number & 31)
        number >>= 5
    out.append(0x60 | number)


def _scalar(out: bytearray, type_: Type, value: Any) -> None:
    if type_ == NUM:
        _number(out, int(isinstance(value, float)))
        type_ = FLOAT if isinstance(value, float) else INT
    if type_ == INT:
        _number(out, 2 * value if value >= 0 else -2 * value - 1)
    elif type_ == FLOAT:
        bits = _NAN if math.isnan(value) else struct.unpack("<Q", struct.pack("<d", value))[0]
        _number(out, int.from_bytes(bits.to_bytes(8, "little"), "big"))
    elif type_ == BOOL:
        _number(out, int(value))
    elif type_ == STR:
        encoded = value.encode()
        _number(out, len(encoded))
        out += encoded
    elif type_ == NONE:
        _number(out, 0)
    else:
        raise InternalError(f"a {type_} has no packed form")


class _Reader:
    """Reads packed values, one after the other."""

    def __init__(self, text: str, dicts: type[dict[Any, Any]]) -> None:
        self.data = text.encode()
        self.position = 0
        self.dicts = dicts

    def number(self) -> int:
        value = shift = 0
        while True:
            digit = self.data[self.position]
            self.position += 1
            value |= (digit & 31) << shift
            shift += 5
            if digit & 0x20:
                return value

    def value(self, type_: Type) -> Any:
        match type_:
            case Dict(item=item):
                return self.dicts([self.value(item) for _ in range(self.number())])
            case List(item=item):
                return [self.value(item) for _ in range(self.number())]
            case Tuple(items=items):
                return tuple([self.value(item) for item in items])
            case Option(item=item):
                return self.value(item) if self.number() else None
        if type_ == NUM:
            type_ = FLOAT if self.number() else INT
        if type_ == INT:
            number = self.number()
            return -(number >> 1) - 1 if number & 1 else number >> 1
        if type_ == FLOAT:
            return struct.unpack(">d", self.number().to_bytes(8, "little"))[0]
        if type_ == BOOL:
            return bool(self.number())
        if type_ == STR:
            size = self.number()
            self.position += size
            return self.data[self.position - size : self.position].decode()
        if type_ == NONE:
            self.number()
            return None
        raise InternalError(f"a {type_} has no packed form")


_BACKWARDS = re.compile(rb"[\x60-\x7f][\x40-\x5f]*")
_DIGITS = bytes.maketrans(bytes(range(0x40, 0x80)), 2 * b"0123456789abcdefghijklmnopqrstuv")


def unpack(type_: Type, text: str, dicts: type[dict[Any, Any]] = dict) -> Any:
    """Return the value that ``pack`` has written; ``dicts`` makes its dicts."""
    if not isinstance(type_, List) or type_.item not in (INT, FLOAT):
        return _Reader(text, dicts).value(type_)
    # A result may have millions of these.
    words = b" ".join(_BACKWARDS.findall(text.encode("ascii")[::-1])).translate(_DIGITS).split()
    numbers = [int(word, 32) for word in words[-2::-1]]
    if type_.item == FLOAT:
        return list(struct.unpack(f">{len(numbers)}d", struct.pack(f"<{len(numbers)}Q", *numbers)))
    return [-(number >> 1) - 1 if number & 1 else number >> 1 for number in numbers]


def unpacked(type_: Type, text: str) -> Any:
    """Return a value that has travelled as a text: a list, a dict, or a tuple with one in it."""
    packed = as_packed(type_)
    value = unpack(packed, text)
    return value if packed == type_ else value[0]
