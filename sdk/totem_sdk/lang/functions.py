"""Python's functions and the methods of texts and dates that the language has: what each takes and which opcode it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from totem_sdk.lang.conditions import truth
from totem_sdk.lang.operators import common, number, orderable
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.opcodes import DATE_PARTS
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NONE, NUM, STR, List, Option, Type, Values

__all__ = ["MAX_DIGITS", "call_function", "call_method"]

MAX_DIGITS = 22
"""Largest second argument of round()."""

_Function = Callable[[Scope, ast.Call, list[Expr]], Expr | None]


def call_function(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    """Return a call of one of Python's functions."""
    match node.args:
        case [ast.Name(id=values)] if values == scope.values and name in ("sum", "min", "max"):
            return _fold(scope, node, name)
    arguments = [scope.check(scope, argument) for argument in node.args]
    found = [argument for argument in arguments if argument is not None]
    if len(found) < len(arguments):
        return None
    if name == "range":
        scope.refuse(node, "loop-form", "range() stands outside the head of a for loop")
        return None
    return _FUNCTIONS[name](scope, node, found)


def _fold(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    version = scope.function.flow.reads.get(id(node.args[0]))
    type_ = None if version is None else scope.function.types[scope.function.flow.variables[version]]
    if not isinstance(type_, Values):
        return None
    item = type_.item
    if name == "sum" and not number(scope, node, Apply(item, scope.at(node), "read_value", item), "a value"):
        return None
    if not orderable(item):
        scope.refuse(node, "maybe-none", f"a value may be None, which {name}() can't compare")
        return None
    return Apply(item, scope.at(node), f"fold_{name}", type_)


def _counted(scope: Scope, node: ast.Call, name: str, args: Sequence[Expr], low: int, high: int) -> bool:
    if low <= len(args) <= high:
        return True
    wanted = str(low) if low == high else f"{low} to {high}"
    scope.refuse(node, "argument", f"{name} takes {wanted} arguments, {len(args)} are given")
    return False


def _known(scope: Scope, node: ast.AST, expr: Expr, name: str) -> bool:
    """Return whether the argument can't be None."""
    if isinstance(expr.type, Option) or expr.type == NONE:
        scope.refuse(node, "maybe-none", f"the argument of {name} may be None")
        return False
    return True


def _extreme(scope: Scope, node: ast.Call, args: list[Expr], name: str) -> Expr | None:
    if len(args) < 2:
        hint = "give two or more values, or a reducer's values"
        scope.refuse(node, "argument", f"{name}() takes at least two values", hint)
        return None
    on: Type = args[0].type
    for part, argument in zip(node.args[1:], args[1:], strict=True):
        joined = common(scope, part, on, argument.type, f"{name}()")
        if joined is None:
            return None
        on = joined
    if not orderable(on):
        scope.refuse(node, "maybe-none", f"an argument of {name}() may be None")
        return None
    result = widen(args[0], on)
    for argument in args[1:]:
        result = Apply(on, scope.at(node), name, on, (result, widen(argument, on)))
    return result


def _min(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _extreme(scope, node, args, "min")


def _max(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _extreme(scope, node, args, "max")


def _sum(scope: Scope, node: ast.Call, _args: list[Expr]) -> Expr | None:
    scope.refuse(node, "argument", "sum() takes a reducer's values and nothing else", "add up in a loop")
    return None


def _abs(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if not _counted(scope, node, "abs()", args, 1, 1) or not number(scope, node.args[0], args[0], "the argument"):
        return None
    return Apply(args[0].type, scope.at(node), "abs", args[0].type, (args[0],))


def _round(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if not _counted(scope, node, "round()", args, 1, 2) or not number(scope, node.args[0], args[0], "the argument"):
        return None
    type_ = args[0].type
    if len(args) == 1:
        return Apply(INT, scope.at(node), "round", type_, (args[0],))
    match args[1]:
        case Const(type=type_of, value=int() as digits) if type_of == INT and 0 <= digits <= MAX_DIGITS:
            return Apply(type_, scope.at(node), "round_to", type_, (args[0],), (digits,))
    message = f"the number of digits is not a constant from 0 to {MAX_DIGITS}"
    scope.refuse(node.args[1], "argument", message, "write round(x, 2)")
    return None


def _len(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if not _counted(scope, node, "len()", args, 1, 1) or not _known(scope, node.args[0], args[0], "len()"):
        return None
    if args[0].type == STR or isinstance(args[0].type, List):
        return Apply(INT, scope.at(node), "len", args[0].type, (args[0],))
    scope.refuse(node.args[0], "type", f"len() of {args[0].type}", "len() takes a text or the parts of a split")
    return None


def _to_int(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _converted(scope, node, args, "int", INT, (INT, FLOAT, NUM, BOOL, STR))


def _to_float(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _converted(scope, node, args, "float", FLOAT, (INT, FLOAT, NUM, BOOL, STR))


def _to_str(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if len(args) == 1 and args[0].type == STR:
        return args[0]
    return _converted(scope, node, args, "str", STR, (INT, BOOL))


def _converted(
    scope: Scope, node: ast.Call, args: list[Expr], name: str, result: Type, takes: Sequence[Type]
) -> Expr | None:
    if not _counted(scope, node, f"{name}()", args, 1, 1) or not _known(scope, node.args[0], args[0], f"{name}()"):
        return None
    type_ = args[0].type
    if type_ not in takes:
        hint = "call its .isoformat()" if type_ in (DATE, DATETIME) else None
        if name == "str" and type_ in (FLOAT, NUM):
            hint = "not in the language yet: emit the number itself, or str(int(x)), str(round(x))"
        scope.refuse(node, "type", f"{name}() of {type_}", hint)
        return None
    return Apply(result, scope.at(node), f"to_{name}", type_, (args[0],))


def _bool(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return truth(scope, node, args[0]) if _counted(scope, node, "bool()", args, 1, 1) else None


_FUNCTIONS: dict[str, _Function] = {
    "abs": _abs,
    "bool": _bool,
    "float": _to_float,
    "int": _to_int,
    "len": _len,
    "max": _max,
    "min": _min,
    "round": _round,
    "str": _to_str,
    "sum": _sum,
}


def call_method(scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr]) -> Expr | None:
    """Return a call of a method of a text, date or datetime."""
    name = method.attr
    if not _known(scope, method.value, owner, f"what .{name}() is called on"):
        return None
    if owner.type == STR and name in _TEXT_METHODS:
        return _TEXT_METHODS[name](scope, node, owner, args)
    if owner.type in (DATE, DATETIME):
        parts = DATE_PARTS[str(owner.type)]
        if name in ("weekday", "isoweekday", "date", "isoformat") and (name in parts or name == "isoformat"):
            return _date_method(scope, node, owner, args, name)
    has: dict[Type, str] = {STR: ", ".join(sorted(_TEXT_METHODS)), DATE: "weekday, isoweekday, isoformat"}
    has[DATETIME] = f"date, {has[DATE]}"
    known = has.get(owner.type)
    hint = f"{owner.type} has the methods {known}" if known else None
    scope.refuse(method, "unknown-attribute", f"{owner.type} has no method {name}()", hint)
    return None


def _date_method(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr], name: str) -> Expr | None:
    if not _counted(scope, node, f".{name}()", args, 0, 0):
        return None
    if name == "isoformat":
        return Apply(STR, scope.at(node), "to_str", owner.type, (owner,))
    return Apply(DATE if name == "date" else INT, scope.at(node), "date_part", owner.type, (owner,), (name,))


def _case(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr], name: str) -> Expr | None:
    return Apply(STR, scope.at(node), name, STR, (owner,)) if _counted(scope, node, f".{name}()", args, 0, 0) else None


def _lower(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    return _case(scope, node, owner, args, "lower")


def _upper(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    return _case(scope, node, owner, args, "upper")


def _strip(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if args:
        scope.refuse(node, "argument", f".{name}() takes no argument here", "it takes white space off")
        return None
    return Apply(STR, scope.at(node), "strip", STR, (owner,), (name,))


def _matches(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if not _counted(scope, node, f".{name}()", args, 1, 1) or not _known(scope, node.args[0], args[0], f".{name}()"):
        return None
    if args[0].type != STR:
        scope.refuse(node.args[0], "type", f".{name}() of {args[0].type}", "it takes one text")
        return None
    return Apply(BOOL, scope.at(node), name, STR, (owner, args[0]))


def _split(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    match args:
        case []:
            return Apply(List(STR), scope.at(node), "split", STR, (owner,))
        case [Const(value=str() as separator)] if separator:
            return Apply(List(STR), scope.at(node), "split", STR, (owner,), (separator,))
    scope.refuse(node, "argument", ".split() takes nothing or one constant text that is not empty")
    return None


_TEXT_METHODS: dict[str, Callable[[Scope, ast.Call, Expr, list[Expr]], Expr | None]] = {
    "endswith": _matches,
    "lower": _lower,
    "lstrip": _strip,
    "rstrip": _strip,
    "split": _split,
    "startswith": _matches,
    "strip": _strip,
    "upper": _upper,
}
