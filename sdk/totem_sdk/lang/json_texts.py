"""``json.dumps(value)``: of a text one operation, of other scalars and of tuples what is made of those."""

from __future__ import annotations

import ast
import math

from totem_sdk.lang.findings import At
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.scope import Scope, widen
from totem_sdk.lang.tree import Apply, Choice, Const, Expr
from totem_sdk.types import BOOL, FLOAT, INT, NONE, NUM, STR, Match, Option, Tuple, Union

__all__ = ["DUMPS", "dumps", "written_out"]

DUMPS = "json.dumps"


def dumps(scope: Scope, node: ast.Call) -> Expr | None:
    """Return a call of ``json.dumps``."""
    args = [scope.check(scope, argument) for argument in node.args]
    if len(args) != 1:
        scope.refuse(node, "argument", f"json.dumps() takes 1 argument here, {len(args)} are given")
        return None
    if args[0] is None:
        return None
    text = _written(args[0], scope.at(node))
    if text is None:
        hint = "write it out: json.dumps([a, b]), json.dumps({'n': n}), json.dumps([x for x in items])"
        scope.refuse(node.args[0], "type", f"json.dumps() of {args[0].type}", hint)
    return text


def _written(value: Expr, at: At) -> Expr | None:
    match value.type:
        case Option(item=item):
            keeper = Keeper(at)
            kept = keeper.keep(value)
            absent = Apply(BOOL, at, "is_none", value.type, (kept,))
            text = _written(Apply(item, at, "unwrap", value.type, (kept,)), at)
            return None if text is None else keeper.let(Choice(STR, at, absent, Const(STR, at, "null"), text))
        case Match():
            return None
        case Union() as type_:
            return _of_union(value, type_, at)
        case Tuple() as type_:
            return _of_tuple(value, type_, at)
    if value.type == STR:
        return Apply(STR, at, "json_text", STR, (value,))
    if value.type == INT:
        return Apply(STR, at, "to_str", INT, (value,))
    if value.type == BOOL:
        return Choice(STR, at, value, Const(STR, at, "true"), Const(STR, at, "false"))
    if value.type in (FLOAT, NUM):
        return _of_number(value, at)
    return Const(STR, at, "null") if value.type == NONE else None


def _of_number(value: Expr, at: At) -> Expr:
    """Return a number as JSON of Python has it, with its own words where JSON has no number."""
    keeper = Keeper(at)
    kept = keeper.keep(value)
    result: Expr = Apply(STR, at, "to_str", value.type, (kept,))
    for number, word in ((-math.inf, "-Infinity"), (math.inf, "Infinity")):
        same = Apply(BOOL, at, "eq", value.type, (kept, widen(Const(FLOAT, at, number), value.type)))
        result = Choice(STR, at, same, Const(STR, at, word), result)
    is_nan = Apply(BOOL, at, "ne", value.type, (kept, kept))
    return keeper.let(Choice(STR, at, is_nan, Const(STR, at, "NaN"), result))


def _of_union(value: Expr, type_: Union, at: At) -> Expr | None:
    keeper = Keeper(at)
    kept = keeper.keep(value)
    result: Expr = Const(STR, at, "null")
    for position, option in enumerate(type_.items):
        part = Apply(option, at, "item", type_, (kept,), (position,))
        inner = option.item if isinstance(option, Option) else option
        text = _written(Apply(inner, at, "unwrap", option, (part,)), at)
        if text is None:
            return None
        result = Choice(STR, at, Apply(BOOL, at, "is_none", option, (part,)), result, text)
    return keeper.let(result)


def _of_tuple(value: Expr, type_: Tuple, at: At) -> Expr | None:
    keeper = Keeper(at)
    kept = keeper.keep(value)
    parts: list[Expr] = []
    for position, part in enumerate(type_.items):
        item = _written(Apply(part, at, "item", type_, (kept,), (position,)), at)
        if item is None:
            return None
        parts += [Const(STR, at, ", " if position else "["), item]
    return keeper.let(Apply(STR, at, "build", STR, (*parts, Const(STR, at, "]"))))


# Displays, as part of ``rewrite``.


def written_out(argument: ast.expr) -> ast.expr | None:
    """Return what ``json.dumps`` of a display or list comprehension stands for; None of anything else."""
    match argument:
        case ast.List(elts=parts) | ast.Tuple(elts=[_, *_] as parts) if not _has_star(parts):
            written: list[ast.expr] = [ast.Constant("[")]
            for number, part in enumerate(parts):
                written += [ast.Constant(", "), _field(part)] if number else [_field(part)]
            return ast.JoinedStr([*written, ast.Constant("]")])
        case ast.Dict(keys=keys, values=values) if all(_is_text(key) for key in keys):
            written = [ast.Constant("{")]
            for number, (key, value) in enumerate(zip(keys, values, strict=True)):
                if key is not None:
                    written += [ast.Constant(", ")] if number else []
                    written += [_field(key), ast.Constant(": "), _field(value)]
            return ast.JoinedStr([*written, ast.Constant("}")])
        case ast.ListComp(elt=element, generators=generators):
            items = ast.ListComp(_call(element), generators)
            joined = ast.Call(ast.Attribute(ast.Constant(", "), "join", ast.Load()), [items], [])
            return ast.JoinedStr([ast.Constant("["), ast.FormattedValue(joined, -1, None), ast.Constant("]")])
    return None


def _has_star(parts: list[ast.expr]) -> bool:
    return any(isinstance(part, ast.Starred) for part in parts)


def _is_text(key: ast.expr | None) -> bool:
    """Return whether a key is a text by its form, of which no two are the same."""
    return isinstance(key, ast.Constant) and isinstance(key.value, str)


def _call(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(DUMPS, ast.Load()), [value], [])


def _field(value: ast.expr) -> ast.expr:
    return ast.FormattedValue(_call(value), -1, None)
