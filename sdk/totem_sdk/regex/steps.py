"""A pattern as steps that a match goes through, before they become tables (see ``automaton``).

Steps are what a backtracking matcher would do; a step knows those that follow it. Repetitions with bounds are unrolled.
A round of a repetition that takes nothing ends it, as in CPython: ``Begin`` clears the mark that a repetition is in
such a round, ``Round`` sets it, and every character clears all marks.
"""

from __future__ import annotations

from dataclasses import dataclass

from totem_sdk.regex.parsing import Alternatives, BadPatternError, Char, Group, Node, Position, Repeat, Sequence
from totem_sdk.regex.sets import Runs

__all__ = ["MAX_STEPS", "Begin", "Done", "End", "Fork", "Keep", "Place", "Round", "Step", "Steps", "Take"]

MAX_STEPS = 1_000
"""Most steps that a pattern is made of, after repetitions are unrolled."""


@dataclass(frozen=True, slots=True)
class Take:
    """Takes a character of a set."""

    runs: Runs
    then: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Tries one way, then the other."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Keep:
    """Keeps where the match is: 2 × group is its start, 2 × group + 1 its end."""

    slot: int
    then: int


@dataclass(frozen=True, slots=True)
class Place:
    """Goes on only at a place."""

    position: Position
    then: int


@dataclass(frozen=True, slots=True)
class Begin:
    """Comes to a repetition."""

    loop: int
    then: int


@dataclass(frozen=True, slots=True)
class Round:
    """Begins a round of a repetition."""

    loop: int
    then: int


@dataclass(frozen=True, slots=True)
class End:
    """Ends a round: goes on with ``again``, or with ``leave`` if the round took nothing."""

    loop: int
    again: int
    leave: int


@dataclass(frozen=True, slots=True)
class Done:
    """The match ends."""


Step = Take | Fork | Keep | Place | Begin | Round | End | Done


class Steps:
    """The steps of a pattern; ``start`` is the first.

    Args:
        root: the pattern.
        whole: a match must end where the text ends.

    Raises:
        BadPatternError: there would be more than MAX_STEPS.
    """

    def __init__(self, root: Node, *, whole: bool) -> None:
        self.all: list[Step] = []
        self._loops = 0
        end = self._add(Done())
        if whole:
            end = self._add(Place(Position("end"), end))
        self.start = self._node(root, end)

    def _add(self, step: Step) -> int:
        if len(self.all) >= MAX_STEPS:
            message = f"the pattern takes more than {MAX_STEPS:,} steps, its repetitions unrolled"
            raise BadPatternError(message, None, "use smaller bounds: {n,m} counts m times", large=True)
        self.all.append(step)
        return len(self.all) - 1

    def _node(self, node: Node, then: int) -> int:
        match node:
            case Char(runs=runs):
                return self._add(Take(runs, then))
            case Position():
                return self._add(Place(node, then))
            case Sequence(parts=parts):
                for part in reversed(parts):
                    then = self._node(part, then)
                return then
            case Alternatives(arms=arms):
                ways = [self._node(arm, then) for arm in arms]
                last = ways.pop()
                for way in reversed(ways):
                    last = self._add(Fork(way, last))
                return last
            case Group(number=number, body=body):
                inner = self._node(body, self._add(Keep(2 * number + 1, then)))
                return self._add(Keep(2 * number, inner))
            case Repeat():
                return self._repeat(node, then)

    def _repeat(self, node: Repeat, then: int) -> int:
        way = self._endless(node, then) if node.most is None else self._optional(node, then)
        for _ in range(node.least):
            way = self._node(node.body, way)
        return way

    def _fork(self, node: Repeat, body: int, then: int) -> Fork:
        return Fork(then, body) if node.lazy else Fork(body, then)

    def _endless(self, node: Repeat, then: int) -> int:
        loop = self._loop()
        head = self._add(Done())
        end = self._add(End(loop, head, then))
        body = self._add(Round(loop, self._node(node.body, end)))
        self.all[head] = self._fork(node, body, then)
        return self._add(Begin(loop, head))

    def _optional(self, node: Repeat, then: int) -> int:
        way = then
        for _ in range((node.most or 0) - node.least):
            loop = self._loop()
            end = self._add(End(loop, way, then))
            way = self._add(self._fork(node, self._add(Round(loop, self._node(node.body, end))), then))
        return way

    def _loop(self) -> int:
        self._loops += 1
        return self._loops - 1
