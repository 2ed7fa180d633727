"""The opcodes of dicts: rows of ``totem_sdk.opcodes``.

What looks for a key is charged by the key's bytes, whatever lies in the dict: the table in which keys are found has a
secret of its own in every attempt. What takes a key out moves all behind it.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["DICT_ROWS"]

_Row = tuple[str, str | None, Literal["", "second", "entry", "items"], Literal["leaves", "once", "made"], str, str]

DICT_ROWS: tuple[_Row, ...] = (
    # name          class     sizing    price     fails     effect
    ("dict_new", "make", "", "once", "memory", "dst = a new dict without keys"),
    ("dict_get", "hash", "second", "leaves", "key", "dst = args[0][args[1]]"),
    ("dict_has", "hash", "second", "leaves", "", "dst = args[1] in args[0]"),
    ("dict_default", "hash", "second", "leaves", "", "dst = args[0].get(args[1], args[2])"),
    ("dict_setdefault", "hash", "entry", "leaves", "memory", "dst = args[0].setdefault(args[1], args[2])"),
    ("dict_put", "hash", "entry", "leaves", "memory", "args[0][args[1]] = args[2]"),
    (
        "dict_pop",
        "copy",
        "items",
        "once",
        "key",
        "dst = args[0].pop(args[1]) or, with a third operand, .pop(…, args[2])",
    ),
    ("dict_clear", "assign", "", "once", "", "args[0].clear()"),
    ("dict_update", "hash", "items", "once", "memory", "args[0].update(args[1])"),
    ("dict_copy", "hash", "items", "made", "memory", "dst = args[0].copy()"),
    ("dict_list", "copy", "items", "made", "memory", "dst = a new list of what imm[0] (keys, values or items) gives"),
    ("dict_changes", None, "", "leaves", "", "dst = how often keys of args[0] have come or gone"),
    (
        "dict_test",
        "compare",
        "",
        "once",
        "runtime",
        "dst = args[0] < len(args[1]); fails if keys came or went: counter, dict, changes before",
    ),
    ("dict_at", "index", "", "leaves", "", "dst = what imm[0] (keys, values or items) gives at args[1] of args[0]"),
)
