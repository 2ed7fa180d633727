"""Counters and status: what a program reports to mrjob while it runs. Arguments are evaluated, nothing is reported.

What a counter says about single rows would leave the provider beside its policy (rounding, smallest groups), so it is
not counted at all.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from totem_sdk.lang.findings import At
from totem_sdk.lang.scope import Scope, fits
from totem_sdk.lang.source import Source
from totem_sdk.lang.surface import IGNORED_CALLS, Note
from totem_sdk.lang.tree import Apply, Drop, Stmt
from totem_sdk.types import Tuple

__all__ = ["ignored", "is_ignored", "notes_of_reports"]


def is_ignored(node: ast.AST, methods: Collection[str]) -> bool:
    """Return whether this is a call of a method by which a program reports."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)):
            return name in IGNORED_CALLS and name not in methods
    return False


def ignored(scope: Scope, node: ast.Call) -> Stmt | None:
    """Return the evaluation of what is reported."""
    values = [scope.check(scope, part) for part in (*node.args, *(keyword.value for keyword in node.keywords))]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return None
    at: At = scope.at(node)
    type_ = Tuple(tuple(value.type for value in known))
    if not fits(type_):
        scope.refuse(node, "too-large", "too much is reported at once")
        return None
    return Drop(at, Apply(type_, at, "tuple", type_, tuple(known)))


def notes_of_reports(source: Source, method: ast.FunctionDef, methods: Collection[str]) -> Iterator[Note]:
    """Yield a note for each report in a method."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and is_ignored(node, methods) and isinstance(node.func, ast.Attribute):
            yield Note(
                source.at(node.func), f"{node.func.attr} is not reported: counters say what no policy has released"
            )
