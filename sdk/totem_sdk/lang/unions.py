"""Values of several types: what several yields of a step emit under one key, as the data decide (docs/adr/0026).

A union is a tuple of options, of which at most one is there. Using a value as a number, a text or a tuple takes its
option out and, where that is None, ends in the error that Python has there: ``type``. So it may be used only where
Python has no meaning for the value's other types; anything else is refused. After such a use it is known what it is,
as it is of None (``Scope.know``), until the next assignment.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from totem_sdk.errors import InternalError
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.operators import UNION_HINT
from totem_sdk.lang.paths import path_of
from totem_sdk.lang.scope import Path, Scope
from totem_sdk.lang.tree import Apply, Const, Expr, If, Inner, Local, Logic, Raise
from totem_sdk.types import BOOL, FLOAT, STR, Option, Type, Union, union_kind

__all__ = ["Operands", "compared_of", "is_none", "know_option", "known_option", "number_of", "operands_of", "tuple_of"]

_NAMES = {"bool": "a bool", "number": "a number", "text": "a text", "tuple": "a tuple"}


@dataclass(frozen=True)
class Operands:
    """Both sides of an operator, each of one type, and what evaluates them."""

    keeper: Keeper
    sides: tuple[Expr, Expr]


def _kinds(type_: Type) -> tuple[str | None, ...]:
    items = type_.items if isinstance(type_, Union) else (Option(type_),)
    return tuple(union_kind(item.item) for item in items if isinstance(item, Option))


def _option(expr: Expr, type_: Union, place: int) -> Apply:
    return Apply(type_.items[place], expr.at, "item", type_, (expr,), (place,))


def _bare(option: Apply) -> Apply:
    if not isinstance(option.type, Option):
        raise InternalError("a union of what is no option")
    return Apply(option.type.item, option.at, "unwrap", option.type, (option,))


def _fact(path: Path, kind: str) -> Path:
    return (*path, f"is {kind}")


def known_option(scope: Scope, path: Path | None, expr: Expr) -> Expr:
    """Return the value that a variable or field has of a union, if it is known which option that is."""
    if path is None or not isinstance(expr.type, Union):
        return expr
    for place, kind in enumerate(_kinds(expr.type)):
        if kind is not None and scope.is_known(_fact(path, kind)):
            return _bare(_option(expr, expr.type, place))
    return expr


def know_option(scope: Scope, path: Path, whole: Type, type_: Type) -> None:
    """Note what a variable or field of a union is to which a value of one type was assigned."""
    kind = union_kind(type_)
    if isinstance(whole, Union) and kind is not None:
        scope.know((_fact(path, kind),))


def _taken(scope: Scope, node: ast.AST, part: ast.AST, value: Expr, kind: str) -> Expr:
    """Return an option of a union, or fail if it is not there; ``part`` is where the value stands."""
    type_, at = value.type, scope.at(node)
    place = type_.place_of(kind) if isinstance(type_, Union) else None
    if place is None or not isinstance(type_, Union):
        raise InternalError("an option that the union doesn't have")
    option = _option(value, type_, place)
    absent = Apply(BOOL, at, "is_none", option.type, (option,))
    path = path_of(part) if isinstance(part, ast.expr) else None
    if path is not None:
        scope.know((_fact(path, kind),))
    bare = _bare(option)
    return Inner(bare.type, at, (If(at, absent, (Raise(at, "type", ()),), ()),), bare)


def _refuse(scope: Scope, part: ast.AST, type_: Type, kind: str, what: str) -> None:
    hint = "yield what is told apart by its type with texts, numbers and tuples only"
    scope.refuse(part, "type", f"{what} is {type_}: {_NAMES[kind]} has a meaning here too", hint)


def operands_of(
    scope: Scope, node: ast.BinOp | ast.AugAssign, parts: tuple[ast.expr, ast.expr], sides: tuple[Expr, Expr]
) -> Operands | None:
    """Return the operands of an arithmetic operator, those of a union as the numbers (or texts) that they must be."""
    keeper = Keeper(scope.at(node))
    kinds: list[str] = []
    for position, (part, side) in enumerate(zip(parts, sides, strict=True)):
        other = sides[1 - position].type
        kind = "text" if isinstance(node.op, ast.Add) and other == STR else "number"
        kinds.append(kind)
        if not isinstance(side.type, Union):
            if side.type == STR and isinstance(node.op, ast.Mod):
                scope.refuse(node, "format", f"{other} is formatted", UNION_HINT)
                return None
            continue
        if kind not in _kinds(side.type):
            scope.refuse(part, "type", f"an operand is {side.type}, of which none is {_NAMES[kind]}")
            return None
        meant = _also_meant(node.op, position, side.type, other) if kind == "number" else None
        if meant is not None:
            _refuse(scope, part, side.type, meant, "an operand")
            return None
    kept = [side if isinstance(side, Const) else keeper.keep(side) for side in sides]
    left, right = (
        _taken(scope, node, part, side, kind) if isinstance(side.type, Union) else side
        for part, side, kind in zip(parts, kept, kinds, strict=True)
    )
    return Operands(keeper, (left, right))


def _also_meant(operator: ast.operator, position: int, type_: Union, other: Type) -> str | None:
    """Return the kind, other than numbers, for which Python has the operator as well; None if there is none."""
    kinds = _kinds(type_)
    if "bool" in kinds:
        return "bool"
    for kind in ("text", "tuple"):
        repeated = isinstance(operator, ast.Mult) and other != FLOAT
        added = isinstance(operator, ast.Add) and kind in _kinds(other)
        formatted = isinstance(operator, ast.Mod) and kind == "text" and position == 0
        if kind in kinds and (repeated or added or formatted):
            return kind
    return None


def compared_of(
    scope: Scope, node: ast.Compare, parts: Sequence[ast.expr], operands: Sequence[Expr | None]
) -> Operands | None:
    """Return both sides of a comparison, of which one is of a union; an option for ``==``, which never fails."""
    found = [operand for operand in operands if operand is not None]
    if len(found) < len(operands):
        return None
    unions = [position for position, operand in enumerate(found) if isinstance(operand.type, Union)]
    place = unions[0]
    union, other = found[place].type, found[1 - place].type if len(found) == len(("left", "right")) else None
    kind = None if other is None else union_kind(other)
    if not isinstance(union, Union) or len(unions) > 1 or kind not in ("bool", "number", "text"):
        what = f"a comparison has {union}" if other is None else f"{found[0].type} is compared with {found[1].type}"
        scope.refuse(node, "type", what, UNION_HINT)
        return None
    option = union.place_of(kind)
    alike = {"bool": "number", "number": "bool"}.get(kind)
    if option is None:
        scope.refuse(node, "type", f"{union} is compared with {other}, which it never is")
        return None
    if alike is not None and alike in _kinds(union):
        _refuse(scope, parts[place], union, alike, "a side of the comparison")
        return None
    keeper = Keeper(scope.at(node))
    if isinstance(node.ops[0], ast.Eq | ast.NotEq):
        sides = [_option(side, union, option) if side.type == union else side for side in found]
    else:
        kept = [side if isinstance(side, Const) else keeper.keep(side) for side in found]
        sides = [
            _taken(scope, node, part, side, kind) if side.type == union else side
            for part, side in zip(parts, kept, strict=True)
        ]
    return Operands(keeper, (sides[0], sides[1]))


def tuple_of(scope: Scope, node: ast.AST, part: ast.AST, value: Expr) -> Expr | None:
    """Return a value of a union as the tuple that it must be, to be unpacked or for an item of it."""
    type_ = value.type
    if not isinstance(type_, Union) or "tuple" not in _kinds(type_):
        scope.refuse(part, "type", f"{type_} is never a tuple")
        return None
    if "text" in _kinds(type_):
        _refuse(scope, part, type_, "text", "what items are taken of")
        return None
    return _once(scope, node, part, value, "tuple")


def number_of(scope: Scope, node: ast.AST, part: ast.AST, value: Expr, *, reads: bool) -> Expr | None:
    """Return a value of a union as the number that it must be, for a function; ``reads``: it takes texts as well."""
    type_ = value.type
    if not isinstance(type_, Union) or "number" not in _kinds(type_):
        scope.refuse(part, "type", f"{type_} is never a number")
        return None
    for kind in ("bool", "text") if reads else ("bool",):
        if kind in _kinds(type_):
            _refuse(scope, part, type_, kind, "the argument")
            return None
    return _once(scope, node, part, value, "number")


def _once(scope: Scope, node: ast.AST, part: ast.AST, value: Expr, kind: str) -> Expr:
    """Return an option of a value that is evaluated once."""
    if isinstance(value, Local):
        return _taken(scope, node, part, value, kind)
    keeper = Keeper(scope.at(node))
    kept = keeper.keep(value)
    return keeper.let(_taken(scope, node, part, kept, kind))


def is_none(scope: Scope, node: ast.AST, expr: Expr, type_: Union) -> Expr:
    """Return whether a value of a union is none of its types: None."""
    keeper = Keeper(scope.at(node))
    kept = expr if isinstance(expr, Local) else keeper.keep(expr)
    options = [_option(kept, type_, place) for place in range(len(type_.items))]
    tests = [Apply(BOOL, scope.at(node), "is_none", option.type, (option,)) for option in options]
    result: Expr = tests.pop()
    while tests:
        result = Logic(scope.at(node), "and", tests.pop(), result)
    return keeper.let(result)
