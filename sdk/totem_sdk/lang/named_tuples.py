"""Tuples with names in expressions: what makes one, and what gives one with other items."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.named_types import Named
from totem_sdk.lang.scope import Scope, fits
from totem_sdk.lang.tree import Apply, Expr
from totem_sdk.types import Type

__all__ = ["REPLACE", "replaced", "tuple_of_names"]

REPLACE = "_replace"


def tuple_of_names(
    scope: Scope, node: ast.Call, named: tuple[str, Sequence[str]], args: Sequence[Expr], order: Sequence[int]
) -> Expr | None:
    """Return the tuple that a call makes; ``order`` are the places of its arguments as they are evaluated."""
    name, names = named
    for item in args:
        scope.own(item.type)
    type_ = Named(tuple(item.type for item in args), name=name, names=tuple(names))
    if not fits(type_):
        scope.refuse(node, "too-large", "a tuple has at most 64 items in all, nested 8 deep")
        return None
    if list(order) == sorted(order):
        return Apply(type_, scope.at(node), "tuple", type_, tuple(args))
    keeper = Keeper(scope.at(node))
    kept = {place: keeper.keep(args[place]) for place in order}
    return keeper.let(Apply(type_, scope.at(node), "tuple", type_, tuple(kept[i] for i in range(len(args)))))


def replaced(scope: Scope, node: ast.Call, owner: Expr, type_: Type) -> Expr | None:
    """Return ``p._replace(x=3)``: a new tuple with other items; those may have other types."""
    if not isinstance(type_, Named):
        scope.refuse(node.func, "unknown-attribute", f"{type_} has no method {REPLACE}()")
        return None
    values = [(given, scope.check(scope, given.value)) for given in node.keywords]
    if node.args:
        scope.refuse(node, "argument", f"{REPLACE}() takes items by name: {REPLACE}({type_.names[0]}=...)")
        return None
    keeper = Keeper(scope.at(node))
    whole = keeper.keep(owner)
    items: list[Expr] = [
        Apply(item, owner.at, "item", type_, (whole,), (place,)) for place, item in enumerate(type_.items)
    ]
    for given, value in values:
        if given.arg not in type_.names:
            scope.refuse(given, "argument", f"{type_.name} has no item {given.arg}", f"it has {', '.join(type_.names)}")
            return None
        if value is None:
            return None
        items[type_.names.index(given.arg)] = keeper.keep(value)
    for item in items:
        scope.own(item.type)
    made = replace(type_, items=tuple(item.type for item in items))
    if not fits(made):
        scope.refuse(node, "too-large", "a tuple has at most 64 items in all, nested 8 deep")
        return None
    return keeper.let(Apply(made, scope.at(node), "tuple", made, tuple(items)))
