"""New nodes of the syntax tree, with the places of those that they stand for: what every rewriting is made of."""

from __future__ import annotations

import ast
import itertools
from typing import TypeVar

from totem_sdk.lang.findings import Findings
from totem_sdk.lang.source import Source

__all__ = ["NewNodes", "Statements", "plain_name"]

_Node = TypeVar("_Node", bound=ast.AST)


class Statements(ast.expr):
    """Statements, and the name whose value is the value of the expression."""

    _fields = ("body", "result")
    body: list[ast.stmt]
    result: ast.Name


def plain_name(name: str) -> str:
    """Return a name as the source has it."""
    return name.partition("'")[0]


class NewNodes(ast.NodeTransformer):
    """Makes nodes for one method.

    ``hidden`` are names that are something else than Python's functions here, ``values`` the parameter that holds a
    reducer's values.
    """

    def __init__(self, source: Source, hidden: frozenset[str], values: str | None, findings: Findings) -> None:
        self.source = source
        self.hidden = hidden
        self.values = values
        self.findings = findings
        self.numbers = itertools.count(1)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Leave a constant, which has no parts, without Python's looks for the classes that it once had."""
        return node

    def fresh(self, name: str) -> str:
        """Return a name that no source can write and nothing else has."""
        return f"{plain_name(name)}'{next(self.numbers)}"

    def at(self, node: _Node, place: ast.AST) -> _Node:
        """Give a new node and what is new in it the place of another."""
        for part in ast.walk(node):
            if isinstance(part, ast.expr | ast.stmt) and not hasattr(part, "lineno"):
                ast.copy_location(part, place)
        return node

    def load(self, name: str, place: ast.AST) -> ast.Name:
        """Return a name that is read."""
        return self.at(ast.Name(name, ast.Load()), place)

    def assign(self, name: str, value: ast.expr, place: ast.AST) -> ast.stmt:
        """Return the assignment of a value to a name."""
        return self.at(ast.Assign([ast.Name(name, ast.Store())], value), place)

    def calls(self, node: ast.AST, *names: str) -> bool:
        """Return whether a node calls one of Python's functions."""
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in names
            and node.func.id not in self.hidden
        )

    def refuse(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        """Add a refusal."""
        self.findings.add(self.source.at(node), code, message, hint)
