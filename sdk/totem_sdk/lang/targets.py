"""Targets that later passes need not know: tuples and stars in tuples of targets, and the name of a reducer's values.

``(a, b), c = value`` unpacks the outer tuple first, whole, then stores from the left, as Python does; what a starred
target and those beside it get are methods that no source can write (``tuples``). What a reducer assigns to the name of
its values (``values = sorted(values)``) is another variable from there on.
"""

from __future__ import annotations

import ast
import itertools
from typing import TypeVar

from totem_sdk.lang.nodes import walk

__all__ = ["STARRED", "flat_targets", "rename_values"]

STARRED = ("rest'", "taken'")
"""Methods of what is unpacked: the list that a starred target gets, and the items for the others."""

_Node = TypeVar("_Node", bound=ast.AST)


def flat_targets(function: ast.FunctionDef) -> None:
    """Unpack tuples that stand in tuples of targets by statements of their own, in the body of a function."""
    if not any(isinstance(part, ast.Tuple) and _is_nested(part) for part in walk(function)):
        return
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
        if isinstance(node.target, ast.Tuple) and any(isinstance(part, ast.Starred) for part in node.target.elts):
            whole = self.name()
            kept = self.unpacked(node.target, _placed(ast.Name(whole, ast.Load()), node.target))
            node.target = _placed(ast.Name(whole, ast.Store()), node.target)
            node.body = [*kept, *node.body]
        elif isinstance(node.target, ast.Tuple) and _is_nested(node.target):
            names, kept = self.kept(node.target)
            node.target = names
            node.body = [*kept, *node.body]
        return node

    def unpacked(self, target: ast.Tuple, value: ast.expr) -> list[ast.stmt]:
        # Every item has a name of its own first: what is unpacked may be what is assigned.
        names = [self.name() for _ in target.elts]
        stars = [place for place, element in enumerate(target.elts) if isinstance(element, ast.Starred)]
        if len(stars) == 1:
            return self.with_star(target, names, stars[0], value)
        whole = _placed(ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store()), target)
        made: list[ast.stmt] = [_placed(ast.Assign([whole], value), target)]
        for name, element in zip(names, target.elts, strict=True):
            made += self.stored(element, name)
        return made

    def with_star(self, target: ast.Tuple, names: list[str], star: int, value: ast.expr) -> list[ast.stmt]:
        """Unpack what is left over into a list; ``names`` are those of the items, one of them of the list."""
        elements = [element.value if isinstance(element, ast.Starred) else element for element in target.elts]
        plain = [element.id for element in elements if isinstance(element, ast.Name)]
        direct = len(set(plain)) == len(elements)
        names = plain if direct else names
        whole = self.name()
        kept = _placed(ast.Assign([ast.Name(whole, ast.Store())], value), target)
        sides = (star, len(elements) - star - 1)

        def part(method: str) -> ast.expr:
            bounds: list[ast.expr] = [ast.Constant(side) for side in sides]
            return ast.Call(ast.Attribute(ast.Name(whole, ast.Load()), method, ast.Load()), bounds, [])

        beside = [ast.Name(name, ast.Store()) for place, name in enumerate(names) if place != star]
        made: list[ast.stmt] = [kept]
        if beside:
            made.append(_placed(ast.Assign([ast.Tuple([*beside], ast.Store())], part("taken'")), target))
        made.append(_placed(ast.Assign([ast.Name(names[star], ast.Store())], part("rest'")), target))
        if not direct:
            for name, element in zip(names, elements, strict=True):
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
    return any(isinstance(element, ast.Tuple | ast.Starred) for element in target.elts)


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
