"""The boxes of the containers of a role: one for each place that makes one, unified where values meet."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from totem_sdk.errors import InternalError
from totem_sdk.lang.container_types import Box, Gathered, Listed, Mapped, Queued
from totem_sdk.lang.tree import FunctionKey
from totem_sdk.types import NONE, STR, Array, Dict, List, Match, Option, Scalar, Tuple, Type, Union, Values
from totem_sdk.types import join as join_types

__all__ = [
    "Boxes",
    "emitted",
    "flat",
    "opened",
    "settled",
    "settled_tree",
    "without_json",
]


class Boxes:
    """The boxes of one role, by the place that makes them; ``changed`` tells that something new is known of one."""

    def __init__(self) -> None:
        self.places: dict[object, Listed | Mapped] = {}
        self.changed = False

    def at(self, place: object, item: Type | None, *, owned: bool, kind: type[Listed] = Listed) -> Listed:
        """Return the list or deque that a place makes, the same in every pass."""
        if place not in self.places:
            self.places[place] = kind(Box(item, len(self.places), owned=owned))
            self.changed = True
        found = self.places[place]
        if not isinstance(found, Listed):
            raise InternalError("a place makes a list and a dict")
        return found

    def mapped_at(self, place: object, kind: Callable[[Box], Mapped] = Mapped) -> Mapped:
        """Return the dict, set or other mapping that a place makes, the same in every pass."""
        if place not in self.places:
            self.places[place] = kind(Box(None, len(self.places), owned=True))
            self.changed = True
        found = self.places[place]
        if not isinstance(found, Mapped):
            raise InternalError("a place makes a list and a dict")
        return found

    def enter(self, into: Mapped, key: Type, value: Type) -> bool:
        """Note that a dict gets a value for a key; False if the others have types that don't join."""
        root = into.box.root
        self.own(value)
        joined_key = key if root.key is None else join_types(root.key, key)
        joined = None if _holds(value, root) else value if root.item is None else self.joined(root.item, value)
        if joined is None or joined_key is None:
            return False
        root = into.box.root
        if (joined_key, joined) != (root.key, root.item):
            root.key, root.item = joined_key, joined
            self.changed = True
        return True

    def own(self, type_: Type) -> None:
        """Note that a list, or those in a tuple, are changed, kept, or made by other things than a split."""
        for item in type_.items if isinstance(type_, Tuple) else ():
            self.own(item)
        if isinstance(type_, Listed) and not type_.owned:
            type_.box.root.owned = True
            self.changed = True

    def put(self, into: Listed, item: Type) -> bool:
        """Note that a list gets an item of a type; False if its other items have a type that doesn't join."""
        root = into.box.root
        self.own(into)
        self.own(item)
        joined = None if _holds(item, root) else item if root.item is None else self.joined(root.item, item)
        if joined is None:
            return False
        if joined != root.item:
            root.item = joined
            self.changed = True
        return True

    def holds(self, type_: Type, into: Listed | Mapped) -> bool:
        """Return whether a value of a type is a list or dict, or has it in it, that could then be in itself."""
        return _holds(type_, into.box.root)

    def joined(self, left: Type, right: Type) -> Type | None:
        """Return the smallest type that holds both, None where there is none; lists become one."""
        if isinstance(left, Listed) and type(left) is type(right):
            return left if self._unify(left.box.root, right.box.root) else None
        if isinstance(left, Mapped) and isinstance(right, Mapped) and left.kind == right.kind:
            return left if self.alike(left, right) else None
        if flat(left) and flat(right):
            return join_types(left, right)
        return self._joined_parts(left, right)

    def _joined_parts(self, left: Type, right: Type) -> Type | None:
        """Join tuples that have containers in them; one that may be None has no type."""
        if not isinstance(left, Tuple) or not isinstance(right, Tuple) or left.listed != right.listed:
            return left if left == right else None
        if len(left.items) != len(right.items):
            return None
        items = [self.joined(*pair) for pair in zip(left.items, right.items, strict=True)]
        found = tuple(item for item in items if item is not None)
        return left.of_joined(right, found) if len(found) == len(items) else None

    def alike(self, left: Listed | Mapped, right: Listed | Mapped) -> bool:
        """Note that two dicts, or two lists, of whatever kinds, hold the same types; False if they can't."""
        return self._unify(left.box.root, right.box.root)

    def _unify(self, a: Box, b: Box) -> bool:
        if a is b:
            return True
        if (a.item is not None and _holds(a.item, b)) or (b.item is not None and _holds(b.item, a)):
            return False
        item = b.item if a.item is None else a.item
        if a.item is not None and b.item is not None:
            joined = self.joined(a.item, b.item)
            if joined is None:
                return False
            item = joined
        key = b.key if a.key is None else a.key
        if a.key is not None and b.key is not None:
            key = join_types(a.key, b.key)
            if key is None:
                return False
        a, b = a.root, b.root
        if a is not b:
            # The older one stays: a place may be known by the lists that its function is called with.
            if b.number < a.number:
                a, b = b, a
            owned = a.owned or b.owned
            b.parent = a
            a.owned = owned
        a.item, a.key = item, key
        self.changed = True
        return True

    def close(self) -> bool:
        """Let nothing be in lists of which nothing is known; tell whether there was one."""
        found = False
        for type_ in self.places.values():
            if not type_.known:
                type_.box.root.item = type_.box.root.key = NONE
                found = True
        return found


def _holds(type_: Type, root: Box) -> bool:
    match type_:
        case Listed() | Mapped():
            return type_.box.root is root or _holds(type_.item, root)
        case Tuple(items=items):
            return any(_holds(item, root) for item in items)
        case Option(item=item):
            return _holds(item, root)
        case _:
            return False


def flat(type_: Type) -> bool:
    """Return whether there is no container in values of this type, so that they can be compared."""
    match type_:
        case List() | Values():
            return False
        case Tuple(items=items):
            return all(flat(item) for item in items)
        case Option(item=item):
            return flat(item)
        case _:
            return True


def opened(boxes: Boxes, place: tuple[object, ...], type_: Type) -> Type:
    """Return the type of what a role reads, with boxes for its lists, the same in every pass."""
    match type_:
        case Dict(item=item):
            made = boxes.mapped_at(place)
            boxes.enter(made, item.items[0], opened(boxes, (*place, "value"), item.items[1]))
            return made
        case Array(item=item):
            return boxes.at(place, opened(boxes, (*place, "item"), item), owned=True)
        case Tuple(items=items, listed=listed) if not isinstance(type_, Match | Union):
            return Tuple(tuple(opened(boxes, (*place, i), item) for i, item in enumerate(items)), listed)
        case Values(item=item):
            return Values(opened(boxes, place, item))
        case _:
            return type_


def emitted(type_: Type) -> Type:
    """Return a type in which all dicts are of one kind: what they do for a missing key is lost between phases."""
    match type_:
        case Mapped():
            return Mapped(type_.box)
        case Tuple(items=items, listed=listed) if not isinstance(type_, Match | Union):
            return Tuple(tuple(map(emitted, items)), listed)
        case _:
            return type_


def without_json(type_: Type) -> Mapped | Queued | None:
    """Return the type of a container in values of this type for which JSON has nothing; None where there is none."""
    match type_:
        case Gathered() | Queued():
            return type_
        case Mapped():
            return type_ if type_.known and type_.key not in (STR, NONE) else without_json(type_.value)
        case Listed() | Option():
            return without_json(type_.item)
        case Tuple(items=items):
            return next((found for item in items if (found := without_json(item)) is not None), None)
        case _:
            return None


def settled(type_: Type) -> Type:
    """Return a type as the program has it."""
    match type_:
        case Mapped():
            return Dict(Tuple((settled(type_.key), settled(type_.value))))
        case Listed():
            return (Array if type_.owned else List)(settled(type_.item))
        case Values(item=item):
            return Values(settled(item))
        case Match():
            return type_
        case Union(items=items):
            return Union(tuple(settled(item) for item in items))
        case Tuple(items=items, listed=listed):
            return Tuple(tuple(settled(item) for item in items), listed)
        case Option(item=item):
            return Option(settled(item))
        case _:
            return type_


_TYPES = (List, Option, Tuple, Values)


def settled_tree(node: Any) -> Any:
    """Return a typed tree, or a part of one, in which all types are settled."""
    if isinstance(node, _TYPES):
        return settled(node)
    if type(node) is tuple:
        return tuple(settled_tree(part) for part in node)
    if isinstance(node, FunctionKey | Scalar) or not dataclasses.is_dataclass(node):
        # The key of a helper stays what the helper was called with: by that it is found.
        return node
    return _parts(node)


def _parts(node: Any) -> Any:
    return type(node)(**{part.name: settled_tree(getattr(node, part.name)) for part in dataclasses.fields(node)})
