"""Sets as the source writes them become displays, comprehensions and loops, as part of ``rewrite``.

``left.intersection(right)`` and the like go over one set and look in the other. That both are sets is asked by a method
of that name with ``'`` behind it, which gives the set itself: no source can write it, and nothing but a set has it.
"""

from __future__ import annotations

import ast

from totem_sdk.lang.container_types import KIND_OF_DICT, Gathered
from totem_sdk.lang.evident import assigned, evident

__all__ = ["COMBINING", "combined", "combining", "empty_set", "evident_sets", "gathered"]

COMBINING = ("difference", "intersection", "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union")
"""Methods of sets that take another set."""

_OPERATORS: dict[type[ast.operator], str] = {
    ast.BitAnd: "intersection",
    ast.BitOr: "union",
    ast.BitXor: "symmetric_difference",
    ast.Sub: "difference",
}


def empty_set() -> ast.Dict:
    """Return the display of a set without items."""
    return gathered([])


def gathered(items: list[ast.expr]) -> ast.Dict:
    """Return the display of a set, which is that of a dict whose values are None."""
    made = ast.Dict([*items], [ast.Constant(None) for _ in items])
    KIND_OF_DICT.put(made, Gathered)
    return made


def evident_sets(function: ast.FunctionDef) -> frozenset[str]:
    """Return the variables of a function to which nothing is assigned but what is a set by its form."""
    return evident(assigned(function), _is_set)


def _is_set(node: ast.expr | None, names: frozenset[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set")):
            return True
        case ast.Name(id=name):
            return name in names
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="copy"), args=[]):
            return name in names
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in COMBINING and not name.startswith("is")
        case ast.BinOp(left=left, op=op, right=right):
            return type(op) in _OPERATORS and (_is_set(left, names) or _is_set(right, names))
    return False


def combined(node: ast.expr, names: frozenset[str]) -> tuple[str, ast.expr, ast.expr] | None:
    """Return the method, and its set and argument, that an expression of sets is; None where it is none."""
    match node:
        case ast.Call(func=ast.Attribute(value=left, attr=name), args=[right], keywords=[]) if name in COMBINING:
            return name, left, right
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            if _is_set(left, names) or _is_set(right, names):
                return _OPERATORS[type(op)], left, right
    return None


def combining(method: str, left: str, right: str, result: str, item: str) -> list[ast.stmt]:
    """Return the statements that set ``result`` to what a method gives for two variables that hold sets."""
    if method == "issuperset":
        method, left, right = "issubset", right, left

    def asked(over: str, within: str | None, *, there: bool, then: list[ast.stmt]) -> ast.stmt:
        if within is not None:
            operator = ast.In() if there else ast.NotIn()
            test = ast.Compare(ast.Name(item, ast.Load()), [operator], [ast.Name(within, ast.Load())])
            then = [ast.If(test, then, [])]
        return ast.For(ast.Name(item, ast.Store()), ast.Name(over, ast.Load()), then, [])

    def add() -> list[ast.stmt]:
        added = ast.Attribute(ast.Name(result, ast.Load()), "add", ast.Load())
        return [ast.Expr(ast.Call(added, [ast.Name(item, ast.Load())], []))]

    start: ast.expr = empty_set()
    match method:
        case "isdisjoint" | "issubset":
            start = ast.Constant(True)
            no: list[ast.stmt] = [ast.Assign([ast.Name(result, ast.Store())], ast.Constant(False)), ast.Break()]
            loops = [asked(left, right, there=method == "isdisjoint", then=no)]
        case "intersection":
            loops = [asked(left, right, there=True, then=add())]
        case "difference":
            loops = [asked(left, right, there=False, then=add())]
        case "symmetric_difference":
            loops = [asked(left, right, there=False, then=add()), asked(right, left, there=False, then=add())]
        case _:
            loops = [asked(left, None, there=True, then=add()), asked(right, None, there=True, then=add())]
    return [ast.Assign([ast.Name(result, ast.Store())], start), *loops]
