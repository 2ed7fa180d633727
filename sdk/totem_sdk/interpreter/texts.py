"""Texts by the pinned Unicode table: case, white space, cutting, reading numbers (abstract machine, §7 and §8).

CPython's own ``str`` methods go by the Unicode version of the Python that runs them; these go by
``totem_sdk.unicode_table`` and are equal to those of CPython 3.11.
"""

from __future__ import annotations

import re

from totem_sdk import unicode_table as table

__all__ = ["cut", "expand", "lower", "lower_at", "parse_float", "parse_int", "pieces", "strip", "upper"]


def expand(runs: tuple[tuple[int, int, int, int], ...], special: dict[int, tuple[int, ...]]) -> dict[int, str]:
    """Return the mapping of characters that a table's runs and special rows are."""
    mapping = {code: "".join(map(chr, codes)) for code, codes in special.items()}
    for first, last, stride, offset in runs:
        for code in range(first, last + 1, stride):
            mapping[code] = chr(code + offset)
    return mapping


def _members(runs: tuple[tuple[int, int], ...]) -> frozenset[str]:
    return frozenset(chr(code) for first, last in runs for code in range(first, last + 1))


_LOWER = expand(table.LOWER_RUNS, table.LOWER_SPECIAL)
_UPPER = expand(table.UPPER_RUNS, table.UPPER_SPECIAL)
_SPACE = _members(table.SPACE_RUNS)
_CASED = _members(table.CASED_RUNS)
_IGNORABLE = _members(table.IGNORABLE_RUNS)
_SPACES = "".join(sorted(_SPACE))
_SPACES_AROUND_NUMBERS = "".join(sorted(_SPACE - set("\x1c\x1d\x1e\x1f")))
"""As in CPython, which does not take the four separators for white space there."""

_WORD = re.compile(f"[^{re.escape(_SPACES)}]+")

_SIGMA, _FINAL_SIGMA, _SMALL_SIGMA = "\u03a3", "\u03c2", "\u03c3"
_INT = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*", re.ASCII)
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_FLOAT = re.compile(
    rf"[+-]?(?:(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:e[+-]?{_DIGITS})?|inf|infinity|nan)",
    re.ASCII | re.IGNORECASE,
)


def lower(text: str) -> str:
    """Return the text in lower case, with the final sigma."""
    if _SIGMA not in text:
        return text.translate(_LOWER)
    return "".join(lower_at(text, position) for position in range(len(text)))


def lower_at(text: str, position: int) -> str:
    """Return one character of a text in lower case, a sigma by what stands around it."""
    character = text[position]
    if character == _SIGMA:
        return _FINAL_SIGMA if _is_final(text, position) else _SMALL_SIGMA
    return _LOWER.get(ord(character), character)


def _is_final(text: str, position: int) -> bool:
    """Return whether the sigma at ``position`` ends a word: a cased character before it and none after it."""
    before = next((c for c in reversed(text[:position]) if c not in _IGNORABLE), "")
    after = next((c for c in text[position + 1 :] if c not in _IGNORABLE), "")
    return before in _CASED and after not in _CASED


def upper(text: str) -> str:
    """Return the text in upper case."""
    return text.translate(_UPPER)


def strip(text: str, side: str, characters: str = _SPACES) -> str:
    """Return the text without white space at both ends (``strip``), its left (``lstrip``) or right (``rstrip``).

    ``characters`` are others to take off.
    """
    if side != "rstrip":
        text = text.lstrip(characters)
    if side != "lstrip":
        text = text.rstrip(characters)
    return text


def cut(text: str, separator: str | None) -> tuple[str, ...]:
    """Return the pieces between separators or, where there is none, between runs of white space."""
    if separator is not None:
        return tuple(text.split(separator))
    pieces: list[str] = []
    start: int | None = None
    for position, character in enumerate(text):
        if character in _SPACE:
            if start is not None:
                pieces.append(text[start:position])
                start = None
        elif start is None:
            start = position
    if start is not None:
        pieces.append(text[start:])
    return tuple(pieces)


_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")


def pieces(text: str, how: str, separator: str | None, limit: int) -> tuple[str, ...]:
    """Return the parts of a text: ``split`` or ``rsplit`` with a limit (-1: none), ``splitlines``, or ``list``."""
    if how == "list":
        return tuple(text)
    if how == "splitlines":
        lines = _LINE_ENDS.split(text)
        return tuple(lines if lines[-1] else lines[:-1])
    if separator is not None:
        return tuple((text.split if how == "split" else text.rsplit)(separator, limit))
    words = _WORD.finditer(text)
    found = [match.span() for match in words]
    if 0 <= limit < len(found):
        if how == "split":
            rest = text[found[limit][0] :] if limit else text.lstrip(_SPACES)
            return (*(text[start:end] for start, end in found[:limit]), rest)
        rest = text[: found[-limit - 1][1]] if limit else text.rstrip(_SPACES)
        return (rest, *(text[start:end] for start, end in found[len(found) - limit :]))
    return tuple(text[start:end] for start, end in found)


def parse_int(text: str) -> int | None:
    """Return the number that a text says in ASCII digits, of any size; None if it says none."""
    bare = text.strip(_SPACES_AROUND_NUMBERS)
    if _INT.fullmatch(bare) is None:
        return None
    negative = bare.startswith("-")
    digits = bare.lstrip("+-").replace("_", "").lstrip("0")
    # CPython refuses to convert very long texts; such a number is out of every range that matters.
    magnitude = int(digits or "0") if len(digits) <= 20 else 10**20
    return -magnitude if negative else magnitude


def parse_float(text: str) -> float | None:
    """Return the number that a text says in CPython's grammar in ASCII, correctly rounded; None if it says none."""
    bare = text.strip(_SPACES_AROUND_NUMBERS)
    return float(bare) if _FLOAT.fullmatch(bare) else None
