"""The opcodes that only deques have: rows of ``totem_sdk.opcodes``. What only reads a list reads a deque as well.

An append is charged alike whether the deque is full, and then loses the item at its other end, or not.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["DEQUE_ROWS"]

_Row = tuple[str, str | None, Literal["", "second", "items"], Literal["leaves", "once", "made"], str, str]

DEQUE_ROWS: tuple[_Row, ...] = (
    # name                class    sizing    price     fails           effect
    ("deque_new", "make", "", "once", "value memory", "dst = a new deque, of at most args[0] items if that is given"),
    ("deque_of", "copy", "items", "made", "value memory", "dst = a new deque of args[0], of the last args[1] if given"),
    ("deque_append", "copy", "second", "leaves", "memory", "args[0].append(args[1])"),
    ("deque_appendleft", "copy", "second", "leaves", "memory", "args[0].appendleft(args[1])"),
    ("deque_extend", "copy", "items", "once", "memory", "args[0].extend(args[1])"),
    ("deque_popleft", "index", "", "leaves", "index", "dst = args[0].popleft()"),
    ("deque_rotate", "copy", "items", "once", "", "args[0].rotate(args[1])"),
)
