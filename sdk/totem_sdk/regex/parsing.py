"""Patterns: Python's own parser reads them; what a linear-time automaton can't do is refused with its reason."""

from __future__ import annotations

import importlib
import re
import threading
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from totem_sdk.regex.sets import EVERYTHING, Runs, category, folded, inverted, union

__all__ = [
    "FLAGS",
    "MAX_GROUPS",
    "MAX_PATTERN",
    "Alternatives",
    "BadPatternError",
    "Char",
    "Group",
    "Node",
    "Pattern",
    "Position",
    "Repeat",
    "Sequence",
    "read_pattern",
]

MAX_PATTERN = 1_000
"""Most characters of a pattern."""

MAX_GROUPS = 20
"""Most groups of a pattern: a match is a tuple of their texts and places, and a tuple has at most 64 scalars."""

_MAX_BRACKETS = 60
"""Most opening brackets: Python's parser goes down into each."""

FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.ASCII | re.VERBOSE | re.UNICODE
"""The flags that there are."""

_SET_WORK = 400
"""Work that it takes to find all characters that equal one of a set without case."""

_NO_FLAG = "a flag that the language doesn't have"
_PARSER: Any = importlib.import_module("re._parser")
_PARSING = threading.Lock()
"""Held while Python's warnings are off: they are the whole process's."""


class BadPatternError(ValueError):
    """A pattern that is refused: why, where in it (a character counted from 1; None: everywhere), and what to do.

    ``large``: it is the pattern's size. ``work`` is what finding that out has taken, as ``automaton`` counts.
    """

    def __init__(self, message: str, place: int | None = None, hint: str | None = None, *, large: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint
        self.large = large
        self.work = 0


@dataclass(frozen=True, slots=True)
class Char:
    """One character of a set."""

    runs: Runs


@dataclass(frozen=True, slots=True)
class Position:
    """A place: ``start``, ``line_start``, ``end``, ``last_line_end``, ``line_end``, ``word`` or ``no_word`` boundary.

    ``ascii_only``: what a word is, where that matters.
    """

    kind: str
    ascii_only: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The first that leads to a match."""

    arms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A group that is kept, counted from 1."""

    number: int
    body: Node


@dataclass(frozen=True, slots=True)
class Repeat:
    """``body`` from ``least`` to ``most`` times (None: any number), as often as possible or as seldom (``lazy``)."""

    body: Node
    least: int
    most: int | None
    lazy: bool


Node = Char | Position | Sequence | Alternatives | Group | Repeat


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that is accepted.

    ``groups`` tells of each group, from 1, whether it is in every match. ``names`` are those of groups.
    ``shortest``: the fewest characters of a match. ``work`` is what reading it has taken, as ``automaton`` counts.
    """

    text: str
    flags: int
    root: Node
    groups: tuple[bool, ...]
    names: tuple[tuple[str, int], ...]
    shortest: int
    work: int


_REASONS = {
    "ASSERT": ("looks ahead or behind", r"\(\?<?=", "take more into the match and use a group for the part"),
    "ASSERT_NOT": ("looks ahead or behind", r"\(\?<?!", "match more and test the group's text"),
    "GROUPREF": ("refers back to a group", r"\\[1-9]|\(\?P=", "use two groups and compare their texts"),
    "GROUPREF_EXISTS": ("asks whether a group has matched", r"\(\?\(", "use alternatives: a|b"),
    "ATOMIC_GROUP": ("has an atomic group", r"\(\?>", "use (?:...): nothing is tried twice here"),
    "POSSESSIVE_REPEAT": ("has a possessive repetition", r"[*+?}]\+", "leave the + out: nothing is tried twice here"),
}


@lru_cache(maxsize=256)
def read_pattern(text: str, flags: int) -> Pattern:
    """Read a pattern.

    Args:
        text: the pattern.
        flags: some of FLAGS, as an int.

    Raises:
        BadPatternError: it is no pattern, or not one that an automaton can follow in linear time.
    """
    if len(text) > MAX_PATTERN:
        raise BadPatternError(f"a pattern of {len(text):,} characters, {MAX_PATTERN:,} is the most", large=True)
    if text.count("(") > _MAX_BRACKETS:
        raise BadPatternError(f"a pattern with more than {_MAX_BRACKETS} opening brackets", large=True)
    if flags & ~int(FLAGS):
        raise BadPatternError(_NO_FLAG, None, "there are re.A, re.I, re.M, re.S and re.X")
    try:
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _PARSER.parse(text, flags)
    except re.error as error:
        raise BadPatternError(error.msg, None if error.pos is None else error.pos + 1) from None
    except (OverflowError, RecursionError) as error:
        raise BadPatternError(str(error)) from None
    if parsed.state.flags & ~int(FLAGS):
        raise BadPatternError(_NO_FLAG, None, "there are re.A, re.I, re.M, re.S and re.X")
    count = parsed.state.groups - 1
    if count > MAX_GROUPS:
        message = f"a pattern with {count} groups, {MAX_GROUPS} is the most"
        raise BadPatternError(message, None, "use (?:...)", large=True)
    reader = _Reader(text)
    root = reader.sequence(parsed, parsed.state.flags)
    certain = _certain(root)
    names = tuple(sorted(parsed.state.groupdict.items(), key=lambda item: item[1]))
    groups = tuple(number in certain for number in range(1, count + 1))
    return Pattern(text, flags, root, groups, names, _shortest(root), reader.work)


class _Reader:
    """Turns the parser's tree into nodes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.work = len(text)

    def sequence(self, items: Any, flags: int) -> Node:
        parts = tuple(self.node(str(op), value, flags) for op, value in items)
        return parts[0] if len(parts) == 1 else Sequence(parts)

    def node(self, op: str, value: Any, flags: int) -> Node:
        ascii_only, ignore = bool(flags & re.ASCII), bool(flags & re.IGNORECASE)
        match op:
            case "LITERAL" | "NOT_LITERAL":
                runs: Runs = ((value, value),)
                runs = folded(runs, ascii_only=ascii_only) if ignore else runs
                return Char(runs if op == "LITERAL" else inverted(runs))
            case "ANY":
                return Char(EVERYTHING if flags & re.DOTALL else inverted(((10, 10),)))
            case "IN":
                self.work += _SET_WORK * ignore
                return Char(_set(value, ascii_only=ascii_only, ignore=ignore))
            case "BRANCH":
                return Alternatives(tuple(self.sequence(arm, flags) for arm in value[1]))
            case "SUBPATTERN":
                number, added, removed, body = value
                inner = self.sequence(body, (flags | added) & ~removed)
                return inner if number is None else Group(number, inner)
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, body = value
                inner = self.sequence(body, flags)
                return Repeat(inner, least, None if str(most) == "MAXREPEAT" else most, op == "MIN_REPEAT")
            case "AT":
                return _position(str(value), flags)
            case "FAILURE":
                raise BadPatternError("the pattern looks ahead or behind", self.place(r"\(\?<?!"))
        if op not in _REASONS:
            raise BadPatternError(f"the pattern has {op.lower()}")
        reason, form, hint = _REASONS[op]
        raise BadPatternError(f"the pattern {reason}", self.place(form), hint)

    def place(self, form: str) -> int | None:
        """Return where something that is refused seems to begin."""
        found = re.search(form, self.text)
        return None if found is None else found.start() + 1


def _set(items: Any, *, ascii_only: bool, ignore: bool) -> Runs:
    literal: list[Runs] = []
    classes: list[Runs] = []
    negated = False
    for op, value in items:
        match str(op):
            case "NEGATE":
                negated = True
            case "LITERAL":
                literal.append(((value, value),))
            case "RANGE":
                literal.append(((value[0], value[1]),))
            case "CATEGORY":
                classes.append(category(str(value), ascii_only=ascii_only))
            case other:
                raise BadPatternError(f"the pattern has a set with {other.lower()}")
    single = union(literal)
    if ignore:
        single = folded(single, ascii_only=ascii_only)
    runs = union([single, *classes])
    return inverted(runs) if negated else runs


def _position(name: str, flags: int) -> Position:
    lines = bool(flags & re.MULTILINE)
    match name:
        case "AT_BEGINNING":
            return Position("line_start" if lines else "start")
        case "AT_BEGINNING_STRING":
            return Position("start")
        case "AT_END":
            return Position("line_end" if lines else "last_line_end")
        case "AT_END_STRING":
            return Position("end")
        case "AT_BOUNDARY":
            return Position("word", bool(flags & re.ASCII))
        case "AT_NON_BOUNDARY":
            return Position("no_word", bool(flags & re.ASCII))
    raise BadPatternError(f"the pattern has {name.lower()}")


def _certain(node: Node) -> frozenset[int]:
    """Return the groups that are in every match of a node."""
    match node:
        case Group(number=number, body=body):
            return _certain(body) | {number}
        case Sequence(parts=parts):
            return frozenset().union(*map(_certain, parts))
        case Alternatives(arms=arms):
            return frozenset.intersection(*map(_certain, arms))
        case Repeat(body=body, least=least):
            return _certain(body) if least else frozenset()
        case Char() | Position():
            return frozenset()


def _shortest(node: Node) -> int:
    """Return the fewest characters that a node takes."""
    match node:
        case Char():
            return 1
        case Position():
            return 0
        case Group(body=body):
            return _shortest(body)
        case Sequence(parts=parts):
            return sum(map(_shortest, parts))
        case Alternatives(arms=arms):
            return min(map(_shortest, arms))
        case Repeat(body=body, least=least):
            return _shortest(body) * least
