"""Powers, and calls of the functions of ``math``: what they take and which opcode they are."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from totem_sdk.lang.bools import as_number
from totem_sdk.lang.constants import evaluate
from totem_sdk.lang.functions import has_arguments
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.operators import number
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Const, Expr, Logic, Power
from totem_sdk.mathematics import FLOAT_FUNCTIONS, INT_FUNCTIONS, TESTS, WHOLE_FUNCTIONS
from totem_sdk.types import BOOL, FLOAT, INT, NUM, Tuple, Type

__all__ = ["MATH_CALLS", "call_math", "power"]

_MOST_PRODUCTS = 16
"""A power of an int up to this one is written as products, which is what it costs."""

_DEGREES = 180.0 / 3.141592653589793
_RADIANS = 3.141592653589793 / 180.0

MATH_CALLS: frozenset[str] = frozenset(
    f"math.{name}"
    for name in (*FLOAT_FUNCTIONS, *INT_FUNCTIONS, *TESTS, *WHOLE_FUNCTIONS, "degrees", "radians", "isclose")
)


def power(scope: Scope, node: ast.AST, parts: Sequence[ast.expr], base: Expr, exponent: Expr) -> Expr | None:
    """Return ``base ** exponent``; of ints it is an int where the exponent is a constant that is not negative."""
    base, exponent = as_number(base), as_number(exponent)
    sides = zip(parts, (base, exponent), ("base", "exponent"), strict=True)
    good = [number(scope, part, expr, f"the {side} of **") for part, expr, side in sides]
    if not all(good):
        return None
    at = scope.at(node)
    match exponent:
        case Const(value=int() as times) if base.type == INT:
            if 2 <= times <= _MOST_PRODUCTS:
                return Power(INT, at, base, times)
            if times >= 0:
                return Apply(INT, at, "pow_by", INT, (base,), (times,))
            return Apply(FLOAT, at, "pow", FLOAT, (widen(base, FLOAT), widen(exponent, FLOAT)))
    if base.type == exponent.type == INT:
        return Apply(NUM, at, "pow", INT, (base, exponent))
    on: Type = NUM if NUM in (base.type, exponent.type) else FLOAT
    return Apply(on, at, "pow", on, (widen(base, on), widen(exponent, on)))


def call_math(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    """Return a call of a function of math, ``name`` without the module."""
    args = [scope.check(scope, argument) for argument in node.args]
    found = [as_number(argument) for argument in args if argument is not None]
    least, most = _takes(name)
    called = f"math.{name}()"
    if len(found) < len(args) or not has_arguments(scope, node, called, least, most):
        return None
    numbers = [
        number(scope, part, arg, f"the argument of {called}") for part, arg in zip(node.args, found, strict=True)
    ]
    if not all(numbers):
        return None
    at, first = scope.at(node), found[0]
    if name == "isclose":
        return _close(scope, node, [_as_float(scope, node, arg) for arg in found])
    if name in INT_FUNCTIONS:
        return _of_ints(scope, node, name, found)
    if name in TESTS:
        return Apply(BOOL, at, "float_is", first.type, (first,), (TESTS[name],))
    if name in WHOLE_FUNCTIONS:
        return Apply(INT, at, "to_int" if name == "trunc" else name, first.type, (first,))
    floats = tuple(_as_float(scope, node, arg) for arg in found)
    if name in ("degrees", "radians"):
        factor = Const(FLOAT, at, _DEGREES if name == "degrees" else _RADIANS)
        return Apply(FLOAT, at, "mul", FLOAT, (*floats, factor))
    on: Type = Tuple((FLOAT, FLOAT)) if name == "log" and len(floats) > 1 else FLOAT
    return Apply(FLOAT, at, "math", on, floats, (name,))


def _takes(name: str) -> tuple[int, int]:
    if name == "perm":
        return 1, 2
    if name in ("gcd", "lcm"):
        return 1, 16
    if name == "isclose":
        return 2, 2
    if name in INT_FUNCTIONS:
        return INT_FUNCTIONS[name], INT_FUNCTIONS[name]
    return FLOAT_FUNCTIONS.get(name, (1, 1))


def _of_ints(scope: Scope, node: ast.Call, name: str, args: list[Expr]) -> Expr | None:
    for part, arg in zip(node.args, args, strict=True):
        if arg.type != INT:
            scope.refuse(part, "type", f"the argument of math.{name}() is {arg.type}, not int", "write int(...)")
            return None
    name = "factorial" if name == "perm" and len(args) == 1 else name
    if name in ("gcd", "lcm"):
        result = args[0]
        for arg in args[1:] or [Const(INT, scope.at(node), 0 if name == "gcd" else 1)]:
            result = Apply(INT, scope.at(node), "math_int", INT, (result, arg), (name,))
        return result
    return Apply(INT, scope.at(node), "math_int", INT, tuple(args), (name,))


def _close(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    """Return ``math.isclose(a, b)``: CPython's formula, with ``rel_tol`` and ``abs_tol`` by name."""
    at = scope.at(node)
    tolerances: dict[str, Expr] = {"rel_tol": Const(FLOAT, at, 1e-9), "abs_tol": Const(FLOAT, at, 0.0)}
    for keyword in node.keywords:
        given = evaluate(keyword.value, scope.constants)
        if keyword.arg not in tolerances or isinstance(given, bool) or not isinstance(given, int | float):
            scope.refuse(keyword, "argument", "math.isclose() takes constants for rel_tol and abs_tol")
            return None
        if given < 0:
            scope.refuse(keyword, "argument", "a tolerance is negative")
            return None
        tolerances[keyword.arg] = Const(FLOAT, at, float(given))

    def of(code: str, *operands: Expr) -> Expr:
        return Apply(FLOAT, at, code, FLOAT, operands)

    def asks(code: str, left: Expr, right: Expr) -> Expr:
        return Apply(BOOL, at, code, FLOAT, (left, right))

    def either(*tests: Expr) -> Expr:
        return tests[0] if len(tests) == 1 else Logic(at, "or", tests[0], either(*tests[1:]))

    keeper = Keeper(at)
    a, b = (keeper.keep(arg) for arg in args)
    apart = keeper.keep(of("abs", of("sub", a, b)))
    infinite = (Apply(BOOL, at, "float_is", FLOAT, (one,), ("inf",)) for one in (a, b))
    relative = (asks("le", apart, of("abs", of("mul", tolerances["rel_tol"], one))) for one in (b, a))
    near = either(*relative, asks("le", apart, tolerances["abs_tol"]))
    finite = Apply(BOOL, at, "not", BOOL, (either(*infinite),))
    result = either(asks("eq", a, b), Logic(at, "and", finite, near))
    return keeper.let(result)


def _as_float(scope: Scope, node: ast.AST, arg: Expr) -> Expr:
    if arg.type == NUM:
        return Apply(FLOAT, scope.at(node), "to_float", NUM, (arg,))
    return widen(arg, FLOAT)
