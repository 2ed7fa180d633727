"""Types of try, raise and assert: from their syntax to the typed tree, and what each path knows of None."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Protocol

from totem_sdk.caught import ALL_KINDS
from totem_sdk.errors import InternalError
from totem_sdk.lang.calls import self_attributes
from totem_sdk.lang.caught_forms import kind_raised, mask_caught
from totem_sdk.lang.conditions import condition
from totem_sdk.lang.holes import Hole, bound_names
from totem_sdk.lang.scope import Facts, Scope, meet
from totem_sdk.lang.tree import Expr, If, Raise, Stmt, Try

__all__ = ["Checker", "check_errors"]


class Checker(Protocol):
    """What checks the statements of a function.

    ``breaks`` and ``continues`` are what is known where loops are left, ``dead`` tells that nothing runs behind the
    last statement, ``handling`` in how many handlers it stands.
    """

    scope: Scope
    breaks: list[list[Facts]]
    continues: list[list[Facts]]
    dead: bool
    handling: int

    def body(self, statements: Iterable[ast.stmt]) -> tuple[tuple[Stmt, ...], bool]:
        """Check statements; tell whether what follows them can be reached."""


def check_errors(checker: Checker, node: ast.Try | ast.Raise | ast.Assert) -> Stmt | None:
    """Check a statement that catches errors or ends in one."""
    match node:
        case ast.Try():
            return _try(checker, node)
        case ast.Raise():
            return _raise(checker, node)
        case ast.Assert():
            return _assert(checker.scope, node)


def _assigned(scope: Scope, statements: Iterable[ast.AST]) -> set[str]:
    """Return the names and fields that statements may assign, themselves or by what they call."""
    found: set[str] = set()
    for statement in statements:
        found.update(bound_names(statement))
        for attribute in self_attributes(statement):
            reach = scope.role.reach.get(attribute.attr)
            found.update(f"self.{name}" for name in (() if reach is None else reach.stores))
    return found


def _without(facts: Facts, names: set[str]) -> Facts:
    return {root: paths for root, paths in facts.items() if root not in names}


def _try(checker: Checker, node: ast.Try) -> Stmt | None:
    scope = checker.scope
    before = dict(scope.facts)
    marks = [(facts, len(facts)) for facts in (*checker.breaks, *checker.continues)]
    body, falls = checker.body(node.body)
    orelse: tuple[Stmt, ...] = ()
    if falls:
        orelse, falls = checker.body(node.orelse)
    ends = [scope.facts] if falls else []
    # An error may happen before or after whatever the body assigns.
    unsure = _without(before, _assigned(scope, node.body))
    handlers: list[tuple[int, tuple[Stmt, ...]]] = []
    for handler in node.handlers:
        # A refused one may catch anything: what follows is looked at all the same.
        mask = ALL_KINDS if isinstance(handler.type, Hole) else mask_caught(handler.type)
        if mask is None:
            raise InternalError("an except of a form that is refused")
        scope.facts = dict(unsure)
        checker.handling += 1
        handled, falls = checker.body(handler.body)
        checker.handling -= 1
        handlers.append((mask, handled))
        ends += [scope.facts] if falls else []
    final: tuple[Stmt, ...] = ()
    if node.finalbody:
        scope.facts = _without(unsure, _assigned(scope, (*node.handlers, *node.orelse)))
        handling, checker.handling = checker.handling, 0
        final, falls = checker.body(node.finalbody)
        checker.handling = handling
        changed = _assigned(scope, node.finalbody)
        ends = [_without(facts, changed) for facts in ends] if falls else []
        for left, mark in marks:
            left[mark:] = [_without(facts, changed) for facts in left[mark:]]
    scope.facts = meet(ends)
    checker.dead = not ends
    return Try(scope.at(node), body, tuple(handlers), orelse, final)


def _raise(checker: Checker, node: ast.Raise) -> Stmt | None:
    """Check a raise statement: what is in its brackets is evaluated, as Python does, and not kept."""
    scope = checker.scope
    if node.exc is None and not checker.handling:
        scope.refuse(node, "exception", "a raise alone stands in no except", "name an error: raise ValueError")
        return None
    if node.exc is None:
        return Raise(scope.at(node), None, ())
    kind = kind_raised(node.exc)
    if kind is None:
        raise InternalError("a raise of a form that is refused")
    values = _values(scope, node.exc.args if isinstance(node.exc, ast.Call) else ())
    return None if values is None else Raise(scope.at(node), kind, values)


def _assert(scope: Scope, node: ast.Assert) -> Stmt | None:
    """Check an assert statement: its message is evaluated where it fails."""
    judged = condition(scope, node.test)
    before = dict(scope.facts)
    scope.know(judged.false if judged else ())
    values = _values(scope, () if node.msg is None else (node.msg,))
    scope.facts = before
    scope.know(judged.true if judged else ())
    if judged is None or values is None:
        return None
    return If(scope.at(node), judged.expr, (), (Raise(scope.at(node), "assertion", values),))


def _values(scope: Scope, nodes: Iterable[ast.expr]) -> tuple[Expr, ...] | None:
    found = [scope.check(scope, node) for node in nodes if not isinstance(node, ast.Constant)]
    known = tuple(expr for expr in found if expr is not None)
    return known if len(known) == len(found) else None
