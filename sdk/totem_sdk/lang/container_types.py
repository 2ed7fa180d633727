"""Types of containers while they are inferred: each has a box, which those of other places join (``boxes``).

A ``Listed`` is the type of a list in the checker: its item type is what all uses of its box have put into it so far.
When types have settled, ``boxes.settled`` turns it into the type that the program has: an ``Array``, or, for what a
``split`` made and nobody changes or keeps (``owned`` is false), a ``List`` of pieces. A ``Mapped`` is that of a dict,
which has a box for its values, and a type of keys; a ``Gathered`` is that of a set, a ``Counted`` of a Counter, a
``Defaulting`` of a defaultdict. A ``Queued`` is that of a deque: what only reads a list reads a deque as well.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from totem_sdk.lang.marks import Mark
from totem_sdk.types import NONE, List, Tuple, Type

__all__ = [
    "CHANGING",
    "Box",
    "KIND_OF_DICT",
    "Counted",
    "Defaulting",
    "Gathered",
    "Listed",
    "Mapped",
    "Queued",
    "kind_of",
    "may_change",
]


CHANGING = (
    "append", "appendleft", "clear", "extend", "extendleft", "insert", "pop", "popleft", "remove", "reverse", "rotate",
    "sort",
)  # fmt: skip
"""Methods that change a list or deque."""


def may_change(part: ast.AST) -> bool:
    """Return whether a node may change a list or deque that others see, by a method of it or by ``+=``."""
    match part:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=made))) if "'" in made:
            return False  # the list that a comprehension makes
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in CHANGING
        case ast.AugAssign(op=ast.Add(), value=value):
            return not isinstance(value, ast.Constant)
    return False


class Box:
    """What is known of the containers of one place, or of several that were unified (``parent`` is then set).

    ``number`` counts boxes in the order in which they were made.
    """

    def __init__(self, item: Type | None, number: int, *, owned: bool, key: Type | None = None) -> None:
        self.number = number
        self.parent: Box | None = None
        self.item = item
        self.key = key
        self.owned = owned

    @property
    def root(self) -> Box:
        """The box that this one was unified with, or itself."""
        box = self
        while box.parent is not None:
            box = box.parent
        return box


class Listed(List):
    """A list whose item type is still being inferred; equal where the boxes are."""

    def __init__(self, box: Box) -> None:
        object.__setattr__(self, "box", box)

    box: Box

    @property
    def item(self) -> Type:
        """What is known to be in it; none where that is nothing."""
        found = self.box.root.item
        return NONE if found is None else found

    @property
    def known(self) -> bool:
        """Whether anything is known of its items."""
        return self.box.root.item is not None

    @property
    def owned(self) -> bool:
        """Whether it is a list of its own, not the pieces of a text."""
        return self.box.root.owned

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listed) and self.box.root is other.box.root

    def __hash__(self) -> int:
        return id(self.box.root)

    def __str__(self) -> str:
        return f"list[{self.item if self.known else '…'}]"


class Queued(Listed):
    """A deque, which the program has as a list."""

    def __str__(self) -> str:
        return f"deque[{self.item if self.known else '…'}]"


class Mapped(List):
    """A dict whose types of keys and values are still being inferred; equal where the boxes are."""

    def __init__(self, box: Box) -> None:
        object.__setattr__(self, "box", box)

    box: Box
    kind = "dict"
    """What makes it, by which dicts are told from others that look for keys in another way."""

    def at(self, box: Box) -> Mapped:
        """Return a dict of the same kind with another box."""
        return type(self)(box)

    @property
    def key(self) -> Type:
        """What is known of its keys; none where that is nothing."""
        found = self.box.root.key
        return NONE if found is None else found

    @property
    def value(self) -> Type:
        """What is known of its values; none where that is nothing."""
        found = self.box.root.item
        return NONE if found is None else found

    @property
    def item(self) -> Tuple:
        """The pair of a key and its value."""
        return Tuple((self.key, self.value))

    @property
    def known(self) -> bool:
        """Whether anything is known of what is in it."""
        return self.box.root.item is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapped) and self.kind == other.kind and self.box.root is other.box.root

    def __hash__(self) -> int:
        return id(self.box.root)

    def __str__(self) -> str:
        return f"{self.kind}[{self.key},{self.value}]" if self.known else f"{self.kind}[…]"


class Gathered(Mapped):
    """A set whose type of items is still being inferred: a dict whose values are all None."""

    kind = "set"

    def __str__(self) -> str:
        return f"set[{self.key}]" if self.known else "set[…]"


class Counted(Mapped):
    """A Counter: a dict of ints in which a key that is not there has the value 0."""

    kind = "Counter"


class Defaulting(Mapped):
    """A defaultdict: a dict in which a key that is not there gets the value of ``default`` when it is read.

    ``text`` is how the source writes what makes it: dicts are alike where it is the same.
    """

    def __init__(self, box: Box, default: ast.expr, text: str) -> None:
        super().__init__(box)
        object.__setattr__(self, "default", default)
        object.__setattr__(self, "kind", f"defaultdict({text})")

    default: ast.expr
    kind = "defaultdict"

    def at(self, box: Box) -> Mapped:
        """Return a dict of the same kind with another box."""
        return Defaulting(box, self.default, self.kind.removeprefix("defaultdict(")[:-1])

    def __str__(self) -> str:
        return f"defaultdict[{self.key},{self.value}]" if self.known else self.kind


KIND_OF_DICT: Mark[Callable[..., Mapped]] = Mark("kind_of_dict", Mapped)
"""A display of a dict: what makes its type; a set, a Counter and the like are displays as well."""


def kind_of(display: ast.Dict) -> str:
    """Return what a display makes in the tree after ``rewrite``: ``dict``, ``set`` and so on."""
    kind = KIND_OF_DICT.on(display)
    made: Any = getattr(kind, "func", kind)
    return str(made.kind)
