"""Dicts: what their operations do, and over how much they are charged (abstract machine, §4, §9).

A dict is Python's own, so it is shared by reference, and keeps the order in which keys came.
"""

from __future__ import annotations

from collections.abc import Callable

from totem_sdk.interpreter import effects
from totem_sdk.interpreter.arithmetic import Fault
from totem_sdk.interpreter.frame import Datum, Frame
from totem_sdk.interpreter.held import ENTRY_BYTES, LIST_BYTES, WORD, put_bytes
from totem_sdk.program import Op
from totem_sdk.types import Dict, part_of_entry, words

__all__ = ["DICT_COUNTED", "DICT_EFFECTS", "Entries"]


class Entries(dict[Datum, Datum]):
    """A dict that counts how often keys came or went, and knows which key is the n-th."""

    changes = 0
    _ordered_at = -1
    _order: list[Datum]

    @property
    def order(self) -> list[Datum]:
        """The keys, in their order."""
        if self._ordered_at != self.changes:
            self._order, self._ordered_at = list(self), self.changes
        return self._order


def _type(op: Op) -> Dict:
    if not isinstance(op.type, Dict):
        raise TypeError(f"{op.code} works on {op.type}")
    return op.type


def _size(type_: Dict) -> int:
    """Return the logical bytes of an entry, but for its texts."""
    return ENTRY_BYTES + WORD * max(1, words(type_.item))


def _text_bytes(entries: Entries) -> int:
    return sum(put_bytes(key) + put_bytes(value) for key, value in entries.items())


def _new(frame: Frame, _op: Op) -> Entries:
    frame.role.allocate(LIST_BYTES)
    return Entries()


def _get(_frame: Frame, _op: Op, entries: Entries, key: Datum) -> Datum:
    if key not in entries:
        raise Fault("key")
    return entries[key]


def _default(frame: Frame, op: Op, entries: Entries, key: Datum, default: Datum) -> Datum:
    return effects.widened(entries[key], frame.type_of(op), _type(op).value) if key in entries else default


def _put(frame: Frame, op: Op, entries: Entries, key: Datum, value: Datum) -> None:
    if key in entries:
        frame.role.allocate(put_bytes(value))
    else:
        frame.role.allocate(_size(_type(op)) + put_bytes(key) + put_bytes(value))
        entries.changes += 1
    entries[key] = value


def _setdefault(frame: Frame, op: Op, entries: Entries, key: Datum, default: Datum) -> Datum:
    if key not in entries:
        _put(frame, op, entries, key, default)
    return entries[key]


def _pop(frame: Frame, op: Op, entries: Entries, key: Datum, *default: Datum) -> Datum:
    if key in entries:
        entries.changes += 1
        return effects.widened(entries.pop(key), frame.type_of(op), _type(op).value)
    if not default:
        raise Fault("key")
    return default[0]


def _clear(_frame: Frame, _op: Op, entries: Entries) -> None:
    entries.changes += bool(entries)
    entries.clear()


def _update(frame: Frame, op: Op, entries: Entries, more: Entries) -> None:
    new = [key for key in more if key not in entries]
    frame.role.allocate(_size(_type(op)) * len(new))
    entries.changes += bool(new)
    entries.update(more)


def _copy(frame: Frame, op: Op, entries: Entries) -> Entries:
    frame.role.allocate(LIST_BYTES + _size(_type(op)) * len(entries))
    return Entries(entries)


def _list(frame: Frame, op: Op, entries: Entries) -> list[Datum]:
    item = part_of_entry(_type(op).item, str(op.imm[0]))
    frame.role.allocate(LIST_BYTES + WORD * max(1, words(item)) * len(entries))
    match op.imm[0]:
        case "keys":
            return list(entries)
        case "values":
            return list(entries.values())
        case _:
            return list(entries.items())


def _test(_frame: Frame, _op: Op, counter: int, entries: Entries, changes: int) -> bool:
    if entries.changes != changes:
        raise Fault("runtime")
    return counter < len(entries)


def _at(_frame: Frame, op: Op, entries: Entries, position: int) -> Datum:
    key = entries.order[position]
    return {"keys": key, "values": entries[key], "items": (key, entries[key])}[str(op.imm[0])]


DICT_EFFECTS: dict[str, Callable[..., Datum]] = {
    "dict_new": _new,
    "dict_get": _get,
    "dict_has": lambda _frame, _op, entries, key: key in entries,
    "dict_default": _default,
    "dict_setdefault": _setdefault,
    "dict_put": _put,
    "dict_pop": _pop,
    "dict_clear": _clear,
    "dict_update": _update,
    "dict_copy": _copy,
    "dict_list": _list,
    "dict_changes": lambda _frame, _op, entries: entries.changes,
    "dict_test": _test,
    "dict_at": _at,
}
"""Called with the frame, the operation and its operands."""


def _each(_op: Op, entries: Entries) -> tuple[int, int]:
    return len(entries), 0


DICT_COUNTED: dict[str, Callable[..., tuple[int, int]]] = {
    "dict_pop": lambda _op, entries, key, *_default: (len(entries), put_bytes(key)),
    "dict_update": lambda _op, _entries, more: (len(more), _text_bytes(more)),
    "dict_copy": lambda _op, entries: (len(entries), _text_bytes(entries)),
    "dict_list": _each,
}
"""Over how many entries and how many bytes of texts an operation is charged, from the operation and its operands."""
