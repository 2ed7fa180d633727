"""What the rewriting of a method notes on nodes of its syntax tree for the checks after it."""

from __future__ import annotations

import ast
from typing import Generic, TypeVar

__all__ = [
    "BOUNDED",
    "BY_LINES",
    "CHANGED",
    "COUNTED",
    "DELETED",
    "DESCENDING",
    "DRAWN",
    "EMITTED",
    "IN_PLACE",
    "OF_ITEMS",
    "SOME",
    "Mark",
]

_Value = TypeVar("_Value")


class Mark(Generic[_Value]):
    """A note of one name; a copy of a node has it as well."""

    def __init__(self, name: str, otherwise: _Value) -> None:
        self.name = name
        self.otherwise = otherwise

    def on(self, node: ast.AST) -> _Value:
        """Return what is noted on a node; the mark's default where nothing is."""
        found: _Value = getattr(node, self.name, self.otherwise)
        return found

    def put(self, node: ast.AST, value: _Value) -> None:
        """Note something on a node."""
        setattr(node, self.name, value)


BOUNDED = Mark("bounded", False)
"""A call of ``deque``: its one argument is what was given as maxlen."""
BY_LINES = Mark("by_lines", False)
"""A call of ``sort``: by the lines that mrjob would write (``sorted_values``)."""
CHANGED = Mark("changed", False)
"""Such an assignment as ``OF_ITEMS``: the loop's body changes lists, so perhaps what it goes over."""
COUNTED = Mark("counted", False)
"""A subscript: how often a Counter has an item, or a text, list or the like the item once (``Counter(items)``)."""
DELETED = Mark("deleted", False)
"""A call of ``pop``: it was written as ``del``."""
DESCENDING = Mark("descending", False)
"""A call that sorts: it had ``reverse=True``."""
DRAWN = Mark("drawn", False)
"""A view of a dict: what is called with it draws its items at once, so it may be a list."""
EMITTED = Mark("emitted", False)
"""A list or tuple that is written out: it is emitted as it is."""
IN_PLACE = Mark("in_place", False)
"""A sum: it was written as ``+=`` of an item, so a list is made longer."""
OF_ITEMS = Mark("of_items", False)
"""An assignment: the value is what a loop takes one by one by indices."""
SOME = Mark("some", False)
"""A loop: there is at least one item."""
