r"""Which matches can be found again in their own text, and patterns without their groups.

All matches of a pattern, with their groups, are found in two linear steps: the texts of all matches (of the pattern
without groups), then the groups of each in its own text. That gives the same groups where nothing around a match says
anything about its inside: the match that is taken is the first of all that are this long, by the order in which Python
tries them, and they are the same in both texts. What a pattern asks about places (``^``, ``\b``) has to be asked at an
end of it, on every way through it, and to be true in the match's own text as well.
"""

from __future__ import annotations

import re

from totem_sdk.regex.parsing import (
    Alternatives,
    BadPatternError,
    Char,
    Group,
    Node,
    Pattern,
    Position,
    Repeat,
    Sequence,
    read_pattern,
)
from totem_sdk.regex.sets import category, union

__all__ = ["stands_alone", "ungrouped"]

_AT_FIRST = ("line_start", "start", "word")
_AT_LAST = ("end", "last_line_end", "line_end", "word")


def stands_alone(pattern: Pattern) -> bool:
    """Return whether each match's groups can be found in the text of the match."""
    parts = _in_a_row(pattern.root)
    first: list[Position] = []
    last: list[Position] = []
    while parts and isinstance(parts[0], Position):
        first.append(parts.pop(0))  # type: ignore[arg-type]
    while parts and isinstance(parts[-1], Position):
        last.append(parts.pop())  # type: ignore[arg-type]
    if any(place.kind not in _AT_FIRST for place in first) or any(place.kind not in _AT_LAST for place in last):
        return False
    if any(_asks(part) for part in parts):
        return False
    edges = [(place, 0) for place in first if place.kind == "word"]
    edges += [(place, -1) for place in last if place.kind == "word"]
    return all(bool(parts) and _is_word(parts[side], side, ascii_only=place.ascii_only) for place, side in edges)


def _in_a_row(node: Node) -> list[Node]:
    """Return what comes one after the other on every way through a node."""
    match node:
        case Sequence(parts=parts):
            return [inner for part in parts for inner in _in_a_row(part)]
        case Group(body=body):
            return _in_a_row(body)
    return [node]


def _asks(node: Node) -> bool:
    """Return whether a node asks about a place."""
    match node:
        case Position():
            return True
        case Sequence(parts=parts) | Alternatives(arms=parts):
            return any(map(_asks, parts))
        case Group(body=body) | Repeat(body=body):
            return _asks(body)
    return False


def _is_word(node: Node, side: int, *, ascii_only: bool) -> bool:
    """Return whether a node begins (``side`` 0) or ends (-1) with a character of a word."""
    match node:
        case Char(runs=runs):
            words = category("CATEGORY_WORD", ascii_only=ascii_only)
            return union([runs, words]) == union([words])
        case Sequence(parts=parts):
            return bool(parts) and _is_word(parts[side], side, ascii_only=ascii_only)
        case Alternatives(arms=arms):
            return all(_is_word(arm, side, ascii_only=ascii_only) for arm in arms)
        case Repeat(body=body, least=least):
            return least > 0 and _is_word(body, side, ascii_only=ascii_only)
        case Group(body=body):
            return _is_word(body, side, ascii_only=ascii_only)
    return False


def ungrouped(pattern: Pattern) -> str | None:
    """Return the text of the same pattern without groups; None where there is none that is surely the same."""
    if not pattern.groups:
        return pattern.text
    text = _without_brackets(pattern.text, verbose=bool(pattern.flags & re.VERBOSE))
    try:
        found = read_pattern(text, pattern.flags)
    except BadPatternError:
        return None
    return text if not found.groups and _plain(found.root) == _plain(pattern.root) else None


def _without_brackets(text: str, *, verbose: bool) -> str:
    parts: list[str] = []
    place = 0
    while place < len(text):
        end = place + 1
        part = text[place]
        if part == "\\":
            end += 1
        elif part == "[":
            end = _end_of_set(text, place)
        elif part == "#" and verbose:
            end = len(text) if (line := text.find("\n", place)) < 0 else line
        elif text.startswith("(?P<", place):
            end = text.index(">", place) + 1
        parts.append("(?:" if part == "(" and text[end - 1 : end + 1] != "(?" else text[place:end])
        place = end
    return "".join(parts)


def _end_of_set(text: str, place: int) -> int:
    place += 1
    place += text.startswith("^", place)
    place += text.startswith("]", place)
    while place < len(text) and text[place] != "]":
        place += 2 if text[place] == "\\" else 1
    return place + 1


def _plain(node: Node) -> Node:
    """Return a node without groups, without sequences in sequences and alternatives of single characters."""
    match node:
        case Group(body=body):
            return _plain(body)
        case Sequence():
            parts = tuple(
                inner
                for part in map(_plain, node.parts)
                for inner in (part.parts if isinstance(part, Sequence) else (part,))
            )
            return parts[0] if len(parts) == 1 else Sequence(parts)
        case Alternatives(arms=arms):
            plain = tuple(map(_plain, arms))
            single = [arm.runs for arm in plain if isinstance(arm, Char)]
            # Python's parser makes one set of single characters, where no groups are around them.
            return Char(union(single)) if len(single) == len(plain) else Alternatives(plain)
        case Repeat():
            return Repeat(_plain(node.body), node.least, node.most, node.lazy)
    return node
