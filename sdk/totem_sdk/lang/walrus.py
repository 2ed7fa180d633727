"""``(name := value)`` where it is surely evaluated: an assignment that stands in an expression.

It becomes the ``Statements`` that assign the value, with the name as their value. Where an expression may not get there
(the right side of ``and``, an arm of a conditional, a comprehension), or uses the name before, it is left as it is, and
refused by its form: whether a variable has a value is known by statements.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from totem_sdk.lang.nodes import walk

__all__ = ["Found", "sure_walruses"]

Found = tuple[ast.AST, str, int | None]
"""Where an assignment in an expression stands: its parent, the parent's field, the position in it if that is a list."""


def _sure(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    """Yield the parts of an expression that are evaluated whenever it is, in their order."""
    match node:
        case ast.BoolOp(values=values):
            yield "values", 0, values[0]
        case ast.IfExp(test=test):
            yield "test", None, test
        case ast.Compare(left=left, comparators=comparators):
            yield "left", None, left
            yield "comparators", 0, comparators[0]
        case ast.NamedExpr(value=value):
            yield "value", None, value
        case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp() | ast.Lambda():
            return
        case _:
            for name, value in ast.iter_fields(node):
                for position, child in enumerate(value if isinstance(value, list) else [value]):
                    if isinstance(child, ast.expr | ast.keyword):
                        yield name, position if isinstance(value, list) else None, child


def sure_walruses(root: ast.AST, fields: tuple[str, ...]) -> list[Found]:
    """Return the assignments in some fields of a statement that are surely made, inner ones first.

    A name that the expression uses before its assignment, or assigns twice, is none of them.
    """
    found: list[Found] = []
    used: set[str] = set()

    def visit(parent: ast.AST, name: str, position: int | None, node: ast.AST) -> None:
        before = isinstance(node, ast.NamedExpr) and node.target.id in used
        for part_name, part_position, part in _sure(node):
            visit(node, part_name, part_position, part)
        match node:
            case ast.NamedExpr(target=ast.Name(id=target)):
                if not before:
                    found.append((parent, name, position))
                used.add(target)
            case ast.Name(id=read):
                used.add(read)
            case ast.BoolOp() | ast.IfExp() | ast.Compare() | ast.ListComp() | ast.GeneratorExp():
                used.update(part.id for part in walk(node) if isinstance(part, ast.Name))

    for name in fields:
        value = getattr(root, name)
        if isinstance(value, ast.expr) and any(isinstance(part, ast.NamedExpr) for part in walk(value)):
            visit(root, name, None, value)
    return found
