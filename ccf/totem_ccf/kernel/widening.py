"""A value as one of a wider type: int as float, int or float as num, T or None as T?, tuples item by item."""

from __future__ import annotations

from collections.abc import Sequence

from totem_ccf.kernel.flatten import slots
from totem_sdk.errors import InternalError
from totem_sdk.types import FLOAT, INT, NONE, NUM, Array, Option, Tuple, Type, Union, union_kind

__all__ = ["wider"]


def wider(type_: Type, wanted: Type, values: Sequence[str]) -> list[str]:
    """Return the slots of a value as those of a wider type (or of the same).

    Raises:
        InternalError: the type is not wider.
    """
    if slots(type_) == slots(wanted) and _same_shape(type_, wanted):
        return list(values)
    if isinstance(wanted, Union):
        return _united(type_, wanted, values)
    match type_, wanted:
        case Option(item=item), Option(item=inner):
            return [values[0], *wider(item, inner, values[1:])]
        case _, Option(item=inner):
            if type_ == NONE:
                return [slot.zero for slot in slots(wanted)]
            return ["(i32.const 1)", *wider(type_, inner, values)]
        case Tuple(items=items), Tuple(items=wider_items):
            result: list[str] = []
            start = 0
            for item, inner in zip(items, wider_items, strict=True):
                end = start + len(slots(item))
                result += wider(item, inner, values[start:end])
                start = end
            return result
        case Array(), Array():
            return list(values)  # a reference; in what it refers to, some tuples are lists after a shuffle
    return _number(type_, wanted, values)


def _number(type_: Type, wanted: Type, values: Sequence[str]) -> list[str]:
    match type_, wanted:
        case _ if type_ == INT and wanted == FLOAT:
            return [f"(f64.convert_i64_s {values[0]})"]
        case _ if type_ == INT and wanted == NUM:
            return ["(i32.const 0)", values[0]]
        case _ if type_ == FLOAT and wanted == NUM:
            return ["(i32.const 1)", f"(i64.reinterpret_f64 {values[0]})"]
        case _ if type_ == NUM and wanted == FLOAT:
            return [f"(call $num_float {values[0]} {values[1]})"]
    raise InternalError(f"a {type_} can't be widened to a {wanted}")


def _united(type_: Type, wanted: Union, values: Sequence[str]) -> list[str]:
    """Return the slots of a value as those of a union: what is not of the value's kind is absent."""
    start, given = 0, {}
    for item in type_.items if isinstance(type_, Union) else (type_,):
        end = start + len(slots(item))
        given[union_kind(item.item if isinstance(item, Option) else item)] = item, values[start:end]
        start = end
    result: list[str] = []
    for option in wanted.items:
        kind = union_kind(option.item) if isinstance(option, Option) else None
        item, own = given.get(kind, (NONE, ()))
        result += wider(item, option, own)
    return result


def _same_shape(a: Type, b: Type) -> bool:
    """Return whether two types differ at most in whether tuples are listed."""
    match a, b:
        case Option(item=x), Option(item=y):
            return _same_shape(x, y)
        case Tuple(items=xs), Tuple(items=ys):
            return len(xs) == len(ys) and all(_same_shape(x, y) for x, y in zip(xs, ys, strict=True))
        case _:
            return a == b
