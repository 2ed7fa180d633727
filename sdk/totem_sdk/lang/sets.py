"""Sets: dicts whose values are None. Their methods are checked here; what makes them is rewritten (``set_forms``)."""

from __future__ import annotations

import ast
from collections.abc import Callable

from totem_sdk.errors import InternalError
from totem_sdk.lang.container_methods import method_of
from totem_sdk.lang.container_types import Gathered
from totem_sdk.lang.dicts import asked_for, put_key
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.set_forms import COMBINING
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.types import NONE

__all__ = ["call_set_method"]

_Method = Callable[[Scope, ast.Call, Expr, Gathered, list[Expr]], Expr | None]


def call_set_method(scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr]) -> Expr | None:
    """Return a call of a method of a set."""
    type_ = owner.type
    if not isinstance(type_, Gathered):
        raise InternalError("a method of a set of something else")
    if method.attr.endswith("'"):
        return owner
    make = method_of(scope, node, method, type_, _METHODS, others=COMBINING)
    return None if make is None else make(scope, node, owner, type_, args)


def _none(scope: Scope, node: ast.Call) -> Const:
    return Const(NONE, scope.at(node), None)


def _add(scope: Scope, node: ast.Call, owner: Expr, type_: Gathered, args: list[Expr]) -> Expr | None:
    if not put_key(scope, node.args[0], type_, args[0], NONE):
        return None
    return Apply(NONE, scope.at(node), "dict_setdefault", type_, (owner, args[0], _none(scope, node)))


def _discard(scope: Scope, node: ast.Call, owner: Expr, type_: Gathered, args: list[Expr]) -> Expr | None:
    if not asked_for(scope, node.args[0], args[0], type_) or not type_.known:
        return None
    return Apply(NONE, scope.at(node), "dict_pop", type_, (owner, args[0], _none(scope, node)))


def _remove(scope: Scope, node: ast.Call, owner: Expr, type_: Gathered, args: list[Expr]) -> Expr | None:
    if not asked_for(scope, node.args[0], args[0], type_) or not type_.known:
        return None
    return Apply(NONE, scope.at(node), "dict_pop", type_, (owner, args[0]))


def _clear(scope: Scope, node: ast.Call, owner: Expr, type_: Gathered, _args: list[Expr]) -> Expr | None:
    return Apply(NONE, scope.at(node), "dict_clear", type_, (owner,))


def _copy(scope: Scope, node: ast.Call, owner: Expr, type_: Gathered, _args: list[Expr]) -> Expr | None:
    made = scope.mapped(node, type_)
    scope.joined(made, type_)
    return Apply(made, scope.at(node), "dict_copy", made, (owner,))


def _update(scope: Scope, node: ast.Call, owner: Expr, type_: Gathered, args: list[Expr]) -> Expr | None:
    if not isinstance(args[0].type, Gathered):
        scope.refuse(node.args[0], "type", f".update() of {args[0].type}", "make a set of it: s.update(set(items))")
        return None
    if scope.joined(type_, args[0].type) is None:
        scope.refuse(node.args[0], "type-conflict", f"{type_} is updated by {args[0].type}")
        return None
    return Apply(NONE, scope.at(node), "dict_update", type_, (owner, args[0]))


_METHODS: dict[str, tuple[int, int, _Method]] = {
    "add": (1, 1, _add),
    "clear": (0, 0, _clear),
    "copy": (0, 0, _copy),
    "discard": (1, 1, _discard),
    "remove": (1, 1, _remove),
    "update": (1, 1, _update),
}
"""By name: the fewest and the most arguments, and what makes the call."""
