"""Lists, dicts and sets at the top of the module or of the class: every task begins with its own.

A constant is part of the program; a container is a value that somebody can change, so it is made when a task begins, by
the role that has use for it, as a field of self: that of the module ``NAME`` is ``self.NAME'``, which no source can
write.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from totem_sdk.lang.constants import Constant
from totem_sdk.lang.forms import local_names
from totem_sdk.lang.holes import bound_names

__all__ = ["field_of", "is_table", "read_tables", "table_of", "unknown_names"]

_MAKERS = ("dict", "list", "set", "sorted")
_DISPLAYS = (ast.Dict, ast.DictComp, ast.List, ast.ListComp, ast.Set, ast.SetComp)


def field_of(name: str) -> str:
    """Return the field that holds a container of the module."""
    return f"{name}'"


def is_table(node: ast.expr) -> bool:
    """Return whether the value of a name is a container, as far as its form tells."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _MAKERS
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="split")):
            return True
        case ast.BinOp(left=left, right=right):
            return is_table(left) or is_table(right)
    return isinstance(node, _DISPLAYS)


def table_of(
    statement: ast.Assign | ast.AnnAssign, field: str, value: ast.expr, names: Mapping[str, Constant]
) -> ast.Assign | ast.AnnAssign:
    """Return what sets the field; constants in the value, ``names``, are written out."""
    target = ast.copy_location(_of_self(field, ast.Store()), statement)
    value = _Constants(names, set(bound_names(value))).visit(value)
    made: ast.Assign | ast.AnnAssign = ast.Assign([target], value)
    if isinstance(statement, ast.AnnAssign):
        made = ast.AnnAssign(target, statement.annotation, value, 0)
    return ast.fix_missing_locations(ast.copy_location(made, statement))


def unknown_names(value: ast.expr, known: Collection[str]) -> Iterator[ast.Name]:
    """Yield the names in the value of a container that are not known and not bound in it."""
    bound = set(bound_names(value))
    for part in ast.walk(value):
        if isinstance(part, ast.Name) and part.id not in bound and part.id not in known:
            yield part


def read_tables(function: ast.FunctionDef, job: str, tables: Collection[str]) -> None:
    """Let a method read the containers of the module, and those of the class by its name, as fields."""
    if not tables:
        return
    reading = _Reading({name for name in tables if not name.startswith("self.")}, job, tables, local_names(function))
    function.body = [reading.visit(statement) for statement in function.body]


def _of_self(field: str, context: ast.expr_context) -> ast.Attribute:
    return ast.Attribute(ast.Name("self", ast.Load()), field, context)


class _Constants(ast.NodeTransformer):
    """Writes constants in the place of their names: the class's are no names in a method."""

    def __init__(self, names: Mapping[str, Constant], bound: Collection[str]) -> None:
        self.names = names
        self.bound = bound

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names or node.id in self.bound:
            return node
        return ast.copy_location(_written(self.names[node.id]), node)


def _written(value: Constant) -> ast.expr:
    if isinstance(value, tuple):
        return ast.Tuple([_written(item) for item in value], ast.Load())
    return ast.Constant(value)


class _Reading(ast.NodeTransformer):
    def __init__(self, tables: Collection[str], job: str, every: Collection[str], local: Collection[str]) -> None:
        self.tables = tables
        self.job = job
        self.every = every
        self.local = local

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.tables or node.id in self.local:
            return node
        return _placed(_of_self(field_of(node.id), node.ctx), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        match node.value:
            case ast.Name(id=name) if name == self.job and name not in self.local and f"self.{node.attr}" in self.every:
                return _placed(_of_self(node.attr, node.ctx), node)
        self.generic_visit(node)
        return node


def _placed(made: ast.Attribute, node: ast.expr) -> ast.expr:
    ast.copy_location(made.value, node)
    return ast.copy_location(made, node)
