"""Sets of characters as ascending runs (first, last) of code points, by the pinned Unicode table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache

from totem_sdk.unicode_classes import CLASS_RUNS
from totem_sdk.unicode_table import LOWER_RUNS, LOWER_SPECIAL, SPACE_RUNS, UPPER_RUNS, UPPER_SPECIAL

__all__ = ["EVERYTHING", "LAST", "Runs", "category", "contains", "folded", "inverted", "union"]

Runs = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
EVERYTHING: Runs = ((0, LAST),)

_ASCII: dict[str, Runs] = {
    "DIGIT": ((0x30, 0x39),),
    "SPACE": ((0x09, 0x0D), (0x20, 0x20)),
    "WORD": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
}
_KINDS_OF_WORD = ("alpha", "decimal", "digit", "numeric")

_SAME_UPPER = (
    "\u0069\u0131 \u0073\u017f \u00b5\u03bc \u0345\u03b9\u1fbe \u0390\u1fd3 \u03b0\u1fe3 \u03b2\u03d0 \u03b5\u03f5 "
    "\u03b8\u03d1 \u03ba\u03f0 \u03c0\u03d6 \u03c1\u03f1 \u03c2\u03c3 \u03c6\u03d5 \u0432\u1c80 \u0434\u1c81 "
    "\u043e\u1c82 \u0441\u1c83 \u0442\u1c84\u1c85 \u044a\u1c86 \u0463\u1c87 \u1c88\ua64b \u1e61\u1e9b \ufb05\ufb06"
)
"""Small letters that CPython's ``re`` takes for equal without case because they have the same large one."""


def union(parts: Iterable[Runs]) -> Runs:
    """Return every character that is in one of the sets."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(run for part in parts for run in part):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def inverted(runs: Runs) -> Runs:
    """Return every character that is not in the set."""
    found: list[tuple[int, int]] = []
    start = 0
    for first, last in runs:
        if start < first:
            found.append((start, first - 1))
        start = last + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


def contains(runs: Runs, code: int) -> bool:
    """Return whether a character is in the set."""
    position = bisect_right(runs, (code, LAST + 1)) - 1
    return position >= 0 and runs[position][1] >= code


def category(name: str, *, ascii_only: bool) -> Runs:
    r"""Return a class by the parser's name: ``CATEGORY_DIGIT`` is ``\d``, ``CATEGORY_NOT_SPACE`` is ``\S``."""
    bare = name.removeprefix("CATEGORY_")
    runs = _class(bare.removeprefix("NOT_"), ascii_only)
    return inverted(runs) if bare.startswith("NOT_") else runs


@cache
def _class(name: str, ascii_only: bool) -> Runs:
    if ascii_only:
        return _ASCII[name]
    match name:
        case "DIGIT":
            return CLASS_RUNS["decimal"]
        case "SPACE":
            return SPACE_RUNS
        case _:
            return union([((0x5F, 0x5F),), *(CLASS_RUNS[kind] for kind in _KINDS_OF_WORD)])


@cache
def _lowered(ascii_only: bool) -> dict[int, int]:
    """Return the small letter of each character that is none; of those that become several, the first."""
    if ascii_only:
        return {code: code + 32 for code in range(0x41, 0x5B)}
    small = {code: codes[0] for code, codes in LOWER_SPECIAL.items()}
    for first, last, stride, offset in LOWER_RUNS:
        small.update((code, code + offset) for code in range(first, last + 1, stride))
    return small


@cache
def _cased(ascii_only: bool) -> frozenset[int]:
    if ascii_only:
        return frozenset((*range(0x41, 0x5B), *range(0x61, 0x7B)))
    large = {code for first, last, stride, _ in UPPER_RUNS for code in range(first, last + 1, stride)}
    return frozenset(large | UPPER_SPECIAL.keys() | _lowered(ascii_only=False).keys())


@cache
def _equivalents(ascii_only: bool) -> dict[int, frozenset[int]]:
    if ascii_only:
        return {}
    groups = [frozenset(map(ord, group)) for group in _SAME_UPPER.split()]
    return {code: group for group in groups for code in group}


@cache
def _large(ascii_only: bool) -> dict[int, tuple[int, ...]]:
    """Return the characters that have each small letter."""
    found: dict[int, tuple[int, ...]] = {}
    for code, small in _lowered(ascii_only).items():
        found[small] = (*found.get(small, ()), code)
    return found


def _folded_one(code: int, ascii_only: bool) -> Runs:
    if code not in _cased(ascii_only):
        return ((code, code),)
    small = _lowered(ascii_only)
    lowered = small.get(code, code)
    targets = {lowered, *_equivalents(ascii_only).get(lowered, ())}
    found = {target for target in targets if target not in small}
    found.update(large for target in targets for large in _large(ascii_only).get(target, ()))
    return union(((one, one),) for one in found)


def folded(runs: Runs, *, ascii_only: bool) -> Runs:
    """Return every character that equals one of the set without case, as CPython's ``re`` compares."""
    if len(runs) == 1 and runs[0][0] == runs[0][1]:
        return _folded_one(runs[0][0], ascii_only)
    if not any(contains(runs, code) for code in _cased(ascii_only)):
        return runs
    small, equal = _lowered(ascii_only), _equivalents(ascii_only)
    lowered = {small[code] for code in small if contains(runs, code)}
    lowered |= {code for code in equal if contains(runs, code)}
    lowered |= {other for code in lowered if code in equal for other in equal[code]}
    large = union([((code, code),) for code in small])
    kept = inverted(union([inverted(runs), large]))
    targets = union([kept, *(((code, code),) for code in lowered)])
    without = inverted(union([inverted(targets), large]))
    return union([without, *(((code, code),) for code in small if contains(targets, small[code]))])
