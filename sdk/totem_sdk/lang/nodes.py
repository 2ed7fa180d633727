"""The nodes of a syntax tree as ``ast.walk`` yields them, in less than half of its time: every pass walks over them.

Only nodes that can be told apart are yielded: ``ast.Load()``, ``ast.Add()`` and the like, which have no place and no
parts, are left out, except by ``every_child``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["children", "every_child", "walk"]

_NO_NODES = frozenset(
    ("arg", "asname", "attr", "conversion", "id", "is_async", "kind", "level", "module", "simple", "type_comment")
)
"""Fields that hold a node in no class."""
_NO_PARTS = frozenset(("ctx", "op", "ops"))


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """By class of node, the fields in which there may be nodes, but those of some names."""

    def __init__(self, without: frozenset[str]) -> None:
        super().__init__()
        self.without = without

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = () if kind is ast.Constant else tuple(name for name in kind._fields if name not in self.without)
        self[kind] = found
        return found


_FIELDS = _Fields(_NO_NODES | _NO_PARTS)
_ALL_FIELDS = _Fields(_NO_NODES)


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes directly in a node, in the order of its fields."""
    return _in_fields(node, _FIELDS)


def every_child(node: ast.AST) -> list[ast.AST]:
    """Return what ``ast.iter_child_nodes`` yields: ``children``, and contexts and operators among them."""
    return _in_fields(node, _ALL_FIELDS)


def _in_fields(node: ast.AST, fields: _Fields) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in fields[type(node)]:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(root: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all that are in it, outer ones first; what is below a node is looked up before it is yielded."""
    pending = [root]
    for node in pending:  # which grows meanwhile
        pending += _in_fields(node, _FIELDS)
        yield node
