"""Operations on the bits of ints, as Python's ints have them, within 64 bits (abstract machine, §7)."""

from __future__ import annotations

from totem_sdk.interpreter.arithmetic import Fault, checked

__all__ = ["shifted_left", "shifted_right"]

_BITS = 64


def shifted_left(value: int, count: int) -> int:
    """Return value << count; a negative count is ``value``, a result out of range ``overflow``."""
    if count < 0:
        raise Fault("value")
    return int(checked(value << min(count, _BITS)))


def shifted_right(value: int, count: int) -> int:
    """Return value >> count; a negative count is ``value``."""
    if count < 0:
        raise Fault("value")
    return value >> min(count, _BITS)
