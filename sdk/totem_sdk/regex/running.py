"""Finds matches with an automaton, as the reference interpreter does (the kernel's runtime does the same in C)."""

from __future__ import annotations

from collections.abc import Iterator

from totem_sdk.regex.automaton import BEGIN, BEGIN_LONGER, DEAD, DONE, Automaton

__all__ = ["find_all", "find_first", "split_at"]

Spans = tuple[tuple[int, int], ...]
"""Where the match and its groups begin and end, in characters; (-1, -1) for a group that is not in it."""


def _states(machine: Automaton, text: str) -> list[int]:
    """Return the state of every place of a text."""
    state = machine.last_state
    states = [state]
    back, classes, class_of = machine.back, machine.classes, machine.class_of
    for character in reversed(text):
        state = back[state * classes + class_of(ord(character))]
        states.append(state)
    states.reverse()
    return states


class _Walk:
    """One text under one automaton."""

    def __init__(self, machine: Automaton, text: str) -> None:
        self.machine = machine
        self.text = text
        self.states = _states(machine, text)

    def entry(self, place: int, point: int) -> int:
        machine = self.machine
        kind = machine.first_kind
        if place and machine.kinds > 1:
            kind = machine.kinds_of[machine.class_of(ord(self.text[place - 1]))]
        return machine.forward[(self.states[place] * machine.kinds + kind) * machine.points + point]

    def match(self, place: int, point: int) -> Spans | None:
        """Return the match that begins at a place."""
        slots = [-1] * (2 * len(self.machine.pattern.groups) + 2)
        start = place
        entry = self.entry(place, point)
        if entry & 0xFFFF == DEAD:
            return None
        while True:
            bits = self.machine.actions[entry >> 16]
            while bits:
                slots[(bits & -bits).bit_length() - 1] = place
                bits &= bits - 1
            point = entry & 0xFFFF
            if point == DONE:
                break
            place += 1
            entry = self.entry(place, point)
        slots[0], slots[1] = start, place
        return tuple(zip(slots[::2], slots[1::2], strict=True))

    def search(self, place: int, point: int) -> Spans | None:
        """Return the first match that begins at a place or after it."""
        while place <= len(self.text):
            found = self.match(place, point)
            if found is not None:
                return found
            place += 1
            point = BEGIN
        return None


def find_first(machine: Automaton, text: str, *, anywhere: bool) -> Spans | None:
    """Return the first match, or (not ``anywhere``) the one at the start of the text."""
    walk = _Walk(machine, text)
    return walk.search(0, BEGIN) if anywhere else walk.match(0, BEGIN)


def find_all(machine: Automaton, text: str) -> Iterator[Spans]:
    """Yield all matches as ``re.finditer`` finds them."""
    walk = _Walk(machine, text)
    place, point = 0, BEGIN
    while (found := walk.search(place, point)) is not None:
        yield found
        start, place = found[0]
        point = BEGIN_LONGER if start == place else BEGIN


def split_at(machine: Automaton, text: str) -> tuple[str, ...]:
    """Return the pieces between all matches."""
    pieces: list[str] = []
    start = 0
    for (first, last), *_ in find_all(machine, text):
        pieces.append(text[start:first])
        start = last
    pieces.append(text[start:])
    return tuple(pieces)
