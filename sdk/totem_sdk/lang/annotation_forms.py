"""Annotations as programs write them: those of ``typing`` in their usual form, and those that say nothing taken away.

``Optional[int]`` becomes ``int | None``, ``List[str]`` becomes ``list[str]``. What has ``Any``, ``Iterator`` or another
name in it that the language has no type for says nothing: it is not checked, as in Python. What is no annotation at
all (``print``, a call) stays where it is, and is refused where annotations are read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from totem_sdk.errors import Refused
from totem_sdk.lang.annotations import read_annotation
from totem_sdk.lang.findings import Findings
from totem_sdk.lang.reserved import COLLECTIONS
from totem_sdk.lang.source import parse

__all__ = ["ABSTRACT", "TYPING", "usual_annotations"]

_LOWER = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Set": "set", "FrozenSet": "frozenset"}
ABSTRACT = ("Callable", "Collection", "Generator", "Iterable", "Iterator", "Mapping", "Sequence")
"""What annotations need of ``collections.abc``; ``typing`` has them as well."""
TYPING = (*ABSTRACT, *_LOWER, "Any", "ClassVar", "Final", "NamedTuple", "Optional", "Union")
"""What can be imported from ``typing``."""
_SCALARS = ("int", "float", "bool", "str", "date", "datetime", "timedelta", "object")
_TYPES = (*_SCALARS, *_LOWER.values())
_OF_MODULES = {
    "collections": COLLECTIONS,
    "datetime": ("date", "datetime", "timedelta"),
    "re": ("Match", "Pattern"),
    "typing": TYPING,
}
_ONE_ITEM = ("ClassVar", "Final", "Optional")

Add = Callable[[ast.AST, str, str, str | None], None]
Known = Callable[[str], bool]
"""Whether a name is imported, or is that of a tuple with names."""


class _Usual(ast.NodeTransformer):
    """Replaces each annotation below a node."""

    def __init__(self, is_known: Known, add: Add) -> None:
        self.is_known = is_known
        self.add = add

    def visit(self, node: ast.AST) -> Any:
        """Visit statements and arguments: expressions have no annotations."""
        return node if isinstance(node, ast.expr) else super().visit(node)

    def usual(self, node: ast.expr | None) -> ast.expr | None:
        """Return the annotation in its usual form; None if it says nothing."""
        if node is None:
            return None
        form = self.form(node)
        if form is None:
            return node
        for part in ast.walk(form):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, node)
        return None if read_annotation(form) is None else form

    def form(self, node: ast.expr) -> ast.expr | None:
        """Return the usual form of an annotation or of a part of it; None if it is no annotation."""
        match node:
            case ast.Constant(value=str() as text):
                return self.in_text(node, text)
            case ast.Constant(value=value):
                return node if value is None or value is Ellipsis else None
            case ast.Name(id=name):
                return self.named(node, name)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in _OF_MODULES.get(module, ()):
                return ast.Name(_LOWER.get(name, name), ast.Load()) if module == "typing" else node
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self.either([left, right])
            case ast.List(elts=items):
                return self.several(items)
            case ast.Subscript(value=generic, slice=inner):
                return self.subscript(generic, inner)
        return None

    def in_text(self, node: ast.expr, text: str) -> ast.expr | None:
        try:
            body = parse(text.strip(), "annotation", Findings()).tree.body
        except Refused:
            return None
        match body:
            case [ast.Expr(value=ast.expr() as inner)] if not isinstance(inner, ast.Constant) or inner.value is None:
                for part in ast.walk(inner):
                    ast.copy_location(part, node)
                return self.form(inner)
        return None

    def named(self, node: ast.expr, name: str) -> ast.expr | None:
        if name in TYPING and not self.is_known(name):
            self.add(node, "unknown-name", f"{name} is not imported", f"write from typing import {name}")
        known = name in TYPING or name in _TYPES or self.is_known(name)
        return ast.Name(_LOWER.get(name, name), ast.Load()) if known else None

    def subscript(self, generic: ast.expr, inner: ast.expr) -> ast.expr | None:
        items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        owner = self.form(generic)
        match owner:
            case ast.Name(id="Optional") if len(items) == 1:
                return self.either([*items, ast.Constant(None)])
            case ast.Name(id="Union"):
                return self.either(items)
            case ast.Name(id=name) if name not in _SCALARS and (name not in _ONE_ITEM or len(items) == 1):
                found = self.several(items)
            case ast.Attribute():
                found = self.several(items)
            case _:
                return None
        if found is None:
            return None
        single = found.elts[0] if len(items) == 1 and not isinstance(inner, ast.Tuple) else found
        return ast.Subscript(owner, single, ast.Load())

    def several(self, items: list[ast.expr]) -> ast.Tuple | None:
        forms = [self.form(item) for item in items]
        found = [form for form in forms if form is not None]
        return ast.Tuple(found, ast.Load()) if len(found) == len(items) else None

    def either(self, items: list[ast.expr]) -> ast.expr | None:
        found = self.several(items)
        if found is None:
            return None
        first, *others = found.elts
        for other in others:
            first = ast.BinOp(first, ast.BitOr(), other)
        return first

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = self.usual(node.annotation)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = self.usual(node.returns)
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "Param":
            return node  # a parameter is what its annotation says
        annotation = self.usual(node.annotation)
        if annotation is not None:
            node.annotation = annotation
        elif node.value is not None:
            return ast.copy_location(ast.Assign([node.target], node.value), node)
        return node


def usual_annotations(node: ast.stmt, is_known: Known, add: Add) -> ast.stmt:
    """Return a statement with usual annotations."""
    usual: ast.stmt = _Usual(is_known, add).visit(node)
    return usual
