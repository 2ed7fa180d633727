"""Sets of characters as the runtime library looks in them: bits for ASCII, all others in their order."""

from __future__ import annotations

__all__ = ["charset", "others"]


def others(characters: str) -> str:
    """Return the characters that are not ASCII, in the order of code points, each once."""
    return "".join(sorted({character for character in characters if not character.isascii()}))


def charset(characters: str) -> tuple[int, int]:
    """Return a bit for each of the ASCII characters: 64 of them, and 64 more, as signed numbers of 64 bits."""
    bits = sum(1 << ord(character) for character in set(characters) if character.isascii())
    low, high = bits & (1 << 64) - 1, bits >> 64
    return low - (low >> 63 << 64), high - (high >> 63 << 64)
