"""Python's functions that the language has: what they take and which opcode they are."""

from __future__ import annotations

import ast
from collections.abc import Callable

from totem_sdk.lang.bools import as_number
from totem_sdk.lang.boxes import flat
from totem_sdk.lang.conditions import truth
from totem_sdk.lang.container_types import Listed
from totem_sdk.lang.dicts import as_list, copied_dict
from totem_sdk.lang.formats import by_spec, format_function, plain
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.lists import copied, extreme, letters_of, sorted_list, total
from totem_sdk.lang.marks import DESCENDING
from totem_sdk.lang.operators import common, number, orderable
from totem_sdk.lang.scope import Scope, may_hold_none, widen
from totem_sdk.lang.sorted_values import depends_on_order
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.lang.tuples import as_items
from totem_sdk.lang.unions import number_of
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
    List,
    Match,
    Option,
    Tuple,
    Type,
    Union,
    Values,
)

__all__ = ["MAX_DIGITS", "call_function", "has_arguments", "is_known"]

MAX_DIGITS = 22
"""Largest second argument of round(); the smallest is its negative."""

_LOOPED = ("enumerate", "range", "reversed", "zip")
"""What is understood in the head of a for loop, and as the argument of list(), sum() and the like."""

_OF_NUMBERS = ("abs", "float", "int", "round")
"""What takes a value of several types as the number that it must be."""

_Function = Callable[[Scope, ast.Call, list[Expr]], Expr | None]


def call_function(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    """Return a call of one of Python's functions."""
    match node.args:
        case [ast.Name(id=values)] if values == scope.values and name in ("sum", "min", "max"):
            return _fold(scope, node, name)
        case [ast.Name(id=values) as drawn] if values == scope.values and name == "len":
            hint = 'for an average sum and count in one loop: see "Recipes" in docs/language.md'
            scope.refuse(drawn, "values-use", f"the values {values} are not counted, they come one by one", hint)
            return None
    arguments = [scope.check(scope, argument) for argument in node.args]
    found = [argument for argument in arguments if argument is not None]
    if len(found) == 1 and name in ("list", "max", "min", "sorted", "sum"):
        items = as_items(scope, node.args[0], as_list(scope, node.args[0], found[0]))
        found = [] if items is None else [items]
    if name in _OF_NUMBERS and found and isinstance(found[0].type, Union):
        taken = number_of(scope, node, node.args[0], found[0], reads=name in ("int", "float"))
        found = [] if taken is None else [taken, *found[1:]]
    if len(found) < len(arguments):
        return None
    if name in _LOOPED:
        scope.refuse(node, "loop-form", f"{name}() stands outside the head of a for loop")
        return None
    if name in ("any", "all"):
        scope.refuse(node, "argument", f"{name}() takes one list or generator")
        return None
    return _FUNCTIONS[name](scope, node, found)


def _fold(scope: Scope, node: ast.Call, name: str) -> Expr | None:
    version = scope.function.flow.reads.get(id(node.args[0]))
    type_ = None if version is None else scope.function.types[scope.function.flow.variables[version]]
    if not isinstance(type_, Values):
        return None
    item = type_.item
    if may_hold_none(item):
        line = scope.emitter_of_none
        message = f"a value may be None, which {name}() can't take" + (f": line {line} may emit it" if line else "")
        hint = "yield only what is not None, or loop over the values and test each"
        scope.refuse(node, "maybe-none", message, hint)
        return None
    if not flat(item):
        scope.refuse(node, "type", f"{name}() of values that have lists in them", "loop over the values")
        return None
    if name != "sum" and scope.role.job.sorts and depends_on_order(item):
        hint = f"write {name}(sorted(values))"
        scope.refuse(node, "option", f"{name}() of floats depends on the order that SORT_VALUES gives", hint)
        return None
    if name == "sum" and not number(scope, node, Apply(item, scope.at(node), "read_value", item), "a value"):
        return None
    return Apply(item, scope.at(node), f"fold_{name}", type_)


def has_arguments(scope: Scope, node: ast.Call, name: str, least: int, most: int) -> bool:
    """Return whether a call has as many arguments as it can take."""
    given = len(node.args)
    if least <= given <= most:
        return True
    wanted = str(least) if least == most else f"{least} to {most}"
    scope.refuse(node, "argument", f"{name} takes {wanted} arguments, {given} are given")
    return False


def is_known(scope: Scope, node: ast.AST, expr: Expr, name: str) -> bool:
    """Return whether the argument can't be None."""
    if isinstance(expr.type, Option) or expr.type == NONE:
        scope.refuse(node, "maybe-none", f"the argument of {name} may be None")
        return False
    return True


def _extreme(scope: Scope, node: ast.Call, args: list[Expr], name: str) -> Expr | None:
    if len(args) == 1 and isinstance(args[0].type, Listed):
        return extreme(scope, node, args[0], name)
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


def _sum(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if len(args) == 1 and isinstance(args[0].type, Listed):
        return total(scope, node, args[0])
    scope.refuse(node, "argument", "sum() takes a reducer's values or a list, and nothing else", "add up in a loop")
    return None


def _sorted(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if len(args) == 1 and args[0].type == STR:
        args = [letters_of(scope, node.args[0], args[0])]
    return sorted_list(scope, node, args, descending=DESCENDING.on(node))


def _abs(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if args and args[0].type == TIMEDELTA and len(args) == 1:
        return Apply(TIMEDELTA, scope.at(node), "abs", TIMEDELTA, (args[0],))
    args = [as_number(arg) for arg in args]
    if not has_arguments(scope, node, "abs()", 1, 1) or not number(scope, node.args[0], args[0], "the argument"):
        return None
    return Apply(args[0].type, scope.at(node), "abs", args[0].type, (args[0],))


def _round(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    args = [as_number(args[0]), *args[1:]] if args else []
    if not has_arguments(scope, node, "round()", 1, 2) or not number(scope, node.args[0], args[0], "the argument"):
        return None
    type_ = args[0].type
    if len(args) == 1:
        return Apply(INT, scope.at(node), "round", type_, (args[0],))
    match args[1]:
        case Const(type=type_of, value=int() as digits) if type_of == INT and abs(digits) <= MAX_DIGITS:
            return Apply(type_, scope.at(node), "round_to", type_, (args[0],), (digits,))
    message = f"the number of digits is not a constant from -{MAX_DIGITS} to {MAX_DIGITS}"
    scope.refuse(node.args[1], "argument", message, "write round(x, 2)")
    return None


def _divmod(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if not has_arguments(scope, node, "divmod()", 2, 2):
        return None
    args = [as_number(arg) for arg in args]
    good = [number(scope, part, arg, "an argument") for part, arg in zip(node.args, args, strict=True)]
    if not all(good):
        return None
    types = [arg.type for arg in args]
    on: Type = types[0] if types[0] == types[1] else NUM if NUM in types else FLOAT
    both = Tuple((on, on))
    return Apply(both, scope.at(node), "divmod", both, tuple(widen(arg, on) for arg in args))


def _len(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if not has_arguments(scope, node, "len()", 1, 1) or not is_known(scope, node.args[0], args[0], "len()"):
        return None
    if args[0].type == STR or isinstance(args[0].type, List):
        return Apply(INT, scope.at(node), "len", args[0].type, (args[0],))
    if isinstance(args[0].type, Tuple) and not isinstance(args[0].type, Match | Union):
        keeper = Keeper(scope.at(node))
        keeper.keep(args[0])
        return keeper.let(Const(INT, scope.at(node), len(args[0].type.items)))
    scope.refuse(node.args[0], "type", f"len() of {args[0].type}", "len() takes a text or the parts of a split")
    return None


_CONVERTED: dict[str, tuple[Type, tuple[Type, ...]]] = {
    "int": (INT, (INT, FLOAT, NUM, BOOL, STR)),
    "float": (FLOAT, (INT, FLOAT, NUM, BOOL, STR)),
    "str": (STR, (INT, FLOAT, NUM, BOOL)),
}
"""What int(), float() and str() give, and of which types."""


def _to_int(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _converted(scope, node, args, "int")


def _to_float(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _converted(scope, node, args, "float")


def _to_str(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if len(args) == 1 and args[0].type in (STR, DATE, DATETIME):
        return plain(scope, node, args[0])
    return _converted(scope, node, args, "str")


def _converted(scope: Scope, node: ast.Call, args: list[Expr], name: str) -> Expr | None:
    if not has_arguments(scope, node, f"{name}()", 1, 1) or not is_known(scope, node.args[0], args[0], f"{name}()"):
        return None
    result, takes = _CONVERTED[name]
    type_ = args[0].type
    if type_ not in takes:
        scope.refuse(node, "type", f"{name}() of {type_}")
        return None
    return Apply(result, scope.at(node), f"to_{name}", type_, (args[0],))


def _bool(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return truth(scope, node, args[0]) if has_arguments(scope, node, "bool()", 1, 1) else None


def _digits(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    """Return ``hex(n)``, ``bin(n)`` or ``oct(n)``: what ``format`` gives with ``#``."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if not has_arguments(scope, node, f"{name}()", 1, 1) or not is_known(scope, node.args[0], args[0], f"{name}()"):
        return None
    number_ = as_number(args[0])
    if number_.type != INT:
        scope.refuse(node.args[0], "type", f"{name}() of {number_.type}", "it takes an int")
        return None
    return by_spec(scope, node, number_, {"bin": "#b", "hex": "#x"}.get(name, "#o"))


def _repr(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    if not has_arguments(scope, node, "repr()", 1, 1) or not is_known(scope, node.args[0], args[0], "repr()"):
        return None
    if args[0].type not in _CONVERTED["str"][1]:
        hint = "write str(...), or put quotes around it yourself"
        scope.refuse(node.args[0], "type", f"repr() of {args[0].type}", hint)
        return None
    return _converted(scope, node, args, "str")


def _ord(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _character(scope, node, args, INT)


def _chr(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    return _character(scope, node, args, STR)


def _character(scope: Scope, node: ast.Call, args: list[Expr], gives: Type) -> Expr | None:
    name, takes = ("ord", STR) if gives == INT else ("chr", INT)
    if not has_arguments(scope, node, f"{name}()", 1, 1) or not is_known(scope, node.args[0], args[0], f"{name}()"):
        return None
    if args[0].type != takes:
        scope.refuse(node.args[0], "type", f"{name}() of {args[0].type}")
        return None
    return Apply(gives, scope.at(node), name, takes, (args[0],))


_FUNCTIONS: dict[str, _Function] = {
    "abs": _abs,
    "bool": _bool,
    "chr": _chr,
    "dict": copied_dict,
    "divmod": _divmod,
    "bin": _digits,
    "float": _to_float,
    "hex": _digits,
    "oct": _digits,
    "repr": _repr,
    "format": format_function,
    "int": _to_int,
    "len": _len,
    "list": copied,
    "max": _max,
    "min": _min,
    "ord": _ord,
    "round": _round,
    "sorted": _sorted,
    "str": _to_str,
    "sum": _sum,
}
