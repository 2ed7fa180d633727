"""Methods of texts, numbers, dates and datetimes that the language has: what they take and which opcode they are."""

from __future__ import annotations

import ast
from collections.abc import Callable

from totem_sdk.lang.dates import replaced
from totem_sdk.lang.dates_written import isocalendar, strftime
from totem_sdk.lang.functions import has_arguments, is_known
from totem_sdk.lang.lists import of_pieces
from totem_sdk.lang.new_nodes import plain_name
from totem_sdk.lang.pattern_calls import call_match
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.text_methods import SEARCH_METHODS
from totem_sdk.lang.tree import Apply, Const, Expr
from totem_sdk.lang.windows import affixed
from totem_sdk.opcodes import DATE_PARTS
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, TIMEDELTA, List, Match, Type

__all__ = ["DATE_METHODS", "call_method"]

DATE_METHODS = ("weekday", "isoweekday", "toordinal", "total_seconds", "date", "isoformat")
"""What is asked of a date or datetime by a call; everything else of DATE_PARTS is an attribute."""

_Method = Callable[[Scope, ast.Call, Expr, list[Expr]], Expr | None]


def call_method(scope: Scope, node: ast.Call, method: ast.Attribute, owner: Expr, args: list[Expr]) -> Expr | None:
    """Return a call of a method of a text, number, date or datetime."""
    name = method.attr
    if not is_known(scope, method.value, owner, f"what .{name}() is called on"):
        return None
    if isinstance(owner.type, Match):
        return call_match(scope, node, method, owner)
    known: tuple[str, ...] = ()
    if owner.type == STR:
        known = tuple(_TEXT_METHODS)
    elif owner.type in (DATE, DATETIME, TIMEDELTA):
        parts = (*DATE_PARTS[str(owner.type)], *(("isoformat",) if owner.type != TIMEDELTA else ()))
        known = tuple(part for part in DATE_METHODS if part in parts)
        if owner.type != TIMEDELTA:
            known = (*known, *_OF_DATES)
            if name in _OF_DATES:
                return _computed(scope, node, name, owner, args)
    elif owner.type in (INT, FLOAT):
        known = tuple(method for method, type_ in _NUMBER_METHODS.items() if type_ == owner.type)
    if node.keywords:
        scope.refuse(node.keywords[0], "keyword", f"an argument of .{name}() is given by name")
        return None
    if name in known:
        methods = _TEXT_METHODS.get(name, _of_date) if owner.type not in (INT, FLOAT) else _of_number
        found = methods(scope, node, owner, args)
        return of_pieces(scope, node, found) if found is not None and found.type == List(STR) else found
    name = plain_name(name)
    hint = f"{owner.type} has the methods {', '.join(known)}" if known else None
    if owner.type == STR:
        hint = _OTHERWISE.get(name, hint)
    scope.refuse(method, "unknown-attribute", f"{owner.type} has no method {name}()", hint)
    return None


def _named(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _of_date(scope: Scope, node: ast.Call, owner: Expr, _args: list[Expr]) -> Expr | None:
    name = _named(node)
    if not has_arguments(scope, node, f".{name}()", 0, 0):
        return None
    if name == "isoformat":
        return Apply(STR, scope.at(node), "to_str", owner.type, (owner,))
    return Apply(
        {"date": DATE, "total_seconds": FLOAT}.get(name, INT),
        scope.at(node),
        "date_part",
        owner.type,
        (owner,),
        (name,),
    )


def _computed(scope: Scope, node: ast.Call, name: str, owner: Expr, args: list[Expr]) -> Expr | None:
    """Return ``strftime``, ``replace`` or ``isocalendar`` of a date or datetime."""
    if name == "replace":
        return replaced(scope, node, owner)
    if node.keywords:
        scope.refuse(node.keywords[0], "keyword", f"an argument of .{name}() is given by name")
        return None
    if name == "isocalendar":
        return isocalendar(scope, node, owner) if has_arguments(scope, node, ".isocalendar()", 0, 0) else None
    match args:
        case [Const(value=str() as form)]:
            return strftime(scope, node.args[0], owner, form)
    scope.refuse(node, "argument", ".strftime() takes a constant format", "write .strftime('%Y-%m')")
    return None


def _of_number(scope: Scope, node: ast.Call, owner: Expr, _args: list[Expr]) -> Expr | None:
    name = _named(node)
    if not has_arguments(scope, node, f".{name}()", 0, 0):
        return None
    return Apply(INT if name == "bit_length" else BOOL, scope.at(node), name, owner.type, (owner,))


def _case(scope: Scope, node: ast.Call, owner: Expr, _args: list[Expr]) -> Expr | None:
    name = _named(node)
    return Apply(STR, scope.at(node), name, STR, (owner,)) if has_arguments(scope, node, f".{name}()", 0, 0) else None


def _matches(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    name = _named(node)
    if not has_arguments(scope, node, f".{name}()", 1, 3) or not is_known(scope, node.args[0], args[0], f".{name}()"):
        return None
    return affixed(scope, node, name, owner, args)


_OF_DATES = ("strftime", "replace", "isocalendar")
_OTHERWISE = {
    "casefold": "write .lower()",
    "encode": "texts stay texts here; their length is len()",
    "expandtabs": r"write .replace('\t', '    ')",
    "format_map": "write an f-string",
    "translate": "write .replace(a, b) for each character, or re.sub() with a set",
}
"""What to write instead of some methods of texts."""

_NUMBER_METHODS: dict[str, Type] = {"bit_length": INT, "is_integer": FLOAT}
"""Methods of numbers, and of which."""

_TEXT_METHODS: dict[str, _Method] = {
    "endswith": _matches,
    "lower": _case,
    "startswith": _matches,
    "upper": _case,
    **SEARCH_METHODS,
}
