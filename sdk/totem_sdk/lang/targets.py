"""Targets that later passes need not know: tuples in tuples of targets, and the name of a reducer's values.

``(a, b), c = value`` unpacks the outer tuple first, whole, then stores from the left, as Python does. What a reducer
assigns to the name of its values (``values = sorted(values)``) is another variable from there on.
"""

from __future__ import annotations

import ast
import itertools
from typing import TypeVar

__all__ = ["flat_targets", "rename_values"]

_Node = TypeVar("_Node", bound=ast.AST)


def flat_targets(function: ast.FunctionDef) -> None:
    """Unpack tuples that stand in tuples of targets by statements of their own, in the body of a function."""
    flattening = _Flattening()
    function.body = [made for statement in function.body for made in flattening.made(statement)]


class _Flattening(ast.NodeTransformer):
    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def made(self, statement: ast.stmt) -> list[ast.stmt]:
        found = self.visit(statement)
        return found if isinstance(found, list) else [found]

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        match node.targets:
            case [ast.Tuple() as target] if _is_nested(target):
                return self.unpacked(target, node.value)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.target, ast.Tuple) and _is_nested(node.target):
            names, kept = self.kept(node.target)
            node.target = names
            node.body = [*kept, *node.body]
        return node

    def unpacked(self, target: ast.Tuple, value: ast.expr) -> list[ast.stmt]:
        # Every item has a name of its own first: what is unpacked may be what is assigned.
        names = [self.name() for _ in target.elts]
        whole = _placed(ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store()), target)
        made: list[ast.stmt] = [_placed(ast.Assign([whole], value), target)]
        for name, element in zip(names, target.elts, strict=True):
            made += self.stored(element, name)
        return made

    def kept(self, target: ast.Tuple) -> tuple[ast.Tuple, list[ast.stmt]]:
        """Return the target of a loop without tuples in it, and what unpacks them in its rounds."""
        names: list[ast.expr] = []
        made: list[ast.stmt] = []
        for element in target.elts:
            if isinstance(element, ast.Tuple):
                name = self.name()
                names.append(_placed(ast.Name(name, ast.Store()), element))
                made += self.stored(element, name)
            else:
                names.append(element)
        return _placed(ast.Tuple(names, ast.Store()), target), made

    def stored(self, element: ast.expr, name: str) -> list[ast.stmt]:
        value = _placed(ast.Name(name, ast.Load()), element)
        if isinstance(element, ast.Tuple) and _is_nested(element):
            return self.unpacked(element, value)
        return [_placed(ast.Assign([element], value), element)]

    def name(self) -> str:
        return f"part''{next(self.numbers)}"


def _is_nested(target: ast.Tuple) -> bool:
    return any(isinstance(element, ast.Tuple) for element in target.elts)


def _placed(node: _Node, place: ast.AST) -> _Node:
    for part in ast.walk(node):
        if isinstance(part, ast.expr | ast.stmt) and not hasattr(part, "lineno"):
            ast.copy_location(part, place)
    return node


def rename_values(function: ast.FunctionDef, values: str) -> None:
    """Give another name to what a function assigns to the name of its values, where it does so outside of any block."""
    position = next((i for i, statement in enumerate(function.body) if _stores(statement, values)), None)
    if position is None:
        return
    match function.body[position]:
        case ast.Assign(targets=[ast.Name(id=name) as target]) if name == values:
            pass
        case _:
            return
    taken = {part.id for part in ast.walk(function) if isinstance(part, ast.Name)}
    fresh = next(name for n in itertools.count(1) if (name := values + "_" * n) not in taken)
    target.id = fresh
    for later in function.body[position + 1 :]:
        for part in ast.walk(later):
            if isinstance(part, ast.Name) and part.id == values:
                part.id = fresh


def _stores(statement: ast.stmt, name: str) -> bool:
    """Return whether a statement assigns to a variable; a comprehension in it has variables of its own."""
    own = {
        id(target)
        for part in ast.walk(statement)
        if isinstance(part, ast.comprehension)
        for target in ast.walk(part.target)
    }
    return any(
        isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store) and id(part) not in own
        for part in ast.walk(statement)
    )
