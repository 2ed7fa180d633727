"""What fields on self hold in lists, and what a value adds to a list, in logical bytes (abstract machine, §9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from totem_sdk.opcodes import has_text
from totem_sdk.types import Dict, List, Option, Scalar, Tuple, Type, words
from totem_sdk.values import text_bytes

__all__ = ["ENTRY_BYTES", "LIST_BYTES", "WORD", "held_bytes", "put_bytes"]

LIST_BYTES = 16
"""Logical bytes of a container without items."""

WORD = 8
"""Logical bytes of a word of an item."""


ENTRY_BYTES = 8
"""Logical bytes of an entry of a dict beside its key and value."""


def put_bytes(value: Any) -> int:
    """Return the bytes of the texts of a value that is put somewhere; a container is only referred to."""
    if isinstance(value, list | dict):
        return 0
    return sum(map(put_bytes, value)) if isinstance(value, tuple) else text_bytes(value)


def held_bytes(types: Sequence[Type], values: Sequence[Any]) -> int:
    """Return the logical bytes of all lists that values of these types refer to, each once, with their texts."""
    seen: set[int] = set()
    total = 0
    pending = list(zip(types, values, strict=True))
    while pending:
        type_, value = pending.pop()
        match type_:
            case Dict(item=item) if id(value) not in seen:
                seen.add(id(value))
                total += LIST_BYTES + (ENTRY_BYTES + WORD * max(1, words(item))) * len(value)
                total += sum(map(put_bytes, value.items())) if has_text(item) else 0
                pending += [(item, each) for each in value.items()]
            case List(item=item) if id(value) not in seen:
                seen.add(id(value))
                total += LIST_BYTES + WORD * max(1, words(item)) * len(value)
                total += sum(map(put_bytes, value)) if has_text(item) else 0
                if not isinstance(item, Scalar):
                    pending += [(item, each) for each in value]
            case Tuple(items=items):
                pending += zip(items, value, strict=True)
            case Option(item=item) if value is not None:
                pending.append((item, value))
    return total
