"""Binary operators: which family an operator belongs to, and the operators on the bits of ints."""

from __future__ import annotations

import ast

from totem_sdk.lang.bools import as_number, as_operands
from totem_sdk.lang.dates import DATED, dated
from totem_sdk.lang.mathematics import power
from totem_sdk.lang.operators import arithmetic
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Expr
from totem_sdk.lang.unions import operands_of
from totem_sdk.types import BOOL, INT, NONE, Option, Union

__all__ = ["binary", "inverted"]

_BITS: dict[type[ast.operator], tuple[str, str]] = {
    ast.BitAnd: ("bit_and", "&"),
    ast.BitOr: ("bit_or", "|"),
    ast.BitXor: ("bit_xor", "^"),
    ast.LShift: ("shl", "<<"),
    ast.RShift: ("shr", ">>"),
}
_OF_BOOLS = (ast.BitAnd, ast.BitOr, ast.BitXor)
"""Operators that give a bool of two bools; others take bools as the ints that they are."""


def binary(scope: Scope, node: ast.BinOp | ast.AugAssign, left: Expr, right: Expr) -> Expr | None:
    """Return ``left op right``."""
    if isinstance(left.type, Union) or isinstance(right.type, Union):
        operands = operands_of(scope, node, _sides(node), (left, right))
        result = None if operands is None else binary(scope, node, *operands.sides)
        return None if operands is None or result is None else operands.keeper.let(result)
    if not (left.type == right.type == BOOL and type(node.op) in _OF_BOOLS):
        left, right = as_operands(left, right, repeats=isinstance(node.op, ast.Mult))
    if isinstance(node.op, ast.Pow):
        return power(scope, node, _sides(node), left, right)
    if type(node.op) in _BITS:
        return _bits(scope, node, left, right)
    if left.type in DATED or right.type in DATED:
        return dated(scope, node, left, right)
    return arithmetic(scope, node, left, right)


def _sides(node: ast.BinOp | ast.AugAssign) -> tuple[ast.expr, ast.expr]:
    return (node.target, node.value) if isinstance(node, ast.AugAssign) else (node.left, node.right)


def _bits(scope: Scope, node: ast.BinOp | ast.AugAssign, left: Expr, right: Expr) -> Expr | None:
    code, sign = _BITS[type(node.op)]
    if left.type == right.type == BOOL:
        return Apply(BOOL, scope.at(node), code, BOOL, (left, right))
    sides = zip(_sides(node), (left, right), ("left", "right"), strict=True)
    good = [_whole(scope, part, expr, f"the {side} side of {sign}") for part, expr, side in sides]
    if not all(good):
        return None
    return Apply(INT, scope.at(node), code, INT, (left, right))


def inverted(scope: Scope, node: ast.UnaryOp, operand: Expr) -> Expr | None:
    """Return ``~operand``."""
    operand = as_number(operand)
    if not _whole(scope, node.operand, operand, "the operand of ~"):
        return None
    return Apply(INT, scope.at(node), "bit_not", INT, (operand,))


def _whole(scope: Scope, node: ast.AST, expr: Expr, what: str) -> bool:
    """Return whether the expression is an int; if not, say so of ``what``."""
    if expr.type == INT:
        return True
    if isinstance(expr.type, Option) or expr.type == NONE:
        scope.refuse(node, "maybe-none", f"{what} may be None")
    else:
        scope.refuse(node, "type", f"{what} is {expr.type}: bits are those of ints", "write int(...)")
    return False
