"""Lists that can be changed: what their operations do, and over how much they are charged (abstract machine, §4, §9).

A list is Python's own, so it is shared by reference. What goes over a list is charged by a formula of lengths and of
the bytes of texts, which is known before it runs; ``COUNTED`` has the formula of each opcode.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

from totem_sdk.classes import LINE_COMPARISON, sum_width
from totem_sdk.interpreter import effects
from totem_sdk.interpreter.arithmetic import Fault, exact_sum
from totem_sdk.interpreter.dicts import Entries
from totem_sdk.interpreter.frame import Datum, Frame
from totem_sdk.interpreter.held import LIST_BYTES, WORD, held_bytes, put_bytes
from totem_sdk.limits import MEMORY_BYTES
from totem_sdk.packed import pack, packed_size, unpack
from totem_sdk.program import Op
from totem_sdk.types import List, Tuple, words
from totem_sdk.values import json_line, text_bytes

__all__ = ["COUNTED", "LIST_EFFECTS", "SORT_KEY", "item_size"]

_MANY = 1 << 36
"""So many items are charged at most: what would make more ends in ``memory``."""


def item_size(op: Op) -> int:
    """Return the logical bytes of an item of the list that an operation works on, but for its texts."""
    if not isinstance(op.type, List):
        raise TypeError(f"{op.code} works on {op.type}")
    return WORD * max(1, words(op.type.item))


def _made(frame: Frame, op: Op, items: Sequence[Datum]) -> list[Datum]:
    """Return a new list of items that stand in another one, after counting it."""
    frame.role.allocate(LIST_BYTES + item_size(op) * len(items))
    return list(items)


def _order(a: Datum, b: Datum) -> int:
    """Return -1, 0 or 1 as a stands before, with or after b in a sorted list."""
    if isinstance(a, tuple):
        return next((found for x, y in zip(a, b, strict=True) if (found := _order(x, y))), 0)
    nan = [isinstance(x, float) and math.isnan(x) for x in (a, b)]
    if any(nan):
        return nan[0] - nan[1]
    return int(a > b) - int(a < b)


SORT_KEY = functools.cmp_to_key(_order)
"""The order of sorted lists, as the key of Python's sort."""


def _new(frame: Frame, _op: Op) -> list[Datum]:
    frame.role.allocate(LIST_BYTES)
    return []


def _of(frame: Frame, op: Op, pieces: Sequence[Datum]) -> list[Datum]:
    frame.role.allocate(text_bytes(pieces))
    return _made(frame, op, pieces)


def _append(frame: Frame, op: Op, items: list[Datum], value: Datum) -> None:
    frame.role.allocate(item_size(op) + put_bytes(value))
    items.append(value)


def _put(frame: Frame, _op: Op, items: list[Datum], position: int, value: Datum) -> None:
    if not -len(items) <= position < len(items):
        raise Fault("index")
    frame.role.allocate(put_bytes(value))
    items[position] = value


def _pop(_frame: Frame, _op: Op, items: list[Datum], position: int = -1) -> Datum:
    if not -len(items) <= position < len(items):
        raise Fault("index")
    return items.pop(position)


def _insert(frame: Frame, op: Op, items: list[Datum], position: int, value: Datum) -> None:
    frame.role.allocate(item_size(op) + put_bytes(value))
    items.insert(position, value)


def _clear(_frame: Frame, _op: Op, items: list[Datum]) -> None:
    items.clear()


def _extend(frame: Frame, op: Op, items: list[Datum], more: Sequence[Datum]) -> None:
    frame.role.allocate(item_size(op) * len(more))
    items.extend(list(more))


def _add(frame: Frame, op: Op, a: list[Datum], b: list[Datum]) -> list[Datum]:
    frame.role.allocate(LIST_BYTES + item_size(op) * (len(a) + len(b)))
    return [*a, *b]


def _times(frame: Frame, op: Op, items: list[Datum], number: int) -> list[Datum]:
    frame.role.allocate(LIST_BYTES + item_size(op) * len(items) * max(0, number))
    return items * number


def _cut(op: Op, bounds: Sequence[int]) -> slice:
    """Return the slice that an operation means: ``imm[0]`` has a bit for each of start, stop and step that is given."""
    given = int(op.imm[0] or 0)
    start, stop, step = (bound if given >> bit & 1 else None for bit, bound in enumerate(bounds))
    return slice(start, stop, step)


def _slice(frame: Frame, op: Op, items: list[Datum], *bounds: int) -> list[Datum]:
    wanted = _cut(op, bounds)
    if wanted.step == 0:
        raise Fault("value")
    return _made(frame, op, items[wanted])


def _contains(_frame: Frame, _op: Op, items: list[Datum], value: Datum) -> bool:
    return any(effects.equal(item, value) for item in items)


def _find(_frame: Frame, _op: Op, items: list[Datum], value: Datum) -> int:
    for position, item in enumerate(items):
        if effects.equal(item, value):
            return position
    raise Fault("value")


def _occurrences(_frame: Frame, _op: Op, items: list[Datum], value: Datum) -> int:
    return sum(effects.equal(item, value) for item in items)


def _sort(_frame: Frame, op: Op, items: list[Datum]) -> None:
    items.sort(key=SORT_KEY, reverse=bool(op.imm[0]))


def _sort_lines(_frame: Frame, op: Op, items: list[Datum]) -> None:
    if not isinstance(op.type, List):
        raise TypeError(f"{op.code} works on {op.type}")
    item = op.type.item
    items.sort(key=lambda value: json_line(item, value))


def _sorted(frame: Frame, op: Op, items: Sequence[Datum]) -> list[Datum]:
    made = _made(frame, op, items)
    made.sort(key=SORT_KEY, reverse=bool(op.imm[0]))
    return made


def _reverse(_frame: Frame, _op: Op, items: list[Datum]) -> None:
    items.reverse()


def _collect(frame: Frame, op: Op) -> None:
    if not isinstance(op.type, Tuple):
        raise TypeError("collect names no fields")
    frame.role.collect(op.type.items, [number for number in op.imm if isinstance(number, int)])


def _pack(frame: Frame, op: Op, items: Datum) -> str:
    text = pack(op.type, items, MEMORY_BYTES - frame.role.memory)
    if text is None:
        raise Fault("memory")
    frame.role.allocate(len(text.encode()))
    return text


def _unpack_list(frame: Frame, op: Op, text: str) -> Datum:
    type_ = frame.type_of(op)
    items = unpack(type_, text, Entries)
    frame.role.allocate(held_bytes([type_], [items]))
    return items


def _some(items: Sequence[Datum]) -> Sequence[Datum]:
    if not items:
        raise Fault("value")
    return items


LIST_EFFECTS: dict[str, Callable[..., Datum]] = {
    "list_view": lambda _frame, _op, items: tuple(items),
    "list_new": _new,
    "list_of": _of,
    "append": _append,
    "put": _put,
    "pop": _pop,
    "pop_at": _pop,
    "insert": _insert,
    "clear": _clear,
    "extend": _extend,
    "list_add": _add,
    "list_times": _times,
    "list_slice": _slice,
    "list_contains": _contains,
    "list_find": _find,
    "occurrences": _occurrences,
    "sort": _sort,
    "sorted": _sorted,
    "sort_lines": _sort_lines,
    "reverse": _reverse,
    "list_sum": lambda _frame, _op, items: exact_sum(items),
    "list_min": lambda _frame, _op, items: effects.smallest(*_some(items)),
    "list_max": lambda _frame, _op, items: effects.largest(*_some(items)),
    "pack": _pack,
    "unpack_list": _unpack_list,
    "collect": _collect,
    "list_test": lambda _frame, _op, counter, items: counter < len(items),
}
"""Called with the frame, the operation and its operands."""


def _each(_op: Op, items: Sequence[Datum], *_more: Datum) -> tuple[int, int]:
    return len(items), 0


def _with_texts(_op: Op, items: Sequence[Datum], *_more: Datum) -> tuple[int, int]:
    return len(items), text_bytes(items)


def _searched(_op: Op, items: Sequence[Datum], value: Datum) -> tuple[int, int]:
    """Each item is compared with the value, over no more bytes than either of them has."""
    return len(items), min(text_bytes(items), len(items) * text_bytes(value))


def _ordered(_op: Op, items: Sequence[Datum]) -> tuple[int, int]:
    """Merging n items takes at most n comparisons in each of bit_length(n - 1) rounds."""
    rounds = max(0, len(items) - 1).bit_length()
    return rounds * len(items), rounds * text_bytes(items)


def _ordered_by_lines(op: Op, items: Sequence[Datum]) -> tuple[int, int]:
    """As sorting, but that a comparison may write two numbers."""
    comparisons, texts = _ordered(op, items)
    return LINE_COMPARISON * comparisons, texts


def _both(_op: Op, a: Sequence[Datum], b: Sequence[Datum]) -> tuple[int, int]:
    return min(len(a), len(b)), min(text_bytes(a), text_bytes(b))


def _sliced(op: Op, items: Sequence[Datum], *bounds: int) -> tuple[int, int]:
    wanted = _cut(op, bounds)
    return (0 if wanted.step == 0 else len(range(*wanted.indices(len(items))))), 0


COUNTED: dict[str, Callable[..., tuple[int, int]]] = {
    "list_of": _with_texts,
    "pack": lambda op, items: packed_size(op.type, items),
    "pop_at": _each,
    "insert": lambda _op, items, _position, value: (len(items), put_bytes(value)),
    "extend": lambda _op, _items, more: (len(more), 0),
    "list_add": lambda _op, a, b: (len(a) + len(b), 0),
    "list_times": lambda _op, items, number: (min(len(items) * max(0, min(number, _MANY)), _MANY), 0),
    "list_slice": _sliced,
    "list_contains": _searched,
    "list_find": _searched,
    "occurrences": _searched,
    "sort": _ordered,
    "sorted": _ordered,
    "sort_lines": _ordered_by_lines,
    "reverse": _each,
    "list_sum": lambda op, items: (sum_width(op) * len(items), 0),
    "list_min": _with_texts,
    "list_max": _with_texts,
    "eq": _both,
    "ne": _both,
}
"""Over how many items and how many bytes of texts an operation is charged, from the operation and its operands."""
