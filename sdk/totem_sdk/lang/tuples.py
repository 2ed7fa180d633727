"""Tuples as sequences: their items as a list, an index that varies, slices, methods, and starred targets.

``a, *rest, b = value`` is written as two calls of methods that no source can write (``targets``):
``value.taken'(1, 1)`` gives the items for a and b, ``value.rest'(1, 1)`` a list of those between.
"""

from __future__ import annotations

import ast

from totem_sdk.errors import InternalError
from totem_sdk.lang.constants import NotConstant, evaluate
from totem_sdk.lang.container_types import Listed, Mapped
from totem_sdk.lang.dicts import as_list
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.list_methods import call_list_method
from totem_sdk.lang.lists import index_of, letters_of, put_into
from totem_sdk.lang.scope import Scope, fits, widen
from totem_sdk.lang.tree import Apply, Const, Display, Expr
from totem_sdk.types import INT, NONE, STR, Match, Option, Tuple, Union

__all__ = ["added", "as_items", "call_tuple_method", "item_by_index", "starred", "tuple_slice"]

_METHODS = ("count", "index")


def as_items(scope: Scope, node: ast.AST, expr: Expr) -> Expr | None:
    """Return the items of a tuple as a new list, and anything else as it is."""
    type_ = expr.type
    if not isinstance(type_, Tuple) or isinstance(type_, Match | Union):
        return expr
    keeper = Keeper(expr.at)
    # The items of a tuple that is written out, or kept, are at hand.
    whole = expr if isinstance(expr, Apply) and expr.code == "tuple" else keeper.keep(expr)
    found = _items(whole, type_)
    made = scope.listed(node, None, owned=True)
    if not all(put_into(scope, node, made, item) for item in found):
        return None
    return keeper.let(Display(made, scope.at(node), tuple(widen(item, made.item) for item in found)))


def _items(whole: Expr, type_: Tuple) -> tuple[Expr, ...]:
    if isinstance(whole, Apply) and whole.code == "tuple":
        return whole.args
    return tuple(Apply(item, whole.at, "item", type_, (whole,), (i,)) for i, item in enumerate(type_.items))


def added(scope: Scope, node: ast.BinOp, left: Expr, right: Expr) -> Expr | None:
    """Return ``left + right`` of two tuples, or nothing where they are something else."""
    if (
        not isinstance(node.op, ast.Add)
        or isinstance(left.type, Match | Union)
        or isinstance(right.type, Match | Union)
    ):
        return None
    if not isinstance(left.type, Tuple) or not isinstance(right.type, Tuple) or left.type.listed != right.type.listed:
        return None
    type_ = Tuple((*left.type.items, *right.type.items), left.type.listed)
    if not fits(type_):
        return None
    keeper = Keeper(scope.at(node))
    sides = keeper.keep(left), keeper.keep(right)
    items = (*_items(sides[0], left.type), *_items(sides[1], right.type))
    return keeper.let(Apply(type_, scope.at(node), "tuple", type_, items))


def item_by_index(scope: Scope, node: ast.Subscript, value: Expr, type_: Tuple) -> Expr | None:
    """Return ``items[i]`` of a tuple whose items have one type."""
    if any(scope.joined(type_.items[0], item) is None for item in type_.items):
        message = f"the index of {type_} is not a constant int, and its items have no type together"
        scope.refuse(node.slice, "index", message)
        return None
    items = as_items(scope, node, value)
    index = scope.check(scope, node.slice)
    if items is None or index is None or not index_of(scope, node.slice, index):
        return None
    if not isinstance(items.type, Listed):
        return None
    return Apply(items.type.item, scope.at(node), "at", items.type, (items, index))


def tuple_slice(scope: Scope, node: ast.Subscript, value: Expr, type_: Tuple, bounds: ast.Slice) -> Expr | None:
    """Return a tuple of the items that a slice with constant bounds takes."""
    found: list[int | None] = []
    for bound in (bounds.lower, bounds.upper, bounds.step):
        constant = None if bound is None else evaluate(bound, scope.constants)
        if isinstance(constant, NotConstant | bool) or not isinstance(constant, int | None):
            scope.refuse(bounds, "slice", f"a slice of {type_} by a bound that varies", "make a list of it: list(x)")
            return None
        found.append(constant)
    if found[2] == 0:
        scope.refuse(bounds, "slice", "the step of a slice is 0")
        return None
    places = range(len(type_.items))[slice(*found)]
    if not places:
        scope.refuse(bounds, "container", "a slice takes no item: an empty tuple", "a tuple has at least one item")
        return None
    keeper = Keeper(scope.at(node))
    items = _items(keeper.keep(value), type_)
    made = Tuple(tuple(type_.items[place] for place in places), type_.listed)
    return keeper.let(Apply(made, scope.at(node), "tuple", made, tuple(items[place] for place in places)))


def call_tuple_method(
    scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr]
) -> Expr | None:
    """Return ``.index(x)`` or ``.count(x)`` of a tuple."""
    if method.attr not in _METHODS:
        known = " and ".join(_METHODS)
        scope.refuse(method, "unknown-attribute", f"{owner.type} has no method {method.attr}()", f"it has {known}")
        return None
    items = as_items(scope, node, owner)
    return None if items is None else call_list_method(scope, node, method, items, args)


def starred(scope: Scope, node: ast.Call, method: str, owner: Expr, args: list[Expr]) -> Expr | None:
    """Return what the targets beside a starred one get, or the list that it gets itself."""
    before, after = (arg.value for arg in args if isinstance(arg, Const))
    if not isinstance(before, int) or not isinstance(after, int):
        return None
    if isinstance(owner.type, Option) or owner.type == NONE:
        scope.refuse(node, "maybe-none", "what is unpacked may be None")
        return None
    if isinstance(owner.type, Tuple) and not isinstance(owner.type, Match | Union):
        return _of_tuple(scope, node, _items(owner, owner.type), owner.type, (before, after))
    if isinstance(owner.type, Mapped):
        owner = as_list(scope, node, owner)
    elif owner.type == STR:
        owner = letters_of(scope, node, owner)
    if not isinstance(owner.type, Listed):
        scope.refuse(node, "type", f"{owner.type} can't be unpacked")
        return None
    if method == "rest'":
        return _cut(scope, node, owner, before, -after if after else None)
    first = _cut(scope, node, owner, 0, before)
    if not after:
        return first
    # Of a list that is too short this takes too few, so that unpacking them fails.
    last = _cut(scope, node, _cut(scope, node, owner, before, None) if before else owner, -after, None)
    return last if not before else Apply(first.type, scope.at(node), "list_add", first.type, (first, last))


def _of_tuple(
    scope: Scope, node: ast.Call, items: tuple[Expr, ...], type_: Tuple, sides: tuple[int, int]
) -> Expr | None:
    before, after = sides
    if before + after > len(items):
        scope.refuse(node, "type", f"{type_} has {len(items)} items for at least {before + after} targets")
        return None
    between = items[before : len(items) - after]
    if isinstance(node.func, ast.Attribute) and node.func.attr == "rest'":
        made = scope.listed(node, None, owned=True)
        if not all(put_into(scope, node, made, item) for item in between):
            return None
        return Display(made, scope.at(node), tuple(widen(item, made.item) for item in between))
    taken = (*items[:before], *items[len(items) - after :])
    both = Tuple(tuple(item.type for item in taken), type_.listed)
    return Apply(both, scope.at(node), "tuple", both, taken)


def _cut(scope: Scope, node: ast.AST, owner: Expr, first: int, last: int | None) -> Expr:
    """Return a new list of the items of a list between two places."""
    if not isinstance(owner.type, Listed):
        raise InternalError("a part of something else than a list")
    at = scope.at(node)
    scope.own(owner.type)
    made = scope.listed(node, None, owned=True)
    if owner.type.known:
        scope.put(made, owner.type.item)
    scope.role.boxes.alike(made, owner.type)
    bounds = (Const(INT, at, first), Const(INT, at, last or 0), Const(INT, at, 0))
    return Apply(made, at, "list_slice", made, (owner, *bounds), (1 | (0 if last is None else 2),))
