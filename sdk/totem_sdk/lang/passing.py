"""Values between phases: what has lists in it is packed before it is emitted, and unpacked when it is read."""

from __future__ import annotations

from totem_sdk.lang.builder import Builder
from totem_sdk.lang.findings import At
from totem_sdk.types import INT, STR, Type, as_packed, has_list

__all__ = ["pack", "unpack"]


def pack(build: Builder, type_: Type, register: int, at: At) -> int:
    """Return the register as which a value travels: its own, or that of the text."""
    if not has_list(type_):
        return register
    packed = as_packed(type_)
    if packed != type_:
        # The packed form is that of a list: it has one item.
        whole = build.register(packed)
        build.op("list_new", packed, whole, (), at)
        build.op("append", packed, None, (whole, register), at)
        register = whole
    text = build.register(STR)
    build.op("pack", packed, text, (register,), at)
    return text


def unpack(build: Builder, text: int, type_: Type, into: int, at: At) -> None:
    """Put into a register the value that has travelled as a text."""
    packed = as_packed(type_)
    if packed == type_:
        build.op("unpack_list", STR, into, (text,), at)
        return
    whole, first = build.register(packed), build.register(INT)
    build.op("unpack_list", STR, whole, (text,), at)
    build.op("const", INT, first, (), at, imm=(0,))
    build.op("at", packed, into, (whole, first), at)
