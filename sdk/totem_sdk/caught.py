"""Error codes: how an error that a program catches stands in a register.

An error that is caught does not end the task but becomes an int, its *code*, from which its kind and its source line
can be told again. Kinds are told by sets of them (``mask_of``), which is how ``except`` asks for several at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from totem_sdk.errors import ProgramError

__all__ = ["ALL_KINDS", "BREAKS", "CLASSES", "CONTINUES", "RETURNS", "code_of", "is_caught", "kind_of", "mask_of"]

_BITS = 5
_LOW = (1 << _BITS) - 1

RETURNS, BREAKS, CONTINUES = 29, 30, 31
"""Numbers beside those of kinds, for why a ``try`` is left whose ``finally`` is to run first."""

_UNCAUGHT = ("memory",)

CLASSES: dict[str, tuple[str, ...]] = {
    "ValueError": ("value",),
    "KeyError": ("key",),
    "IndexError": ("index",),
    "LookupError": ("key", "index"),
    "ZeroDivisionError": ("zero_division",),
    "OverflowError": ("overflow",),
    "ArithmeticError": ("overflow", "zero_division"),
    "AssertionError": ("assertion",),
    "TypeError": ("type",),
    "AttributeError": (),
    "UnicodeError": (),
    "RuntimeError": ("runtime",),
    "Exception": tuple(kind for kind in ProgramError.KINDS if kind not in _UNCAUGHT),
}
"""The kinds of error that each of Python's classes stands for in ``except``; no operation ends in some of them."""


def code_of(kind: str, line: int) -> int:
    """Return the code of an error of a kind at a source line; it is never 0."""
    return line << _BITS | 1 + ProgramError.KINDS.index(kind)


def kind_of(code: int) -> tuple[str, int]:
    """Return kind and line of the error that a code stands for."""
    return ProgramError.KINDS[(code & _LOW) - 1], code >> _BITS


def mask_of(kinds: Iterable[str]) -> int:
    """Return a set of kinds as the immediate of ``caught``."""
    return sum(1 << 1 + ProgramError.KINDS.index(kind) for kind in set(kinds))


ALL_KINDS = mask_of(CLASSES["Exception"])
"""All kinds of error that can be caught."""


def is_caught(code: int, mask: int) -> bool:
    """Return whether a code's kind is in a set; 0, no error, is in none."""
    return bool(mask >> (code & _LOW) & 1)
