"""Conditions: comparisons, ``and``, ``or``, ``not``, and what their outcome says about None."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from totem_sdk.lang.bools import as_numbers
from totem_sdk.lang.calls import self_attributes
from totem_sdk.lang.chosen import chosen
from totem_sdk.lang.container_types import Listed
from totem_sdk.lang.kept import Keeper
from totem_sdk.lang.lists import comparable
from totem_sdk.lang.membership import membership
from totem_sdk.lang.operators import link
from totem_sdk.lang.paths import path_of
from totem_sdk.lang.scope import Path, Scope, widen
from totem_sdk.lang.tree import Apply, Chain, Expr, Link, Logic, is_operation
from totem_sdk.lang.unions import compared_of, is_none
from totem_sdk.types import BOOL, NONE, List, Match, Option, Scalar, Type, Union

__all__ = ["Judged", "condition", "judge", "truth"]

_NOTHING: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition: its bool, and the paths that are not None where it is true and where it is false.

    ``sure`` is how it always ends, where the types say so: a parameter that is always None is never something else.
    """

    expr: Expr
    true: frozenset[Path] = _NOTHING
    false: frozenset[Path] = _NOTHING
    sure: bool | None = None


def _paths(node: ast.expr, type_: Type) -> frozenset[Path]:
    path = path_of(node)
    return _NOTHING if path is None or type_ == NONE else frozenset((path,))


def condition(scope: Scope, node: ast.expr) -> Judged | None:
    """Return what an if or a loop decides by; what is no operation yet is tested with ``truth``, so it isn't free."""
    judged = judge(scope, node, in_condition=True)
    if judged is None or (judged.expr.type == BOOL and is_operation(judged.expr)):
        return judged
    tested = truth(scope, node, judged.expr)
    return None if tested is None else Judged(tested, judged.true, judged.false, _sure(judged))


def _sure(judged: Judged) -> bool | None:
    return False if judged.expr.type == NONE else judged.sure


def truth(scope: Scope, node: ast.AST, expr: Expr) -> Expr | None:
    """Return ``bool(expr)``."""
    inner = expr.type.item if isinstance(expr.type, Option) else expr.type
    if isinstance(inner, Match):
        # A match is true, whatever it has found.
        asked = Apply(BOOL, scope.at(node), "is_none", Option(inner), (widen(expr, Option(inner)),))
        return Apply(BOOL, scope.at(node), "not", BOOL, (asked,))
    if not isinstance(inner, Scalar | List):
        scope.refuse(node, "type", f"{expr.type} is used as a condition", "compare it, or test it with is not None")
        return None
    return Apply(BOOL, scope.at(node), "truth", expr.type, (expr,))


def judge(scope: Scope, node: ast.expr, *, in_condition: bool) -> Judged | None:
    """Return the value of an expression and what it says about None.

    In a condition ``and`` and ``or`` ask for the truth of their operands, elsewhere they give one of them.
    """
    match node:
        case ast.BoolOp():
            return _logic(scope, node, node.values, in_condition=in_condition)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            judged = judge(scope, operand, in_condition=True)
            tested = None if judged is None else _as_bool(scope, operand, judged.expr)
            if judged is None or tested is None:
                return None
            sure = _sure(judged)
            negated = Apply(BOOL, scope.at(node), "not", BOOL, (tested,))
            return Judged(negated, judged.false, judged.true, None if sure is None else not sure)
        case ast.Compare(ops=[ast.Is() | ast.IsNot() as op], left=left):
            return _identity(scope, node, op, left)
        case ast.Compare(ops=[ast.In() | ast.NotIn() as op], left=left):
            return _membership(scope, node, op, left)
        case ast.Compare():
            return _comparison(scope, node)
        case _:
            # A name is looked up as it is: whether it is None is what the condition asks.
            expr = scope.check(scope, node)
            if expr is None:
                return None
            asked = expr.args[0].type if isinstance(expr, Apply) and expr.code == "unwrap" else expr.type
            return Judged(expr, _paths(node, asked))


def _as_bool(scope: Scope, node: ast.AST, expr: Expr) -> Expr | None:
    return expr if expr.type == BOOL else truth(scope, node, expr)


def _logic(scope: Scope, node: ast.BoolOp, values: list[ast.expr], *, in_condition: bool) -> Judged | None:
    """Go through the operands from the left, each under what the ones before say, and join them from the right."""
    conjunction = isinstance(node.op, ast.And)
    code = "and" if conjunction else "or"
    before = dict(scope.facts)
    operands: list[Judged | None] = []
    for value in values:
        judged = judge(scope, value, in_condition=in_condition)
        if judged is not None:
            expr: Expr | None = judged.expr
            if in_condition:
                expr = _as_bool(scope, value, judged.expr)
            judged = None if expr is None else Judged(expr, judged.true, judged.false, _sure(judged))
        operands.append(judged)
        if judged is not None and judged.sure is not None and judged.sure != conjunction:
            break  # the operands after it are never evaluated
        if judged is not None:
            scope.know(judged.true if conjunction else judged.false)
    scope.facts = before
    scope.forget(_stored_fields(scope, node))
    return _joined(scope, node, code, operands)


def _joined(scope: Scope, node: ast.BoolOp, code: str, operands: list[Judged | None]) -> Judged | None:
    result: Judged | None = None
    for position in range(len(operands) - 1, -1, -1):
        operand = operands[position]
        if operand is None:
            return None
        if result is None:
            result = operand
            continue
        expr: Expr | None = Logic(scope.at(node), code, operand.expr, result.expr)
        if operand.expr.type != BOOL or result.expr.type != BOOL:
            expr = _chosen(scope, node, code, operand.expr, result.expr)
        if expr is None:
            return None
        if code == "and":
            true, false = operand.true | result.true, operand.false & (operand.true | result.false)
        else:
            true, false = operand.true & (operand.false | result.true), operand.false | result.false
        result = Judged(expr, true, false, result.sure if operand.sure is not None else _decided(code, result.sure))
    stored = set(_stored_fields(scope, node))
    if result is None or not stored:
        return result
    return Judged(
        result.expr,
        frozenset(path for path in result.true if path[0] not in stored),
        frozenset(path for path in result.false if path[0] not in stored),
        result.sure,
    )


def _chosen(scope: Scope, node: ast.BoolOp, code: str, left: Expr, right: Expr) -> Expr | None:
    keeper = Keeper(scope.at(node))
    kept = keeper.keep(left)
    asked = truth(scope, node, kept)
    result = None if asked is None else chosen(scope, node, code, (kept, asked), right)
    return None if result is None else keeper.let(result)


def _decided(code: str, last: bool | None) -> bool | None:
    """Return how ``and`` or ``or`` ends whose last operand is sure: only if that decides, whatever the others are."""
    return last if last is not None and last != (code == "and") else None


def _stored_fields(scope: Scope, node: ast.AST) -> Iterator[str]:
    for attribute in self_attributes(node):
        reach = scope.role.reach.get(attribute.attr)
        if reach is not None:
            yield from (f"self.{name}" for name in reach.stores)


def _identity(scope: Scope, node: ast.Compare, op: ast.cmpop, left: ast.expr) -> Judged | None:
    expr = scope.check(scope, left)
    if expr is None:
        return None
    if isinstance(expr, Apply) and expr.code == "unwrap":
        expr = expr.args[0]
    type_ = expr.type
    if isinstance(type_, List):
        scope.refuse(node, "type", "a list is never None")
        return None
    if isinstance(type_, Union):
        asked = is_none(scope, node, expr, type_)
        return Judged(asked if isinstance(op, ast.Is) else Apply(BOOL, scope.at(node), "not", BOOL, (asked,)))
    if type_ != NONE and not isinstance(type_, Option):
        type_ = Option(type_)
    known = _paths(left, type_)
    test = Apply(BOOL, scope.at(node), "is_none", type_, (widen(expr, type_),))
    always = type_ == NONE
    if isinstance(op, ast.Is):
        return Judged(test, _NOTHING, known, True if always else None)
    return Judged(Apply(BOOL, scope.at(node), "not", BOOL, (test,)), known, _NOTHING, False if always else None)


def _link(scope: Scope, node: ast.Compare, position: int, left: Expr, right: Expr) -> Link | None:
    """Return one comparison of a chain, also of lists."""
    if isinstance(left.type, Listed) and isinstance(right.type, Listed):
        equality = {ast.Eq: "eq", ast.NotEq: "ne"}.get(type(node.ops[position]))
        if equality is None:
            scope.refuse(node, "type", "lists are ordered", "compare their items")
            return None
        on = comparable(scope, node, left.type, right.type, "==" if equality == "eq" else "!=")
        return None if on is None else Link(equality, on, right)
    return link(scope, node, position, left, right)


def _membership(scope: Scope, node: ast.Compare, op: ast.cmpop, left: ast.expr) -> Judged | None:
    found = membership(scope, node)
    if found is None:
        return None
    expr, some = found
    stored = set(_stored_fields(scope, node))
    known = frozenset(path for path in _paths(left, BOOL) if some and path[0] not in stored)
    return Judged(expr, known) if isinstance(op, ast.In) else Judged(expr, _NOTHING, known)


def _comparison(scope: Scope, node: ast.Compare) -> Judged | None:
    parts = (node.left, *node.comparators)
    operands = [scope.check(scope, part) for part in parts[:2]]
    known_here = dict(scope.facts)
    operands += [scope.check(scope, part) for part in parts[2:]]
    if len(parts) > len(("left", "right")):
        # The others are evaluated only where what stands before them is true.
        scope.facts = {root: paths for root, paths in known_here.items() if root in scope.facts}
    operands = as_numbers(operands)
    keeper: Keeper | None = None
    if any(operand is not None and isinstance(operand.type, Union) for operand in operands):
        compared = compared_of(scope, node, parts, operands)
        if compared is None:
            return None
        keeper, operands = compared.keeper, [*compared.sides]
    judged = _compared(scope, node, operands)
    return judged if judged is None or keeper is None else Judged(keeper.let(judged.expr))


def _compared(scope: Scope, node: ast.Compare, operands: list[Expr | None]) -> Judged | None:
    links: list[Link] = []
    known = _NOTHING
    for position, (left, right) in enumerate(itertools.pairwise(operands)):
        found = None if left is None or right is None else _link(scope, node, position, left, right)
        if found is not None:
            links.append(found)
    first = operands[0]
    if first is None or len(links) < len(node.ops):
        return None
    if len(links) > 1:
        return Judged(Chain(scope.at(node), first, tuple(links)))
    (only,) = links
    expr = Apply(BOOL, scope.at(node), only.code, only.on, (widen(first, only.on), widen(only.right, only.on)))
    if isinstance(only.on, Option) and isinstance(first.type, Option) != isinstance(only.right.type, Option):
        # Equal to something that is not None: not None either.
        known = _paths(node.left, first.type) | _paths(node.comparators[0], only.right.type)
        # But a helper that is called in it may have set a field since it was read.
        stored = set(_stored_fields(scope, node))
        known = frozenset(path for path in known if path[0] not in stored)
    if only.code == "eq":
        return Judged(expr, known)
    return Judged(expr, _NOTHING, known if only.code == "ne" else _NOTHING)
