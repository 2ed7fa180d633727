"""``in`` and ``not in``: of a text in a text, and of a value in a tuple or list."""

from __future__ import annotations

import ast

from totem_sdk.lang.container_types import Listed, Mapped
from totem_sdk.lang.dicts import has_key
from totem_sdk.lang.lists import membership as in_list
from totem_sdk.lang.operators import common
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Expr, Link, Member
from totem_sdk.types import BOOL, NONE, STR, Option, Tuple, Union

__all__ = ["MAX_MEMBERS", "membership"]

MAX_MEMBERS = 64
"""Most items of a tuple in which a value is looked for: each takes a comparison and a branch."""


def membership(scope: Scope, node: ast.Compare) -> tuple[Expr, bool] | None:
    """Return ``left in right``, negated for ``not in``, and whether left can't be None where it is in."""
    left, right = scope.check(scope, node.left), scope.check(scope, node.comparators[0])
    if left is None or right is None:
        return None
    if isinstance(right.type, Mapped):
        found = has_key(scope, node, left, right, right.type)
    elif isinstance(right.type, Listed):
        found = in_list(scope, node, left, right, right.type)
    else:
        found = _in_text(scope, node, left, right) if right.type == STR else _in_tuple(scope, node, left, right)
    if found is None:
        return None
    some = right.type == STR or (
        isinstance(right.type, Tuple) and not any(isinstance(t, Option) or t == NONE for t in right.type.items)
    )
    if isinstance(node.ops[0], ast.NotIn):
        return Apply(BOOL, scope.at(node), "not", BOOL, (found,)), some
    return found, some


def _in_text(scope: Scope, node: ast.Compare, left: Expr, right: Expr) -> Expr | None:
    if isinstance(left.type, Option) or left.type == NONE:
        scope.refuse(node.left, "maybe-none", "what is looked for in a text may be None")
        return None
    if left.type != STR:
        scope.refuse(node.left, "type", f"{left.type} in a text", "write str(...)")
        return None
    return Apply(BOOL, scope.at(node), "contains", STR, (left, right))


def _in_tuple(scope: Scope, node: ast.Compare, left: Expr, right: Expr) -> Expr | None:
    if isinstance(right.type, Option) or right.type == NONE:
        scope.refuse(node.comparators[0], "maybe-none", "what is looked into may be None")
        return None
    if not isinstance(right.type, Tuple) or isinstance(right.type, Union):
        scope.refuse(node, "membership", f"in looks into {right.type}")
        return None
    items = right.type.items
    if len(items) > MAX_MEMBERS:
        scope.refuse(node, "too-large", f"in looks through {len(items)} items, {MAX_MEMBERS} is the most")
        return None
    links: list[Link] = []
    for position, type_ in enumerate(items):
        on = common(scope, node, left.type, type_, "in")
        if on is None:
            return None
        links.append(Link("eq", on, Apply(type_, scope.at(node), "item", right.type, (right,), (position,))))
    return Member(scope.at(node), left, right, tuple(links))
