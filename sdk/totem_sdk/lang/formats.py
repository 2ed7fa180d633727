"""Formats of values as texts: ``format()``, ``"…".format(…)`` and ``"…" % …`` with constant formats."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace

from totem_sdk.lang.dates_written import strftime
from totem_sdk.lang.scope import Scope
from totem_sdk.lang.tree import Apply, Const, Expr, is_operation
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NONE, NUM, STR, Option, Tuple, Type, Union

__all__ = [
    "MAX_PARTS",
    "MAX_PRECISION",
    "MAX_WIDTH",
    "f_string",
    "format_function",
    "method_format",
    "percent",
    "plain",
]

MAX_WIDTH = 1000
"""Largest width of a format."""

MAX_PRECISION = 100
"""Most digits (of a text: characters) that a format asks for: each is charged, and a float has only so many."""

MAX_PARTS = 64
"""Most parts of one text that is put together."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: ``[[fill]align][sign][#][0][width][grouping][.precision][type]``; precision -1 stands for none."""

    fill: str = ""
    align: str = ""
    sign: str = ""
    prefix: bool = False
    width: int = 0
    grouping: str = ""
    precision: int = -1
    type: str = ""


_SPEC = re.compile(
    r"(?:(?P<fill>.)?(?P<align>[<>=^]))?(?P<sign>[-+ ])?(?P<prefix>#)?(?P<zero>0)?(?P<width>[0-9]{1,9})?"
    r"(?P<grouping>[,_])?(?:\.(?P<precision>[0-9]{1,9}))?(?P<type>[a-zA-Z%])?",
    re.DOTALL,
)
_PERCENT = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>[0-9]{1,9})?(?:\.(?P<precision>[0-9]{0,9}))?(?P<type>[a-zA-Z%])", re.ASCII
)
_OF_INT, _OF_FLOAT = "bdoxX", "eEfFgG%"


def _read(spec: str) -> Format | None:
    match = _SPEC.fullmatch(spec)
    if match is None:
        return None
    fill, align = match["fill"] or "", match["align"] or ""
    if match["zero"]:
        fill, align = fill or "0", align or "="
    return Format(
        fill,
        align,
        (match["sign"] or "").replace("-", ""),
        bool(match["prefix"]),
        int(match["width"] or 0),
        match["grouping"] or "",
        -1 if match["precision"] is None else int(match["precision"]),
        match["type"] or "",
    )


def _wrong(wanted: Format, type_: Type) -> str | None:
    """Return what a format asks for that a value of this type does not have."""
    if wanted.width > MAX_WIDTH:
        return f"a width over {MAX_WIDTH}"
    if wanted.precision > MAX_PRECISION:
        return f"a precision over {MAX_PRECISION}"
    if type_ == STR:
        if wanted.sign or wanted.prefix or wanted.grouping or wanted.align == "=" or wanted.type not in ("", "s"):
            return "what only numbers have"
        return None
    if wanted.grouping and wanted.align == "=" and wanted.fill == "0":
        return "zeros in front together with groups of digits"
    if type_ == INT:
        if wanted.type not in ("", *_OF_INT):
            return f"the type {wanted.type} of an int"
        if wanted.precision >= 0:
            return "digits behind the point of an int"
        return "commas between other digits" if wanted.grouping == "," and wanted.type in (*"boxX",) else None
    if wanted.type not in ("", *_OF_FLOAT):
        return f"the type {wanted.type} of a float"
    return "#, which floats don't have here" if wanted.prefix else None


def plain(scope: Scope, node: ast.AST, expr: Expr) -> Expr | None:
    """Return ``str(expr)``."""
    if expr.type == STR:
        return expr
    if expr.type in (INT, FLOAT, NUM, BOOL, DATE):
        return Apply(STR, scope.at(node), "to_str", expr.type, (expr,))
    if expr.type == DATETIME:
        at = scope.at(node)
        text = Apply(STR, at, "to_str", DATETIME, (expr,))
        return Apply(STR, at, "replace", STR, (text, Const(STR, at, "T"), Const(STR, at, " ")))
    scope.refuse(node, "type", f"a {expr.type} as a text", "format its parts")
    return None


def formatted(scope: Scope, node: ast.AST, expr: Expr, wanted: Format) -> Expr | None:
    """Return a value as a text; numbers stand on the right, texts on the left, where nothing else is said."""
    if isinstance(expr.type, Option) or expr.type == NONE:
        scope.refuse(node, "maybe-none", "what is formatted may be None")
        return None
    if wanted == Format() or (wanted == Format(type="s") and expr.type == STR):
        return plain(scope, node, expr)
    if expr.type not in (INT, FLOAT, NUM, STR):
        scope.refuse(node, "format", f"a format of {expr.type}", "format what str() makes of it")
        return None
    if wanted.type and wanted.type in _OF_FLOAT and expr.type in (INT, NUM):
        code = "widen" if expr.type == INT else "to_float"
        expr = Apply(FLOAT, expr.at, code, expr.type, (expr,))
    if expr.type == NUM:
        scope.refuse(node, "format", "a format of what is an int or a float", "say which: f, e, g or %")
        return None
    wrong = _wrong(wanted, expr.type)
    if wrong is not None:
        scope.refuse(node, "format", f"the format asks for {wrong}")
        return None
    align = wanted.align or ("<" if expr.type == STR else ">")
    full = replace(wanted, fill=wanted.fill or " ", align=align)
    imm = (full.fill, full.align, full.sign, full.prefix, full.width, full.grouping, full.precision, full.type)
    return Apply(STR, scope.at(node), "format", expr.type, (expr,), imm)


def by_spec(scope: Scope, node: ast.AST, expr: Expr, spec: str) -> Expr | None:
    """Return ``format(expr, spec)``."""
    if spec and expr.type in (DATE, DATETIME):
        return strftime(scope, node, expr, spec)
    wanted = _read(spec)
    if wanted is None:
        scope.refuse(node, "format", "a format that Python does not have")
        return None
    if expr.type == STR and wanted.fill == "0" and wanted.align == "=":
        scope.refuse(node, "format", "zeros in front of a text", "write .zfill(...)")
        return None
    return formatted(scope, node, expr, wanted)


def _together(scope: Scope, node: ast.AST, parts: list[Expr]) -> Expr | None:
    """Return texts as one."""
    if not parts:
        return Const(STR, scope.at(node), "")
    if len(parts) == 1:
        return parts[0]
    if len(parts) > MAX_PARTS:
        scope.refuse(node, "too-large", f"a text of {len(parts)} parts, {MAX_PARTS} is the most", "add several texts")
        return None
    return Apply(STR, scope.at(node), "build", Tuple((STR,) * len(parts)), tuple(parts))


def format_function(scope: Scope, node: ast.Call, args: list[Expr]) -> Expr | None:
    """Return ``format(value, "spec")``."""
    match args:
        case [value]:
            return by_spec(scope, node, value, "")
        case [value, Const(value=str() as spec)]:
            return by_spec(scope, node, value, spec)
    scope.refuse(node, "argument", "format() takes a value and a constant format")
    return None


def f_string(scope: Scope, node: ast.JoinedStr) -> Expr | None:
    """Return an f-string: each value is evaluated and written as a text before the next one."""
    parts: list[Expr | None] = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            parts.append(_field(scope, value))
        else:
            parts.append(scope.check(scope, value))
    found = [part for part in parts if part is not None]
    return _together(scope, node, found) if len(found) == len(parts) else None


def _field(scope: Scope, node: ast.FormattedValue) -> Expr | None:
    """Return the text of one field: its conversion, then its format."""
    expr = scope.check(scope, node.value)
    spec = _constant_spec(scope, node.format_spec)
    if expr is None or spec is None:
        return None
    if node.conversion == ord("a"):
        scope.refuse(node, "format", "the conversion !a", "write !r of numbers; texts stand by themselves")
        return None
    if node.conversion == ord("r") and expr.type == STR:
        hint = "write the quotes yourself; in place of {x=} write x={x}"
        scope.refuse(node, "format", "the representation of a text (!r, or {x=})", hint)
        return None
    if node.conversion == ord("r") and expr.type in (DATE, DATETIME):
        scope.refuse(node, "format", "the representation of a date (!r, or {x=})", "write !s")
        return None
    if node.conversion >= 0:
        text = formatted(scope, node, expr, Format())
        return None if text is None else by_spec(scope, node, text, spec)
    return by_spec(scope, node, expr, spec)


def _constant_spec(scope: Scope, node: ast.expr | None) -> str | None:
    """Return the format of a field; what stands in braces in it is constant."""
    spec = ""
    for value in node.values if isinstance(node, ast.JoinedStr) else ():
        inner = value.value if isinstance(value, ast.FormattedValue) else value
        found = scope.check(scope, inner)
        if found is None:
            return None
        plain = not isinstance(value, ast.FormattedValue) or (value.conversion < 0 and value.format_spec is None)
        constant = found.value if isinstance(found, Const) and plain else None
        if isinstance(constant, bool) or not isinstance(constant, int | str):
            scope.refuse(inner, "format", "a format that is not constant", "write .ljust(), .rjust() or round()")
            return None
        spec += str(constant)
    return spec


def method_format(scope: Scope, node: ast.Call, owner: Expr, args: list[Expr]) -> Expr | None:
    """Return ``"…".format(…)`` of a constant text."""
    if not (isinstance(owner, Const) and isinstance(owner.value, str)):
        scope.refuse(node, "format", ".format() of a text that is not constant", "use str() and +")
        return None
    try:
        fields = list(string.Formatter().parse(owner.value))
    except ValueError as error:
        scope.refuse(node, "format", f"a text that Python can't format: {error}")
        return None
    parts: list[Expr] = []
    used: list[int] = []
    for before, name, spec, conversion in fields:
        if before:
            parts.append(Const(STR, scope.at(node), before))
        if name is None:
            continue
        position = len(used) if not name else int(name) if name.isdecimal() and len(name) < 4 else len(args)
        if conversion is not None or "{" in (spec or "") or not position < len(args):
            scope.refuse(node, "format", f"the field {{{name}}} of .format() has no argument", "use str() and +")
            return None
        made = by_spec(scope, node.args[position], args[position], spec or "")
        if made is None:
            return None
        used.append(position)
        parts.append(made)
    in_order = used == list(range(len(args)))
    if not in_order and any(is_operation(argument) for argument in args):
        scope.refuse(node, "format", ".format() does not use each argument once, in order", "use str() and +")
        return None
    return _together(scope, node, parts)


def _percent_format(match: re.Match[str], type_: Type) -> Format | str:
    """Return what a ``%`` asks for, or what is wrong with it."""
    flags, kind = match["flags"], match["type"].replace("i", "d")
    width = int(match["width"] or 0)
    precision = -1 if match["precision"] is None else int(match["precision"] or 0)
    align = "<" if "-" in flags else "=" if "0" in flags and kind != "s" else ">"
    sign = "+" if "+" in flags else " " if " " in flags else ""
    if kind == "s":
        return Format("", align, "", False, width, "", precision, "")
    if kind not in ("d", "x", "X", "o", *"eEfFgG"):
        return f"%{kind}"
    if kind in "dxXo" and type_ != INT:
        return f"%{kind} of {type_}"
    return Format("0" if align == "=" else "", align, sign, "#" in flags and kind != "d", width, "", precision, kind)


def _pieces(text: str) -> Iterator[str | re.Match[str]]:
    """Yield the texts and formats of a text with ``%``; one that can't be read is the text "%"."""
    place = 0
    while (start := text.find("%", place)) >= 0:
        if start > place:
            yield text[place:start]
        match = _PERCENT.match(text, start)
        if match is None:
            yield "%"
            return
        yield match
        place = match.end()
    if place < len(text):
        yield text[place:]


def percent(scope: Scope, node: ast.AST, text: str, value: Expr) -> Expr | None:
    """Return ``text % value`` of a constant text."""
    at = scope.at(node)
    values = [value]
    if isinstance(value, Apply) and value.code == "tuple":
        values = list(value.args)
    elif isinstance(value.type, Tuple) and not isinstance(value.type, Union):
        values = [
            Apply(type_, at, "item", value.type, (value,), (position,))
            for position, type_ in enumerate(value.type.items)
        ]
    if len(values) > 1 and isinstance(value.type, Tuple) and value.type.listed:
        scope.refuse(node, "format", "% formats a tuple that became a list in a shuffle", "take the items")
        return None
    parts: list[Expr] = []
    taken = 0
    for piece in _pieces(text):
        if isinstance(piece, str):
            if piece == "%":
                scope.refuse(node, "format", "a % that Python does not have")
                return None
            parts.append(Const(STR, at, piece))
            continue
        if piece["type"] == "%":
            parts.append(Const(STR, at, "%"))
            continue
        if taken >= len(values):
            break
        made = _by_percent(scope, node, values[taken], piece)
        if made is None:
            return None
        parts.append(made)
        taken += 1
    wanted = sum(isinstance(piece, re.Match) and piece["type"] != "%" for piece in _pieces(text))
    if wanted != len(values):
        scope.refuse(node, "format", f"the text has {wanted} formats for {len(values)} values")
        return None
    return _together(scope, node, parts)


def _by_percent(scope: Scope, node: ast.AST, value: Expr, match: re.Match[str]) -> Expr | None:
    found = _percent_format(match, value.type)
    if isinstance(found, str):
        scope.refuse(node, "format", f"{found} in a text with %", "use str() and +")
        return None
    if match["type"] == "s":
        text = formatted(scope, node, value, Format())
        return (
            None if text is None else formatted(scope, node, text, found if found.width else replace(found, align=""))
        )
    return formatted(scope, node, value, found)
