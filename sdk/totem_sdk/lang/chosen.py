"""The value of ``and`` and ``or`` where it is no bool: that of the side that decides."""

from __future__ import annotations

import ast

from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Choice, Const, Expr
from totem_sdk.types import NONE, Match, Option

__all__ = ["chosen"]


def chosen(scope: Scope, node: ast.BoolOp, code: str, asked: tuple[Expr, Expr], right: Expr) -> Expr | None:
    """Return ``left and right`` or ``left or right``.

    ``asked`` is the left side, evaluated once, as a value and as its truth. What is left over of it has a type of its
    own: where ``or`` takes it, it is not None; a match that ``and`` takes is None.
    """
    left, truth = asked
    at = scope.at(node)
    if code == "or":
        if left.type == NONE:
            return Choice(right.type, at, truth, None, right)
        if isinstance(left.type, Option):
            left = Apply(left.type.item, at, "unwrap", left.type, (left,))
    elif isinstance(left.type, Match) or (isinstance(left.type, Option) and isinstance(left.type.item, Match)):
        left = Const(NONE, at, None)
    type_ = scope.joined(left.type, right.type)
    if type_ is None:
        hint = "write b if a else …, or bool(a)" if code == "and" else "write a if a else …, or bool(a)"
        scope.refuse(node, "type-conflict", f"{code} gives {left.type} or {right.type}", hint)
        return None
    arms = (widen(left, type_), widen(right, type_))
    return Choice(type_, at, truth, *(arms if code == "or" else arms[::-1]))
