"""What variables and fields surely hold, by the forms of all that is assigned to them, as part of ``rewrite``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from totem_sdk.lang.nodes import walk

__all__ = ["Assigned", "assigned", "assigned_on_self", "evident", "place"]

Assigned = Mapping[str, list[ast.expr | None]]
"""By name (of a field: ``self.NAME``), what is assigned to it; None for what is assigned in another way."""


def place(node: ast.expr) -> str | None:
    """Return the name of a variable or field; None of everything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}"
    return None


def assigned(function: ast.FunctionDef) -> Assigned:
    """Return what a function assigns to its variables; something else to its parameters."""
    values: dict[str, list[ast.expr | None]] = {argument.arg: [None] for argument in function.args.args}
    _collect(values, list(walk(function)), ast.Name)
    return values


def assigned_on_self(functions: Iterable[ast.FunctionDef]) -> Assigned:
    """Return what functions assign to fields on self."""
    values: dict[str, list[ast.expr | None]] = {}
    _collect(values, [part for function in functions for part in walk(function)], ast.Attribute)
    return values


def _collect(
    values: dict[str, list[ast.expr | None]], nodes: list[ast.AST], kind: type[ast.Name | ast.Attribute]
) -> None:
    known: set[int] = set()
    for node in nodes:
        match node:
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value):
                name = place(target)
                if name is not None and isinstance(target, kind):
                    values.setdefault(name, []).append(value)
                    known.add(id(target))
    for node in nodes:
        if isinstance(node, kind) and id(node) not in known and isinstance(node.ctx, ast.Store):
            name = place(node)
            if name is not None:
                values.setdefault(name, []).append(None)


def evident(values: Assigned, makes: Callable[[ast.expr | None, frozenset[str]], bool]) -> frozenset[str]:
    """Return the names to which only that is assigned of which ``makes`` says yes, given the names that hold such."""
    found = frozenset(values)
    # From all of them down: what is made of itself, s = s | t, is one where everything else is.
    while (left := frozenset(name for name in found if all(makes(value, found) for value in values[name]))) != found:
        found = left
    return found
