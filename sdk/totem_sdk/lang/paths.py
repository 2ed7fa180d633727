"""What is known of None and of unions is about paths: variables, fields, columns, and items of these."""

from __future__ import annotations

import ast

from totem_sdk.lang.new_nodes import Statements
from totem_sdk.lang.scope import Path

__all__ = ["path_of"]


def path_of(node: ast.expr) -> Path | None:
    """Return what a test of this expression for None is about, None if it is about nothing that has a name."""
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
            return (f"self.{attribute}",)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return (name, attribute)
        case Statements(result=ast.Name(id=name)):
            return (name,)
        case ast.Subscript(value=value, slice=ast.Constant(value=int() as index)):
            base = path_of(value)
            return None if base is None else (*base, index)
    return None
