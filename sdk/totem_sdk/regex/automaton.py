"""Automata: two passes over a text that together find what a backtracking matcher finds, in linear time.

The first pass goes through the text from its end and notes for each place which steps that take a character can lead
from there to the end of a match: the *state* of the place. The second goes forward and, wherever a backtracking matcher
would try ways one after the other, takes the first one that the state says leads to a match: it never has to go back.
So places of groups come out as well, and finding all matches needs the first pass only once. (The method is that of
Frisch and Cardelli, "Greedy regular expression matching", ICALP 2004.)

Both passes are tables. A character is first mapped to a *class*: characters that no set of the pattern tells apart.
``back[state × classes + class]`` is the state of the place before the character. ``forward[(state × kinds + kind) ×
points + point]`` says what happens at a place: ``point`` is what the match waits for (0: that it begins; 1: that it
begins and takes a character at least), ``kind`` what is before the place, as far as the pattern asks; the entry is the
next point and, from bit 16, the number of an action, which is the groups' slots to be set to the place. Point DEAD: no
match from here; point DONE: the match ends here.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from totem_sdk.regex.parsing import BadPatternError, Pattern, Position, read_pattern
from totem_sdk.regex.sets import LAST, Runs, category, contains
from totem_sdk.regex.steps import Begin, Done, End, Fork, Keep, Place, Round, Step, Steps, Take

__all__ = ["BEGIN", "BEGIN_LONGER", "DEAD", "DONE", "MAX_ENTRIES", "MAX_STATES", "MAX_WORK", "Automaton", "automaton"]

BEGIN, BEGIN_LONGER = 0, 1
DONE, DEAD = 0xFFFE, 0xFFFF

MAX_STATES = 1_000
"""Most states of an automaton."""

MAX_ENTRIES = 1 << 16
"""Most entries of each of its two tables."""

MAX_WORK = 100_000
"""Most units of work that making an automaton may take; a unit takes some 3 µs."""

_NEWLINE: Runs = ((10, 10),)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is known of the text after a place, as far as the pattern asks for it."""

    end: bool = False
    newline: bool = False
    last_newline: bool = False
    word: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """What is known of the text before a place, as far as the pattern asks for it."""

    start: bool = False
    newline: bool = False
    word: bool = False


@dataclass(frozen=True, eq=False)
class Automaton:
    """The tables of a pattern.

    ``bounds`` and ``classes_of``: from character ``bounds[i]`` on the class is ``classes_of[i]``. ``kinds_of`` gives
    the kind of a place behind a character of each class; before the first character it is ``first_kind``.
    ``last_state`` is that of the end of a text. ``work`` is what making it has taken.
    """

    pattern: Pattern
    bounds: tuple[int, ...]
    classes_of: tuple[int, ...]
    classes: int
    kinds: int
    kinds_of: tuple[int, ...]
    first_kind: int
    points: int
    last_state: int
    back: tuple[int, ...]
    forward: tuple[int, ...]
    actions: tuple[int, ...]
    work: int

    @cached_property
    def ascii(self) -> tuple[int, ...]:
        """The class of every ASCII character."""
        return tuple(self._class_of(code) for code in range(128))

    def _class_of(self, code: int) -> int:
        return self.classes_of[bisect_right(self.bounds, code) - 1]

    def class_of(self, code: int) -> int:
        """Return the class of a character."""
        return self.ascii[code] if code < 128 else self._class_of(code)

    @cached_property
    def tables(self) -> bytes:
        """Everything in the form that the kernel's runtime library reads (``regex.c``), little-endian.

        A head of 32-bit numbers, then actions (64 bits), forward (32), bounds (32), back (32), and as bytes the
        classes of ASCII, those of the bounds, and the kinds of classes. A state in back is where its rows begin: in
        back the low half, in forward the high half (so that nothing is multiplied at a character).
        """
        width = self.kinds * self.points
        rows = (state * self.classes | state * width << 16 for state in self.back)
        parts = (
            struct.pack(f"<{len(self.actions)}Q", *self.actions),
            struct.pack(f"<{len(self.forward)}I", *self.forward),
            struct.pack(f"<{len(self.bounds)}I", *self.bounds),
            struct.pack(f"<{len(self.back)}I", *rows),
            bytes(self.ascii),
            bytes(self.classes_of),
            bytes(self.kinds_of),
        )
        head = (self.classes, self.kinds, self.points, self.first_kind, self.last_state, len(self.bounds))
        size = 4 * (len(head) + 1 + len(parts))
        size += -size % 8
        places = list(accumulate((len(part) for part in parts), initial=size))[:-1]
        return struct.pack(f"<{len(head) + 1}I", *head, len(self.pattern.groups)).ljust(28, b"\0") + b"".join(
            (struct.pack(f"<{len(places)}I", *places).ljust(size - 28, b"\0"), *parts)
        )


@lru_cache(maxsize=256)
def automaton(text: str, flags: int, *, whole: bool = False) -> Automaton:
    """Return the automaton of a pattern; ``whole``: a match must end where the text ends.

    Raises:
        BadPatternError: the pattern is not accepted, or its automaton would be too large.
    """
    making = _Making(read_pattern(text, flags), whole=whole)
    try:
        return making.automaton()
    except BadPatternError as error:
        error.work = making.work
        raise


class _Making:
    def __init__(self, pattern: Pattern, *, whole: bool) -> None:
        self.pattern = pattern
        steps = Steps(pattern.root, whole=whole)
        self.steps = steps.all
        self.takes = [number for number, step in enumerate(self.steps) if isinstance(step, Take)]
        self.start = steps.start
        self.positions = {step.position for step in self.steps if isinstance(step, Place)}
        self.work = pattern.work
        self._before: list[list[int]] = [[] for _ in self.steps]
        for number, step in enumerate(self.steps):
            for other in _ways(step):
                self._before[other].append(number)
        self._bit = {number: 1 << position for position, number in enumerate(self.takes)}
        self._leads: dict[int, int] = {}
        for number in self.takes:
            then = self._take(number).then
            self._leads[then] = self._leads.get(then, 0) | self._bit[number]
        self._word = next(
            (category("CATEGORY_WORD", ascii_only=p.ascii_only) for p in self.positions if "word" in p.kind), None
        )
        if len({p.ascii_only for p in self.positions if "word" in p.kind}) > 1:
            raise BadPatternError(r"\b with two meanings in one pattern", None, "give the flag A to all of it, or none")
        self._make_classes()

    def _take(self, number: int) -> Take:
        step = self.steps[number]
        assert isinstance(step, Take)  # noqa: S101  for the type checker: only these are asked for
        return step

    def _count(self, work: int = 1) -> None:
        self.work += work
        if self.work > MAX_WORK:
            raise _too_large()

    def _asks(self, *kinds: str) -> bool:
        return any(position.kind in kinds for position in self.positions)

    def _make_classes(self) -> None:
        """Divide the characters into classes."""
        sets: list[Runs] = list(dict.fromkeys(self._take(number).runs for number in self.takes))
        if self._asks("line_start", "line_end", "last_line_end"):
            sets.append(_NEWLINE)
        if self._word is not None:
            sets.append(self._word)
        edges: dict[int, int] = {0: 0}
        for position, runs in enumerate(sets):
            self._count(len(runs))
            for first, last in runs:
                edges[first] = edges.get(first, 0) ^ 1 << position
                if last < LAST:
                    edges[last + 1] = edges.get(last + 1, 0) ^ 1 << position
        numbers: dict[int, int] = {}
        bounds: list[int] = []
        classes: list[int] = []
        members = 0
        for bound in sorted(edges):
            members ^= edges[bound]
            number = numbers.setdefault(members, len(numbers))
            if not classes or classes[-1] != number:
                bounds.append(bound)
                classes.append(number)
        if len(numbers) > 255:
            raise _too_large()
        self.bounds, self.classes_of, self.classes = tuple(bounds), tuple(classes), len(numbers)
        self.examples = [bounds[classes.index(number)] for number in range(self.classes)]
        self.fits = [
            sum(self._bit[number] for number in self.takes if contains(self._take(number).runs, example))
            for example in self.examples
        ]

    def _behind(self, code: int | None) -> Behind:
        """Return what is known behind a character (None: where the text starts)."""
        if code is None:
            return Behind(start=self._asks("start", "line_start", "no_word"))
        return Behind(
            newline=self._asks("line_start") and code == 10,
            word=self._word is not None and contains(self._word, code),
        )

    def _ahead(self, code: int, after: Ahead) -> Ahead:
        """Return what is known before a character, from what is known behind it."""
        return Ahead(
            newline=self._asks("line_end") and code == 10,
            last_newline=self._asks("last_line_end") and code == 10 and after.end,
            word=self._word is not None and contains(self._word, code),
        )

    def _holds(self, position: Position, behind: Behind, ahead: Ahead) -> bool:
        match position.kind:
            case "start":
                return behind.start
            case "line_start":
                return behind.start or behind.newline
            case "end":
                return ahead.end
            case "last_line_end":
                return ahead.end or ahead.last_newline
            case "line_end":
                return ahead.end or ahead.newline
            case "word":
                return behind.word != ahead.word
            case _:
                # CPython's \B never holds in an empty text.
                return behind.word == ahead.word and not (behind.start and ahead.end)

    def _alive(self, able: int, behind: Behind, ahead: Ahead) -> set[int]:
        """Return the steps from which a match can be completed at a place where the steps in ``able`` can go on."""
        found = {number for number in self.takes if able & self._bit[number]} | {0}
        waiting = deque(found)
        while waiting:
            for number in self._before[waiting.popleft()]:
                step = self.steps[number]
                if number in found or isinstance(step, Take):
                    continue
                if isinstance(step, Place) and not self._holds(step.position, behind, ahead):
                    continue
                found.add(number)
                waiting.append(number)
        self._count(len(found) + 4)
        return found

    def _able_behind(self, alive: set[int]) -> int:
        """Return the steps that take a character and then are alive."""
        return sum(bits for then, bits in self._leads.items() if then in alive)

    def automaton(self) -> Automaton:
        """Return the tables."""
        behinds = list(dict.fromkeys([self._behind(None), *map(self._behind, self.examples)]))
        kinds_of = tuple(behinds.index(self._behind(example)) for example in self.examples)
        asks_end = self._asks("end", "line_end", "last_line_end", "no_word")
        states: dict[tuple[int, Ahead], int] = {(0, Ahead(end=asks_end)): 0}
        back: list[int] = []
        alive_at: list[list[set[int]]] = []
        order = list(states)
        position = 0
        while position < len(order):
            able, ahead = order[position]
            position += 1
            alive = [self._alive(able, behind, ahead) for behind in behinds]
            alive_at.append(alive)
            passed = [self._able_behind(found) for found in alive]
            for number, example in enumerate(self.examples):
                self._count()
                state = passed[kinds_of[number]] & self.fits[number], self._ahead(example, ahead)
                if state not in states:
                    states[state] = len(order)
                    order.append(state)
                    if len(order) > MAX_STATES or len(order) * self.classes > MAX_ENTRIES:
                        raise _too_large()
                back.append(states[state])
        return self._tables(order, behinds, kinds_of, back, alive_at)

    def _tables(
        self,
        order: list[tuple[int, Ahead]],
        behinds: list[Behind],
        kinds_of: tuple[int, ...],
        back: list[int],
        alive_at: list[list[set[int]]],
    ) -> Automaton:
        points = [self.start, self.start, *dict.fromkeys(self._take(number).then for number in self.takes)]
        point_of = {step: number for number, step in enumerate(points) if number > 1}
        if len(order) * len(behinds) * len(points) > MAX_ENTRIES:
            raise _too_large()
        actions: dict[int, int] = {0: 0}
        forward: list[int] = []
        for (able, ahead), alive in zip(order, alive_at, strict=True):
            for behind, found in zip(behinds, alive, strict=True):
                for number, point in enumerate(points):
                    entry = DEAD
                    if point in found:
                        longer = number == BEGIN_LONGER
                        way = self._way(point, able, behind, ahead, found, longer=longer)
                        if way is not None:
                            end, slots = way
                            action = actions.setdefault(slots, len(actions))
                            after = DONE if end == 0 else point_of[self._take(end).then]
                            entry = after | action << 16
                    forward.append(entry)
        return Automaton(
            self.pattern,
            self.bounds,
            self.classes_of,
            self.classes,
            len(behinds),
            kinds_of,
            0,
            len(points),
            0,
            tuple(back),
            tuple(forward),
            tuple(actions),
            self.work,
        )

    def _way(
        self, start: int, able: int, behind: Behind, ahead: Ahead, alive: set[int], *, longer: bool
    ) -> tuple[int, int] | None:
        """Return what a backtracking matcher comes to from a step without taking a character.

        That is a Take that goes on, or Done, and the slots that are set on the way. None: nothing (or, with
        ``longer``, only Done).
        """
        tried: set[tuple[int, frozenset[int]]] = set()
        waiting: list[tuple[int, frozenset[int], int]] = [(start, frozenset(), 0)]
        while waiting:
            number, rounds, slots = waiting.pop()
            if number not in alive or (number, rounds) in tried:
                continue
            tried.add((number, rounds))
            self._count()
            step = self.steps[number]
            if (isinstance(step, Done) and not longer) or (isinstance(step, Take) and able & self._bit[number]):
                return number, slots
            if not isinstance(step, Place) or self._holds(step.position, behind, ahead):
                waiting.extend(_onward(step, rounds, slots))
        return None


def _onward(step: Step, rounds: frozenset[int], slots: int) -> tuple[tuple[int, frozenset[int], int], ...]:
    """Return where a step leads without taking a character, the first way last."""
    match step:
        case Fork(first=first, second=second):
            return (second, rounds, slots), (first, rounds, slots)
        case Keep(slot=slot, then=then):
            return ((then, rounds, slots | 1 << slot),)
        case Place(then=then):
            return ((then, rounds, slots),)
        case Begin(loop=loop, then=then):
            return ((then, rounds - {loop}, slots),)
        case Round(loop=loop, then=then):
            return ((then, rounds | {loop}, slots),)
        case End(loop=loop, again=again, leave=leave):
            return ((leave if loop in rounds else again, rounds, slots),)
        case Take() | Done():
            return ()


def _ways(step: Step) -> tuple[int, ...]:
    match step:
        case Fork(first=first, second=second):
            return first, second
        case End(again=again, leave=leave):
            return again, leave
        case Done():
            return ()
        case _:
            return (step.then,)


def _too_large() -> BadPatternError:
    message = f"the pattern's automaton would have more than {MAX_STATES:,} states or {MAX_ENTRIES:,} table entries"
    hint = "use smaller bounds, or find a part with one pattern and match it with another"
    return BadPatternError(message, None, hint, large=True)
