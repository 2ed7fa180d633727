"""Annotations of variables, parameters and results: read as types of the language."""

from __future__ import annotations

import ast

from totem_sdk.lang.container_types import Listed, Mapped
from totem_sdk.types import NONE, SCALARS, Dict, List, Match, Option, Tuple, Type, Union

__all__ = ["NO_TYPE", "accepts", "read_annotation"]

NO_TYPE = "this annotation is no type of the language"

_NAMES = ("int", "float", "bool", "str", "date", "datetime", "timedelta")


def read_annotation(node: ast.expr) -> Type | None:
    """Return the type that an annotation stands for, or None if it is none of the language's types."""
    match node:
        case ast.Constant(value=None):
            return NONE
        case ast.Name(id=name) if name in _NAMES:
            return SCALARS[name]
        case ast.Attribute(value=ast.Name(id="datetime"), attr=name) if name in ("date", "datetime", "timedelta"):
            return SCALARS[name]
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            sides = (read_annotation(left), read_annotation(right))
            if None in sides or sides.count(NONE) != 1:
                return None
            other = sides[0] if sides[1] == NONE else sides[1]
            return None if other is None or isinstance(other, Option | List) else Option(other)
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[_, *_] as elements)):
            items = [read_annotation(element) for element in elements]
            known = tuple(item for item in items if item is not None and not isinstance(item, List))
            return Tuple(known) if len(known) == len(items) else None
        case ast.Subscript(value=ast.Name(id="tuple"), slice=element):
            item = read_annotation(element)
            return None if item is None or isinstance(item, List) else Tuple((item,))
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key_node, value_node])):
            key, value = read_annotation(key_node), read_annotation(value_node)
            return None if key is None or value is None else Dict(Tuple((key, value)))
        case ast.Subscript(value=ast.Name(id="list"), slice=element):
            item = read_annotation(element)
            return None if item is None else List(item)
    return None


def accepts_exactly(declared: Type, type_: Type) -> bool:
    """Return whether a list of ``type_`` may be annotated as one of ``declared``."""
    return accepts(declared, type_) if isinstance(declared, List) else declared == type_


def accepts(declared: Type, type_: Type) -> bool:
    """Return whether a value of ``type_`` may be annotated as ``declared``: nothing is converted but T to T?."""
    if declared == type_:
        return True
    if isinstance(declared, Dict):
        return isinstance(type_, Mapped) and (
            not type_.known or (declared.key == type_.key and accepts_exactly(declared.value, type_.value))
        )
    if isinstance(declared, List):
        return isinstance(type_, Listed) and (not type_.known or accepts_exactly(declared.item, type_.item))
    if isinstance(declared, Option):
        return type_ == NONE or accepts(declared.item, type_.item if isinstance(type_, Option) else type_)
    if isinstance(type_, Match):
        return False
    if isinstance(declared, Tuple) and isinstance(type_, Tuple) and not isinstance(type_, Union) and not type_.listed:
        return len(declared.items) == len(type_.items) and all(map(accepts, declared.items, type_.items))
    return False
