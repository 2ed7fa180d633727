"""Deques: lists of which either end can be taken, and that may have a bound. What only reads a list reads them too."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from totem_sdk.errors import InternalError
from totem_sdk.lang.container_methods import method_of
from totem_sdk.lang.container_types import Listed, Queued
from totem_sdk.lang.list_methods import LIST_METHODS, Method
from totem_sdk.lang.lists import LENGTHENING, index_of, joined_items, letters_of, put_into
from totem_sdk.lang.marks import BOUNDED, DELETED
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Call, Const, Expr, Stmt, parts_of
from totem_sdk.types import INT, NONE, STR, Type

__all__ = ["call_deque_method", "check_changed_loop", "check_loop", "make_deque"]


def make_deque(scope: Scope, node: ast.Call) -> Expr | None:
    """Return ``deque()``, ``deque(items)``, ``deque(items, maxlen)`` or ``deque(maxlen=n)``."""
    args = [scope.check(scope, argument) for argument in node.args]
    if None in args:
        return None
    empty = not args or BOUNDED.on(node)
    items = None if empty else args[0]
    given = [bound for bound in args[0 if empty else 1 :] if bound is not None and bound.type != NONE]
    if given and given[0].type != INT:
        scope.refuse(node.args[-1], "type", f"maxlen is {given[0].type}, not int")
        return None
    made = scope.listed(node, None, owned=True, kind=Queued)
    if items is None:
        return Apply(made, scope.at(node), "deque_new", made, tuple(given))
    if items.type == STR:
        items = letters_of(scope, node.args[0], items)
    if not isinstance(items.type, Listed):
        scope.refuse(node.args[0], "argument", f"deque() of {items.type}", "make a list of it: deque(list(items))")
        return None
    scope.own(items.type)
    joined_items(scope, made, items.type)
    return Apply(made, scope.at(node), "deque_of", made, (items, *given))


def call_deque_method(
    scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr]
) -> Expr | None:
    """Return a call of a method of a deque."""
    if not isinstance(owner.type, Queued):
        raise InternalError("a method of a deque of something else")
    if DELETED.on(node):
        return LIST_METHODS["pop"][2](scope, node, owner, owner.type, args)
    make = method_of(scope, node, method, owner.type, _METHODS, others=("extendleft",))
    return None if make is None else make(scope, node, owner, owner.type, args)


def _putting(opcode: str) -> Method:
    def method(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
        if not put_into(scope, node.args[0], type_, args[0]):
            return None
        return Apply(NONE, scope.at(node), opcode, type_, (owner, widen(args[0], type_.item)))

    return method


def _extend(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    more = args[0].type
    scope.own(more)
    if not joined_items(scope, type_, more):
        scope.refuse(node.args[0], "type", f".extend() of {type_} by {more}", "it takes a list of the same items")
        return None
    return Apply(NONE, scope.at(node), "deque_extend", type_, (owner, args[0]))


def _popleft(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, _args: list[Expr]) -> Expr | None:
    return Apply(type_.item, scope.at(node), "deque_popleft", type_, (owner,)) if type_.known else None


def _rotate(scope: Scope, node: ast.Call, owner: Expr, type_: Listed, args: list[Expr]) -> Expr | None:
    steps: Expr | None = args[0] if args else Const(INT, scope.at(node), 1)
    if args and not index_of(scope, node.args[0], args[0]):
        return None
    return None if steps is None else Apply(NONE, scope.at(node), "deque_rotate", type_, (owner, steps))


_METHODS: dict[str, tuple[int, int, Method]] = {
    **{name: LIST_METHODS[name] for name in ("clear", "count", "index", "remove", "reverse")},
    "append": (1, 1, _putting("deque_append")),
    "appendleft": (1, 1, _putting("deque_appendleft")),
    "extend": (1, 1, _extend),
    "pop": (0, 0, LIST_METHODS["pop"][2]),
    "popleft": (0, 0, _popleft),
    "rotate": (0, 1, _rotate),
}
"""By name: the fewest and the most arguments, and what makes the call."""


_HINT = "a deque that is gone over can't be changed: go over list(d)"


def check_loop(scope: Scope, node: ast.AST, over: Sequence[Type], body: tuple[Stmt, ...]) -> None:
    """Refuse a loop over a deque whose checked body may change it, which Python ends in an error."""
    if any(isinstance(type_, Queued) and _changes(scope, type_, body) for type_ in over):
        scope.refuse(node, "loop-form", "the deque may change in a loop over it", _HINT)


def check_changed_loop(scope: Scope, node: ast.AST, value: Expr) -> None:
    """Refuse a deque as what a loop goes over by indices whose body changes lists or deques."""
    if isinstance(value.type, Queued):
        scope.refuse(node, "loop-form", "a loop over a deque by zip() or reversed() changes lists or deques", _HINT)


def _changes(scope: Scope, type_: Queued, body: tuple[Stmt, ...]) -> bool:
    """Return whether something of the deque's type is changed, or reaches a helper that changes lists or deques."""
    for node in parts_of(body):
        match node:
            case Apply(code=code, args=(changed, *_)) if code in LENGTHENING and changed.type == type_:
                return True
            case Call() if _may_change(scope, type_, node):
                return True
    return False


def _may_change(scope: Scope, type_: Queued, call: Call) -> bool:
    reach, fields = scope.role.reach[call.function.name], scope.role.fields
    held = [found for name in reach.loads if (found := fields.get(name)) is not None]
    return reach.changes and any(scope.role.boxes.holds(each, type_) for each in (*held, *(a.type for a in call.args)))
