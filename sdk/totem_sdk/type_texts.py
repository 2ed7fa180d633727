"""Reading the canonical text of a type, which ``str(type)`` writes."""

from __future__ import annotations

from totem_sdk.errors import InvalidDocument
from totem_sdk.types import NONE, SCALARS, Array, Dict, List, Option, Tuple, Type, Union, Values

__all__ = ["parse_type"]


def parse_type(text: str) -> Type:
    """Read the canonical text of a type.

    Raises:
        InvalidDocument: the text is not the canonical text of a type.
    """
    try:
        type_, rest = _parse(text, 0)
    except RecursionError:
        raise InvalidDocument("type is nested too deeply") from None
    if rest:
        raise InvalidDocument(f"not a type: {text!r} (unexpected {rest!r})")
    return type_


def _parse(text: str, depth: int) -> tuple[Type, str]:
    if depth > 32:
        raise InvalidDocument("type is nested too deeply (limit 32)")
    for opening, closing in ("()", "[]"):
        if text.startswith(opening):
            items, rest = _parse_items(text[1:], closing, depth + 1)
            return _optional(Tuple(items, listed=opening == "["), rest)
    for word, make in (("list[", List), ("array[", Array), ("values[", Values)):
        if text.startswith(word):
            item, rest = _parse(text[len(word) :], depth + 1)
            if not rest.startswith("]"):
                raise InvalidDocument(f"not a type: expected ']' before {rest!r}")
            return (make(item), rest[1:]) if make is Values else _optional(make(item), rest[1:])
    if text.startswith("dict["):
        return _parse_dict(text, depth)
    if text.startswith("union["):
        items, rest = _parse_items(text[len("union[") :], "]", depth + 1)
        return _optional(Union(tuple(Option(item) for item in items)), rest)
    end = 0
    while end < len(text) and text[end].isalpha():
        end += 1
    name = text[:end]
    if name not in SCALARS:
        raise InvalidDocument(f"not a type: {name or text!r} (known: {', '.join(sorted(SCALARS))})")
    return _optional(SCALARS[name], text[end:])


def _parse_items(text: str, closing: str, depth: int) -> tuple[tuple[Type, ...], str]:
    items: list[Type] = []
    while True:
        item, text = _parse(text, depth)
        items.append(item)
        if text.startswith(closing):
            return tuple(items), text[1:]
        if not text.startswith(","):
            raise InvalidDocument(f"not a type: expected ',' or {closing!r} before {text!r}")
        text = text[1:]


def _parse_dict(text: str, depth: int) -> tuple[Type, str]:
    """Read the type of a dict: what stands behind the word is written as a listed tuple of two."""
    pair, rest = _parse(text[len("dict") :], depth + 1)
    if not isinstance(pair, Tuple) or len(pair.items) != len(("key", "value")):
        raise InvalidDocument(f"not a type: {text!r} (a dict has one type of keys and one of values)")
    return Dict(Tuple(pair.items)), rest


def _optional(type_: Type, rest: str) -> tuple[Type, str]:
    if rest.startswith("?"):
        if type_ == NONE:
            raise InvalidDocument("not a type: none?")
        return Option(type_), rest[1:]
    return type_, rest
