"""Methods of lists and dicts: whether there is one of a name, and whether it takes so many arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TypeVar

from totem_sdk.lang.scope import Scope
from totem_sdk.types import Type

__all__ = ["method_of"]

_Make = TypeVar("_Make")


def method_of(
    scope: Scope,
    node: ast.Call,
    method: ast.Attribute,
    type_: Type,
    methods: Mapping[str, tuple[int, int, _Make]],
    *,
    others: Iterable[str] = (),
) -> _Make | None:
    """Return what makes a call of a method, by a table of the fewest and most arguments; None if it is refused.

    ``others`` are methods that the table doesn't have, for the hint.
    """
    name = method.attr.rstrip("'")  # see set_forms: what asks whether something is a set
    if name not in methods:
        known = ", ".join(sorted((*methods, *others)))
        scope.refuse(method, "unknown-attribute", f"{type_} has no method {name}()", f"it has {known}")
        return None
    least, most, make = methods[name]
    if not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        scope.refuse(node, "argument", f".{name}() takes {wanted} arguments, {len(node.args)} are given")
        return None
    return make
