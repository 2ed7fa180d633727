"""Methods of lists, and which opcode each is."""

from __future__ import annotations

import ast
from collections.abc import Callable

from totem_sdk.errors import InternalError
from totem_sdk.lang.container_methods import method_of
from totem_sdk.lang.container_types import Listed
from totem_sdk.lang.lists import index_of, joined_items, ordered, put_into, searched, sliced
from totem_sdk.lang.marks import BY_LINES
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.sorted_values import sort_lines
from totem_sdk.lang.tree import Apply, Const, Drop, Expr, Inner, Local
from totem_sdk.types import INT, NONE

__all__ = ["LIST_METHODS", "Method", "call_list_method"]

Method = Callable[[Scope, ast.Call, Expr, Listed, list[Expr]], Expr | None]
"""Makes a call of a method, from the call, the list, the list's type and the arguments."""


def call_list_method(
    scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr], *, descending: bool = False
) -> Expr | None:
    """Return a call of a method of a list."""
    name = method.attr
    type_ = owner.type
    if not isinstance(type_, Listed):
        raise InternalError("a method of a list of something else")
    make = method_of(scope, node, method, type_, LIST_METHODS)
    if make is None:
        return None
    if descending and name != "sort":
        scope.refuse(node, "keyword", f".{name}() has no argument reverse")
        return None
    scope.own(type_)
    if BY_LINES.on(node):
        return sort_lines(scope, node, owner, type_)
    if name == "sort":
        if not ordered(scope, node, type_, ".sort()"):
            return None
        return Apply(NONE, scope.at(node), "sort", type_, (owner,), (descending,))
    return make(scope, node, owner, type_, args)


def _append(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    if not put_into(scope, node.args[0], type_, args[0]):
        return None
    return Apply(NONE, scope.at(node), "append", type_, (owner, widen(args[0], type_.item)))


def _insert(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    if not index_of(scope, node.args[0], args[0]) or not put_into(scope, node.args[1], type_, args[1]):
        return None
    return Apply(NONE, scope.at(node), "insert", type_, (owner, args[0], widen(args[1], type_.item)))


def _extend(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    more = args[0].type
    if not isinstance(more, Listed):
        scope.refuse(node.args[0], "type", f".extend() of {more}", "it takes a list")
        return None
    scope.own(more)
    if not joined_items(scope, type_, more):
        scope.refuse(node.args[0], "type-conflict", f"{type_} is extended by {more}")
        return None
    return Apply(NONE, scope.at(node), "extend", type_, (owner, args[0]))


def _pop(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    if args and not index_of(scope, node.args[0], args[0]):
        return None
    if not type_.known:
        return None
    match args:
        case [] | [Const(value=-1)]:
            return Apply(type_.item, scope.at(node), "pop", type_, (owner,))
    return Apply(type_.item, scope.at(node), "pop_at", type_, (owner, args[0]))


def _find(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    asked = searched(scope, node, args[0], type_, ".index()")
    return None if asked is None else Apply(INT, scope.at(node), "list_find", type_, (owner, asked))


def _remove(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    """Return ``items.remove(x)``: it is ``items.pop(items.index(x))``."""
    if not isinstance(owner, Local) and not (isinstance(owner, Apply) and owner.code == "load"):
        scope.refuse(node, "argument", ".remove() of a list without a name", "give the list a name first")
        return None
    asked = searched(scope, node, args[0], type_, ".remove()")
    if asked is None or not type_.known:
        return None
    place_ = Apply(INT, scope.at(node), "list_find", type_, (owner, asked))
    removed = Apply(type_.item, scope.at(node), "pop_at", type_, (owner, place_))
    return Inner(NONE, scope.at(node), (Drop(scope.at(node), removed),), Const(NONE, scope.at(node), None))


def _count(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    asked = searched(scope, node, args[0], type_, ".count()")
    return None if asked is None else Apply(INT, scope.at(node), "occurrences", type_, (owner, asked))


def _plain(code: str) -> Method:
    def method(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, _args: list[Expr]) -> Expr | None:
        return Apply(NONE, scope.at(node), code, type_, (owner,))

    return method


def _copy(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, _args: list[Expr]) -> Expr | None:
    return sliced(scope, node, owner, type_, (None, None, None))


LIST_METHODS: dict[str, tuple[int, int, Method]] = {
    "append": (1, 1, _append),
    "clear": (0, 0, _plain("clear")),
    "copy": (0, 0, _copy),
    "count": (1, 1, _count),
    "extend": (1, 1, _extend),
    "index": (1, 1, _find),
    "insert": (2, 2, _insert),
    "pop": (0, 1, _pop),
    "remove": (1, 1, _remove),
    "reverse": (0, 0, _plain("reverse")),
    "sort": (0, 0, _plain("sort")),
}
"""By name: the fewest and the most arguments, and what makes the call."""
