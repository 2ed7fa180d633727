"""Operators of which a side is a list."""

from __future__ import annotations

import ast

from totem_sdk.lang.container_types import Listed, Mapped, Queued
from totem_sdk.lang.lists import joined_items
from totem_sdk.lang.marks import IN_PLACE
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Const, Drop, Expr, Inner
from totem_sdk.types import INT, NONE

__all__ = ["extended", "of_lists"]


def of_lists(scope: Scope, node: ast.BinOp, left: Expr, right: Expr) -> Expr | None:
    """Return an operator of which a side is a list."""
    if isinstance(left.type, Mapped) or isinstance(right.type, Mapped):
        hint = "write a.update(b), or a loop" if isinstance(left.type, Mapped) else None
        scope.refuse(node, "type", f"an operator on {left.type} and {right.type}", hint)
        return None
    if (isinstance(left.type, Queued) or isinstance(right.type, Queued)) and not IN_PLACE.on(node):
        scope.refuse(node, "type", f"an operator on {left.type} and {right.type}", "write a.extend(b), or list(a)")
        return None
    match node.op:
        case ast.Add():
            return _joined(scope, node, left, right)
        case ast.Mult():
            return _repeated(scope, node, left, right)
    scope.refuse(node, "type", f"an operator on {left.type} and {right.type}", "lists have + and *")
    return None


def extended(scope: Scope, node: ast.AST, left: Expr, right: Expr) -> Expr | None:
    """Return a list after it was extended: what ``+=`` stores again."""
    for side in (left.type, right.type):
        scope.own(side)
    if not isinstance(left.type, Listed) or not joined_items(scope, left.type, right.type):
        scope.refuse(node, "type-conflict", f"{left.type} is extended by {right.type}")
        return None
    at = scope.at(node)
    opcode = "deque_extend" if isinstance(left.type, Queued) else "extend"
    return Inner(left.type, at, (Drop(at, Apply(NONE, at, opcode, left.type, (left, right))),), left)


def _joined(scope: Scope, node: ast.AST, left: Expr, right: Expr) -> Expr | None:
    """Return ``a + b`` of two lists."""
    if not isinstance(left.type, Listed) or not isinstance(right.type, Listed):
        scope.refuse(node, "type", f"{left.type} + {right.type}", "add a list to a list: a + [b]")
        return None
    if IN_PLACE.on(node):
        return extended(scope, node, left, right)
    made = scope.listed(node, None, owned=True)
    for side in (left.type, right.type):
        scope.own(side)
        if scope.joined(made, side) is None:
            scope.refuse(node, "type-conflict", f"{left.type} + {right.type}")
            return None
    return Apply(made, scope.at(node), "list_add", made, (left, right))


def _repeated(scope: Scope, node: ast.AST, left: Expr, right: Expr) -> Expr | None:
    """Return ``items * n`` or ``n * items``."""
    items, times = (left, right) if isinstance(left.type, Listed) else (right, left)
    if not isinstance(items.type, Listed) or times.type != INT:
        scope.refuse(node, "type", f"{left.type} * {right.type}", "write items * n with an int")
        return None
    made = scope.listed(node, None, owned=True)
    scope.own(items.type)
    scope.joined(made, items.type)
    # Operands are evaluated from the left; what repeats wants the list first.
    if items is right and not isinstance(times, Const):
        scope.refuse(node, "type", f"{left.type} * {right.type}", "write items * n")
        return None
    return Apply(made, scope.at(node), "list_times", made, (items, times))
