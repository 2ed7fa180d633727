"""What stands in the place of refused parts, so that the passes after the forms go on and find what else is wrong.

A ``Hole`` has no type and a ``Gap`` may do anything: neither leads to findings of its own. A program with one is never
lowered.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from totem_sdk.lang.nodes import walk

__all__ = ["Gap", "Hole", "bound_names", "has_gap", "repair"]


class Hole(ast.expr):
    """A refused expression; ``names`` are the variables that it would have assigned."""

    names: tuple[str, ...] = ()


class Gap(ast.stmt):
    """A refused statement; ``names`` are the variables, and the fields as ``self.x``, that it may have assigned."""

    names: tuple[str, ...] = ()


_BINDING = frozenset(
    (ast.Name, ast.arg, ast.Attribute, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)
) | {ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, Hole, Gap}
"""Nodes that may bind a name: most are none, and asking for one kind after the other takes long."""


def bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node binds in any way that Python has, and the fields of self that it assigns."""
    for part in walk(node):
        if type(part) not in _BINDING:
            continue
        match part:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield f"self.{name}"
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from names
            case Hole(names=names) | Gap(names=names):
                yield from names


def has_gap(node: ast.AST) -> bool:
    """Return whether a statement was refused in a node: what holds on its paths is not known then."""
    return any(isinstance(part, Gap) for part in walk(node))


class _Repair(ast.NodeTransformer):
    def __init__(self, refused: Mapping[int, ast.AST]) -> None:
        self.refused = refused

    def visit(self, node: ast.AST) -> ast.AST:
        if id(node) not in self.refused:
            return self.generic_visit(node)
        if not isinstance(node, ast.expr | ast.stmt):
            return node
        made = Hole() if isinstance(node, ast.expr) else Gap()
        made.names = tuple(dict.fromkeys(bound_names(node)))
        return ast.copy_location(made, node)


def repair(function: ast.FunctionDef, refused: Mapping[int, ast.AST]) -> None:
    """Replace the refused nodes (by id) in the body of a function."""
    if refused:
        repairing = _Repair(refused)
        function.body = [statement for old in function.body if isinstance(statement := repairing.visit(old), ast.stmt)]
