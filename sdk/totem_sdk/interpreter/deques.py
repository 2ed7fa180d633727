"""Deques: what their own operations do, and over how many items they are charged. They are read as lists are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.frame import Datum, Frame
from totem_sdk.interpreter.held import LIST_BYTES, put_bytes
from totem_sdk.interpreter.lists import item_size
from totem_sdk.program import Op

__all__ = ["DEQUE_COUNTED", "DEQUE_EFFECTS", "Deque"]


class Deque(list[Datum]):
    """A deque of at most ``most`` items, if that is not None."""

    def __init__(self, items: Sequence[Datum], most: int | None) -> None:
        super().__init__(items)
        self.most = most
        self.keep_last()

    def keep_last(self) -> None:
        """Drop what is too much from the left."""
        if self.most is not None:
            del self[: max(0, len(self) - self.most)]

    def keep_first(self) -> None:
        """Drop what is too much from the right."""
        if self.most is not None:
            del self[self.most :]


def _made(frame: Frame, size: int, items: Sequence[Datum], bound: Sequence[int]) -> Deque:
    most = bound[0] if bound else None
    if most is not None and most < 0:
        raise Fault("value")
    frame.role.allocate(LIST_BYTES + size * len(items))
    return Deque(items, most)


def _append(frame: Frame, op: Op, items: Deque, value: Datum) -> None:
    frame.role.allocate(item_size(op) + put_bytes(value))
    items.append(value)
    items.keep_last()


def _appendleft(frame: Frame, op: Op, items: Deque, value: Datum) -> None:
    frame.role.allocate(item_size(op) + put_bytes(value))
    items.insert(0, value)
    items.keep_first()


def _extend(frame: Frame, op: Op, items: Deque, more: Sequence[Datum]) -> None:
    frame.role.allocate(item_size(op) * len(more))
    items.extend(list(more))
    items.keep_last()


def _popleft(_frame: Frame, _op: Op, items: Deque) -> Datum:
    if not items:
        raise Fault("index")
    return items.pop(0)


def _rotate(_frame: Frame, _op: Op, items: Deque, steps: int) -> None:
    by = steps % len(items) if items else 0
    items[:] = [*items[len(items) - by :], *items[: len(items) - by]]


DEQUE_EFFECTS: dict[str, Callable[..., Datum]] = {
    "deque_new": lambda frame, op, *bound: _made(frame, item_size(op), (), bound),
    "deque_of": lambda frame, op, items, *bound: _made(frame, item_size(op), items, bound),
    "deque_append": _append,
    "deque_appendleft": _appendleft,
    "deque_extend": _extend,
    "deque_popleft": _popleft,
    "deque_rotate": _rotate,
}
"""Called with the frame, the operation and its operands."""

DEQUE_COUNTED: dict[str, Callable[..., tuple[int, int]]] = {
    "deque_of": lambda _op, items, *_bound: (len(items), 0),
    "deque_extend": lambda _op, _items, more: (len(more), 0),
    "deque_rotate": lambda _op, items, _steps: (len(items), 0),
}
"""Over how many items and how many bytes of texts an operation is charged, from the operation and its operands."""
