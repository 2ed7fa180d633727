"""Dates, times and the spans between them: constructors, sums and differences."""

from __future__ import annotations

import ast

from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.operators import number
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.types import DATE, DATETIME, FLOAT, INT, NONE, TIMEDELTA, Option, Type

__all__ = ["DATED", "MAKERS", "dated", "make", "replaced"]

DATED: tuple[Type, ...] = (DATE, DATETIME, TIMEDELTA)

_TIME = ("hour", "minute", "second", "microsecond")
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "date": ("year", "month", "day"),
    "datetime": ("year", "month", "day", *_TIME),
    "timedelta": ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"),
}
_MADE: dict[str, tuple[Type, str, int]] = {
    "date": (DATE, "make_date", 3),
    "datetime": (DATETIME, "make_datetime", 3),
    "timedelta": (TIMEDELTA, "make_span", 0),
}
"""What each makes, by which opcode, and how many of its arguments must be given."""

MAKERS: frozenset[str] = frozenset(f"datetime.{name}" for name in _MADE)

_SPAN_AND_DATE: tuple[Type, ...] = (DATE, DATETIME)


def make(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    """Return a date, a datetime or a timedelta made of ints; ``name`` is its class."""
    type_, code, needed = _MADE[name]
    parameters = _PARAMETERS[name]
    given = dict(zip(parameters, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg not in parameters or keyword.arg in given:
            scope.refuse(keyword, "argument", f"{name}() takes {', '.join(parameters)}, each once")
            return None
        given[keyword.arg] = keyword.value
    if len(node.args) > len(parameters) or any(parameter not in given for parameter in parameters[:needed]):
        scope.refuse(node, "argument", f"{name}() takes {', '.join(parameters)}", "years, months and days are needed")
        return None
    found = {parameter: scope.check(scope, argument) for parameter, argument in given.items()}
    good = [_is_whole(scope, given[parameter], expr, parameter) for parameter, expr in found.items()]
    if not all(good):
        return None
    at = scope.at(node)
    args = tuple(found.get(parameter) or Const(INT, at, 0) for parameter in parameters)
    # As they are written, which is how they are evaluated.
    written = [parameters.index(parameter) for parameter in given]
    rest = [place for place in range(len(parameters)) if place not in written]
    return Apply(type_, at, code, type_, args, (), (*written, *rest))


def replaced(scope: Scope, node: ast.Call, owner: Expr) -> Expr | None:
    """Return ``when.replace(day=1)``: a date or datetime of its parts and of those that are given."""
    type_, code, _ = _MADE[str(owner.type)]
    parameters = _PARAMETERS[str(owner.type)]
    given = dict(zip(parameters, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg not in parameters or keyword.arg in given:
            scope.refuse(keyword, "argument", f".replace() takes {', '.join(parameters)}, each once")
            return None
        given[keyword.arg] = keyword.value
    if len(node.args) > len(parameters):
        scope.refuse(node, "argument", f".replace() takes {', '.join(parameters)}, each once")
        return None
    found = {parameter: scope.check(scope, argument) for parameter, argument in given.items()}
    good = [_is_whole(scope, given[parameter], expr, parameter) for parameter, expr in found.items()]
    if not all(good):
        return None
    at = scope.at(node)
    keeper = Keeper(at)
    kept = keeper.keep(owner)
    args = tuple(
        found.get(parameter) or Apply(INT, at, "date_part", type_, (kept,), (parameter,)) for parameter in parameters
    )
    written = [parameters.index(parameter) for parameter in given]
    rest = [place for place in range(len(parameters)) if place not in written]
    return keeper.let(Apply(type_, at, code, type_, args, (), (*written, *rest)))


def _is_whole(scope: Scope, node: ast.expr, expr: Expr | None, what: str) -> bool:
    if expr is None or not number(scope, node, expr, what):
        return False
    if expr.type != INT:
        scope.refuse(node, "type", f"{what} is {expr.type}, not int", "write int(...), or give smaller units")
        return False
    return True


def dated(scope: Scope, node: ast.BinOp | ast.AugAssign, left: Expr, right: Expr) -> Expr | None:
    """Return ``left op right`` where one of them is a date, a datetime or a timedelta."""
    found = _result(type(node.op), left.type, right.type)
    if found is not None:
        code, on, result = found
        return Apply(result, scope.at(node), code, on, (left, right))
    for side, expr in (("left", left), ("right", right)):
        if isinstance(expr.type, Option) or expr.type == NONE:
            scope.refuse(node, "maybe-none", f"the {side} side may be None")
            return None
    hint = "there are date - date, date + timedelta(days=1), and sums, multiples (by ints) and quotients of timedeltas"
    scope.refuse(node, "type", f"{left.type} and {right.type} have no such operator", hint)
    return None


def _result(op: type[ast.operator], left: Type, right: Type) -> tuple[str, Type, Type] | None:
    """Return opcode, the type that it works on and the type of its result."""
    spans = (left, right) == (TIMEDELTA, TIMEDELTA)
    if op in (ast.Add, ast.Sub):
        code = "add" if op is ast.Add else "sub"
        if spans or (left in _SPAN_AND_DATE and right == TIMEDELTA):
            return code, left, left
        if op is ast.Add and left == TIMEDELTA and right in _SPAN_AND_DATE:
            return code, right, right
        return (code, left, TIMEDELTA) if op is ast.Sub and left == right else None
    if op is ast.Mult and {left, right} == {TIMEDELTA, INT}:
        return "mul", TIMEDELTA, TIMEDELTA
    if op is ast.FloorDiv and left == TIMEDELTA and right in (INT, TIMEDELTA):
        return "floordiv", TIMEDELTA, INT if spans else TIMEDELTA
    if op is ast.Mod and spans:
        return "mod", TIMEDELTA, TIMEDELTA
    return ("div", TIMEDELTA, FLOAT) if op is ast.Div and spans else None
