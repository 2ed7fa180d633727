"""The limits that several parts share.

Those of the abstract machine (docs/abstract-machine.md, §7 and §9), for interpreter and estimate; that of a source
(docs/language.md, §13), for the compiler, the ledger and the API: what the compiler takes can be submitted.
"""

from __future__ import annotations

__all__ = [
    "FIELD_BYTES",
    "HELD_BYTES",
    "INT_MAX",
    "INT_MIN",
    "MEMORY_BYTES",
    "SOURCE_BYTES",
    "UNHELD_BYTES",
    "rounds_of_range",
]

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1

MEMORY_BYTES = 64 << 20
"""Logical bytes that one call of a step function may make."""

FIELD_BYTES = 16 << 20
"""Bytes of all texts that the fields on self of one role may hold."""

HELD_BYTES = 32 << 20
"""Logical bytes of the lists that the fields on self of one role may hold."""

UNHELD_BYTES = 1 << 20
"""Logical bytes that may be made before it is asked what fields hold, beyond twice what they held the last time."""

SOURCE_BYTES = 256 << 10
"""Bytes of UTF-8 that a job's source may have, line ends as they are."""


def rounds_of_range(start: int, stop: int, step: int) -> int:
    """Return how many rounds ``range(start, stop, step)`` has; ``step`` is not 0.

    More than 64 bits hold are cut off: every round costs at least one totem and no escrow has so many.
    """
    return min(max(0, -((start - stop) // step)), INT_MAX)
