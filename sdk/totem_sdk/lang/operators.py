"""Operators: which opcode on which type an arithmetic operator or a comparison is."""

from __future__ import annotations

import ast

from totem_sdk.lang.bools import as_number
from totem_sdk.lang.boxes import flat
from totem_sdk.lang.constants import INT_MIN
from totem_sdk.lang.formats import percent
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Const, Expr, Link
from totem_sdk.types import (
    BOOL,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    NONE,
    NUM,
    STR,
    TIMEDELTA,
    Option,
    Scalar,
    Tuple,
    Type,
    Union,
    has_match,
    has_union,
    join,
)

__all__ = ["NUMBERS", "UNION_HINT", "arithmetic", "common", "link", "negative", "number", "orderable"]

NUMBERS: tuple[Type, ...] = (INT, FLOAT, NUM)
UNION_HINT = "compare it with a number or a text, or compute with it first: then it is known what it is"
""" What to do about a value that may be of several types. """

_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("add", "+"),
    ast.Sub: ("sub", "-"),
    ast.Mult: ("mul", "*"),
    ast.Div: ("div", "/"),
    ast.FloorDiv: ("floordiv", "//"),
    ast.Mod: ("mod", "%"),
}

_COMPARE: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("eq", "=="),
    ast.NotEq: ("ne", "!="),
    ast.Lt: ("lt", "<"),
    ast.LtE: ("le", "<="),
    ast.Gt: ("gt", ">"),
    ast.GtE: ("ge", ">="),
}

_DATES = "compute with parts such as .year and .month"
_HINTS: dict[Type, str] = {STR: "write int(...) or float(...)", DATE: _DATES, DATETIME: _DATES}
"""What to do about an operand that is no number, by its type."""


def number(scope: Scope, node: ast.AST, expr: Expr, what: str) -> bool:
    """Return whether the expression is a number; if not, say so of ``what``."""
    if expr.type in NUMBERS:
        return True
    if isinstance(expr.type, Option) or expr.type == NONE:
        scope.refuse(node, "maybe-none", f"{what} may be None")
    elif expr.type == BOOL:
        scope.refuse(node, "type", f"{what} is a bool, which is no number here", "write int(...)")
    else:
        scope.refuse(node, "type", f"{what} is {expr.type}, not a number", _HINTS.get(expr.type))
    return False


def arithmetic(scope: Scope, node: ast.BinOp | ast.AugAssign, left: Expr, right: Expr) -> Expr | None:
    """Return ``left op right`` of two numbers or, with ``+``, of two texts."""
    code, sign = _ARITHMETIC[type(node.op)]
    nodes = (node.target, node.value) if isinstance(node, ast.AugAssign) else (node.left, node.right)
    if code == "add" and STR in (left.type, right.type):
        return _concat(scope, node, nodes, (left, right))
    if code == "mod" and isinstance(left, Const) and isinstance(left.value, str):
        return percent(scope, node, left.value, right)
    if code == "mul" and STR in (left.type, right.type):
        return _repeated(scope, node, nodes, (left, right))
    sides = zip(nodes, (left, right), ("left", "right"), strict=True)
    good = [number(scope, part, expr, f"the {side} side of {sign}") for part, expr, side in sides]
    if not all(good):
        return None
    on: Type = left.type if left.type == right.type else NUM if NUM in (left.type, right.type) else FLOAT
    return Apply(FLOAT if code == "div" else on, scope.at(node), code, on, (widen(left, on), widen(right, on)))


def _repeated(scope: Scope, node: ast.AST, nodes: tuple[ast.expr, ast.expr], sides: tuple[Expr, Expr]) -> Expr | None:
    """Return ``text * times``; an int that stands first must be a constant, because operands are evaluated in order."""
    text, times = (sides[1], sides[0]) if isinstance(sides[0], Const) and sides[0].type == INT else sides
    if text.type == STR and times.type == INT:
        return Apply(STR, scope.at(node), "repeat", STR, (text, times))
    for part, expr in zip(nodes, sides, strict=True):
        if expr.type not in (STR, INT):
            code = "maybe-none" if isinstance(expr.type, Option) or expr.type == NONE else "type"
            scope.refuse(part, code, f"a text is repeated {expr.type} times")
            return None
    scope.refuse(node, "type", f"{sides[0].type} * {sides[1].type} is not in the language", "write text * times")
    return None


def _concat(scope: Scope, node: ast.AST, nodes: tuple[ast.expr, ast.expr], sides: tuple[Expr, Expr]) -> Expr | None:
    for part, expr in zip(nodes, sides, strict=True):
        if isinstance(expr.type, Option) or expr.type == NONE:
            scope.refuse(part, "maybe-none", "what is added to a text may be None")
        elif expr.type != STR:
            scope.refuse(part, "type", f"what is added to a text is {expr.type}", "write str(...)")
    return Apply(STR, scope.at(node), "concat", STR, sides) if sides[0].type == sides[1].type else None


def negative(scope: Scope, node: ast.UnaryOp, operand: Expr) -> Expr | None:
    """Return ``-operand``; of a constant it is a constant."""
    if operand.type == TIMEDELTA:
        return Apply(TIMEDELTA, scope.at(node), "neg", TIMEDELTA, (operand,))
    operand = as_number(operand)
    if not number(scope, node.operand, operand, "the operand of -"):
        return None
    match operand:
        case Const(value=int() | float() as value) if value != INT_MIN:
            return Const(operand.type, scope.at(node), -value)
        case _:
            return Apply(operand.type, scope.at(node), "neg", operand.type, (operand,))


def orderable(type_: Type) -> bool:
    """Return whether values of the type have an order: there is no None in them."""
    match type_:
        case Scalar():
            return type_ != NONE
        case Union():
            return False
        case Tuple(items=items):
            return all(orderable(item) for item in items)
    return False


def _lists(type_: Type) -> tuple[bool, ...]:
    match type_:
        case Tuple(items=items, listed=listed):
            return (listed, *(flag for item in items for flag in _lists(item)))
        case Option(item=item):
            return _lists(item)
    return ()


def common(scope: Scope, node: ast.AST, left: Type, right: Type, what: str) -> Type | None:
    """Return the type in which two values are compared; None (and a refusal) if they can't be."""
    if not flat(left) or not flat(right):
        scope.refuse(node, "type", f"{what} compares {left} with {right}", "compare what is in them")
        return None
    if has_match(left) or has_match(right):
        scope.refuse(node, "type", f"{what} compares matches", "compare what .group() gives")
        return None
    if has_union(left) or has_union(right):
        scope.refuse(node, "type", f"{what} compares {left} with {right}", UNION_HINT)
        return None
    joined = join(left, right)
    if joined is None or joined == NONE:
        message = f"{what} compares {left} with {right}"
        if any(_lists(left)) != any(_lists(right)):
            scope.refuse(node, "listed-tuple", message)
        else:
            dated = {left, right} & {DATE, DATETIME}
            hint = "compare its .isoformat(), or parts such as .year" if dated and STR in (left, right) else None
            scope.refuse(node, "type", message, hint)
        return None
    return joined


def link(scope: Scope, node: ast.Compare, position: int, left: Expr, right: Expr) -> Link | None:
    """Return one comparison of a chain (other than ``is``)."""
    code, sign = _COMPARE[type(node.ops[position])]
    equality = code in ("eq", "ne")
    if NONE in (left.type, right.type):
        code_, hint = ("maybe-none", None) if not equality else ("type", "write is None or is not None")
        scope.refuse(node, code_, f"{sign} compares with None", hint)
        return None
    on = common(scope, node, left.type, right.type, sign)
    if on is None:
        return None
    if not equality and not orderable(on):
        scope.refuse(node, "maybe-none", f"a side of {sign} may be None")
        return None
    return Link(code, on, right)
