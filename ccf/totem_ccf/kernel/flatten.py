"""How values of each type are held in WebAssembly: a list of slots, each one local (or one place in memory).

==================  ======================================================================================
``int``             i64
``float``           f64
``bool``            i32, 0 or 1
``str``             i64: address << 32 | number of UTF-8 bytes; an empty text may have any address
``date``            i64, days since 1970-01-01
``datetime``        i64, microseconds since 1970-01-01T00:00
``none``            nothing
``num``             i32 tag (0 int, 1 float) and i64 bits
``T?``              i32 presence and the slots of T; those of an absent value are zeros
tuple               the slots of its items, one after the other
``union[T1,T2]``    those of the tuple ``(T1?,T2?)``
``list[str]``       i64: address << 32 | number of items; at the address stand the items' i64
``array[T]``        i32: the address of its header (``runtime/lists.c``)
``dict[K,V]``       i32: the address of its header (``runtime/dicts.c``)
``values[T]``       nothing: the group's cursor is the values
==================  ======================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from totem_sdk.errors import InternalError
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
    Array,
    Dict,
    List,
    Option,
    Tuple,
    Type,
    Union,
    Values,
)

__all__ = ["Slot", "WasmType", "held_shape", "item_offset", "line_shape", "shape", "slots", "text_slots"]

WasmType = Literal["i32", "i64", "f64"]
SlotKind = Literal["int", "float", "bool", "str", "date", "datetime", "tag", "bits", "present", "list", "array"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One local of a value: what it holds and its WebAssembly type."""

    kind: SlotKind
    wasm: WasmType

    @property
    def zero(self) -> str:
        """The instruction that gives the slot's zero."""
        return f"({self.wasm}.const 0)"


_SCALAR_SLOTS: dict[Type, tuple[Slot, ...]] = {
    INT: (Slot("int", "i64"),),
    FLOAT: (Slot("float", "f64"),),
    BOOL: (Slot("bool", "i32"),),
    STR: (Slot("str", "i64"),),
    DATE: (Slot("date", "i64"),),
    DATETIME: (Slot("datetime", "i64"),),
    TIMEDELTA: (Slot("int", "i64"),),
    NONE: (),
    NUM: (Slot("tag", "i32"), Slot("bits", "i64")),
}


@cache
def slots(type_: Type) -> tuple[Slot, ...]:
    """Return the slots that a value of this type is held in."""
    return tuple(_slots(type_))


def _slots(type_: Type) -> Iterator[Slot]:
    match type_:
        case Option(item=item):
            yield Slot("present", "i32")
            yield from slots(item)
        case Tuple(items=items):
            for item in items:
                yield from slots(item)
        case Array():
            yield Slot("array", "i32")
        case List(item=item):
            if item != STR:
                raise InternalError(f"the kernel has no lists of {item}")
            yield Slot("list", "i64")
        case Values():
            return
        case _:
            yield from _SCALAR_SLOTS[type_]


_SHAPES: dict[Type, str] = {
    INT: "i",
    FLOAT: "f",
    BOOL: "b",
    STR: "s",
    DATE: "i",
    DATETIME: "i",
    TIMEDELTA: "i",
    NONE: "z",
    NUM: "n",
}


def shape(type_: Type) -> str:
    """Return the shape of an item of a list, as ``runtime/lists.c`` reads it."""
    match type_:
        case Option(item=item):
            return f"?{shape(item)}"
        case Tuple(items=items):
            return f"({''.join(shape(item) for item in items)})"
        case List() | Values():
            return "a"
        case _:
            return _SHAPES[type_]


def held_shape(type_: Type) -> str:
    """Return the shape of a field with lists, as ``runtime/heap.c`` reads it: with the shapes of their items."""
    match type_:
        case Option(item=item):
            return f"?{held_shape(item)}"
        case Tuple(items=items):
            return f"({''.join(held_shape(item) for item in items)})"
        case Dict(item=item):
            return f"d{held_shape(item)}"
        case List(item=item):
            return f"a{held_shape(item)}"
        case _:
            return shape(type_)


def line_shape(type_: Type) -> str:
    """Return the shape of an item of a list, as ``runtime/lines.c`` reads it: that of its JSON text."""
    match type_:
        case Union(items=items):
            return f"u{''.join(line_shape(item) for item in items)})"
        case Option(item=item):
            return f"?{line_shape(item)}"
        case Tuple(items=items):
            return f"({''.join(line_shape(item) for item in items)})"
        case _:
            return shape(type_)


def item_offset(type_: Tuple, index: int) -> int:
    """Return how many slots stand before item ``index`` of a tuple."""
    return sum(len(slots(item)) for item in type_.items[:index])


def text_slots(type_: Type) -> tuple[int, ...]:
    """Return the positions of the slots that refer to texts (lists of texts included)."""
    return tuple(position for position, slot in enumerate(slots(type_)) if slot.kind in ("str", "list"))
