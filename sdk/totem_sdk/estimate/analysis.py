"""Follows all paths through a function at once and adds up what they cost, as linear forms of what a call reads.

Branches that the known ranges decide are followed on one side; others on both, and bounded by the cheaper and the
dearer. Loops of a known number of rounds are followed once and multiplied. Other loops are followed round by round
until their condition is certainly false; one that may need more than ``MAX_ROUNDS`` rounds has no upper bound. After
``MAX_VISITS`` loops and helpers are followed once, with less known, so that the time stays linear; so is the
outermost loop in which that happens, from its beginning. Helpers that are nested very deep are followed so from the
start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as numbers

from totem_sdk.cost import PricedProgram
from totem_sdk.estimate.blocks import Blocks, Place
from totem_sdk.estimate.forms import MORE, ONE, Quantity, Var, exactly, within
from totem_sdk.estimate.known import Known, anything, constant, covers, join, rewritten, uncounted
from totem_sdk.estimate.lengths import lengthened
from totem_sdk.estimate.loops import Head, any_number, assigned_in, at_least, at_most, forget, head_of, lengthened_in
from totem_sdk.estimate.rounds import Rounds
from totem_sdk.estimate.selectivity import Columns
from totem_sdk.estimate.shape import Budget, Shape
from totem_sdk.estimate.source import Source
from totem_sdk.estimate.tally import TOTAL, Path, Tally, add_to, meet, scaled_tally
from totem_sdk.limits import INT_MAX
from totem_sdk.program import Block, Body, Exit, If, Loop, Return, Scope, Value

__all__ = ["MAX_ROUNDS", "Analysis", "Setting"]

MAX_ROUNDS = 128
_FRAMES = 300
"""Python frames that following a call may take; deeper ones are followed before, for any arguments."""
_ATTEMPTS = 8
"""How often one round is followed until it finds nothing new in the registers; in the last one they hold anything."""
_OPEN_ROUNDS = 1000.0
"""Expected rounds of a loop of which nothing is known that ends it."""


class _Spent(Exception):
    """The budget was used up in a loop."""


@dataclass
class _Ends:
    """The ways out of a body: through its end, by an Exit of a level, by a Return."""

    through: Path | None = None
    exits: dict[int, Path] = field(default_factory=dict)
    returned: Path | None = None

    def leave(self, level: int, path: Path | None) -> None:
        """Add a way out by an Exit."""
        found = meet((self.exits.get(level), path))
        if found is not None:
            self.exits[level] = found

    def join(self, other: _Ends) -> None:
        """Add the ways out of another body that stands in the same loops and scopes, but not the one at its end."""
        for level, path in other.exits.items():
            self.leave(level, path)
        self.returned = meet((self.returned, other.returned))

    def outer(self, inner: _Ends) -> None:
        """Add the ways out of a loop or scope inside that leave this body as well."""
        for level, path in inner.exits.items():
            if level > 0:
                self.leave(level - 1, path)
        self.returned = meet((self.returned, inner.returned))


@dataclass(frozen=True)
class _OneRound:
    """One round of a counted loop: what it may find in the registers, what its head costs, how it can end."""

    head: Head
    rounds: Rounds
    registers: list[Known | None]
    header: Tally
    ends: _Ends
    lengthened: Sequence[int]


@dataclass(frozen=True)
class Setting:
    """What all analyses of one estimate share; without ``params`` nothing is known of them."""

    priced: PricedProgram
    params: Mapping[str, Value] | None
    columns: Columns
    shape: Shape
    budget: Budget
    lines: bool


class Analysis:
    """Follows one step function (with all it calls) for what its calls read."""

    def __init__(self, setting: Setting, source: Source) -> None:
        priced = setting.priced
        self.blocks = Blocks(
            priced, setting.params, source, setting.columns, self._call, setting.budget, lines=setting.lines
        )
        self._functions = priced.program.functions
        self._shape = setting.shape
        self._source = source
        self._loops = numbers()
        self._summaries: dict[int, Path] = {}
        self._closely = False
        """Whether a loop is followed with all that is known; the outermost one is begun again in a hurry."""

    def run(self, number: int) -> Path:
        """Return the end of one call of a step function: what it costs and emits."""
        return self._follow(number, (), 0)

    @property
    def _hurried(self) -> bool:
        return self.blocks.budget.spent

    # Calls and bodies.

    def _follow(self, number: int, arguments: Sequence[Known], depth: int) -> Path:
        function = self._functions[number]
        path = Path([None] * len(function.registers))
        for register, argument in zip(function.params, arguments, strict=True):
            path.registers[register] = argument
        ends = self._walk(function.body, path, Place(number, function, depth))
        if ends.through is not None:
            ends.through.registers, ends.through.result = [], constant(None)
        end = meet((ends.through, ends.returned))
        if end is None:
            # No path ends, so no run completes; what it costs until it runs out of totem has no bound.
            result = anything(function.returns) if function.returns is not None else constant(None)
            return Path([], {TOTAL: Quantity({}, None, {})}, result=result)
        return end

    def _call(self, path: Path, place: Place, number: int, arguments: Sequence[Known]) -> Known:
        """Follow a call and add what it costs; in a hurry each function is followed once, for any arguments."""
        if self._hurried or self._shape.frames[number] > _FRAMES:
            end = self._summary(number)
        else:
            end = self._follow(number, arguments, place.depth)
        path.add_weighted(end.tally, path.weight)
        return end.result or constant(None)

    def _summary(self, number: int) -> Path:
        """Return what a function costs and gives for any arguments; what it calls is followed before it."""
        for callee in self._shape.callees_first:
            if number in self._summaries:
                break
            if callee not in self._summaries and callee in self._shape.below[number]:
                function = self._functions[callee]
                unknown = [anything(function.registers[register]) for register in function.params]
                self._summaries[callee] = self._follow(callee, unknown, 0)
        return self._summaries[number]

    def _walk(self, body: Body, path: Path, place: Place) -> _Ends:
        ends = _Ends()
        current: Path | None = path
        self.blocks.budget.visits += len(path.registers)
        for node in body:
            if current is None:
                break
            if self._closely and self._hurried:
                raise _Spent
            match node:
                case Block():
                    self.blocks.enter(current, place, node)
                case If():
                    current = self._branch(node, current, place, ends)
                case Loop():
                    inner = self._loop(node, current, place)
                    ends.outer(inner)
                    current = inner.exits.get(0)
                case Scope():
                    inner = self._walk(node.body, current, place)
                    ends.outer(inner)
                    current = meet((inner.through, inner.exits.get(0)))
                case Exit(level=level):
                    ends.leave(level, current)
                    current = None
                case Return(register=register):
                    current.result = constant(None) if register is None else current.registers[register]
                    # What the registers hold does not matter any more, and merging them would take long.
                    current.registers = []
                    ends.returned = meet((ends.returned, current))
                    current = None
        ends.through = current
        return ends

    def _branch(self, node: If, path: Path, place: Place, ends: _Ends) -> Path | None:
        """Follow the arms of an If and return the path behind it; other ways out go to ``ends``."""
        condition = path.registers[node.condition] or Known(False, True)
        if condition.decided is not None:
            inner = self._walk(node.then if condition.decided else node.orelse, path, place)
            ends.join(inner)
            return inner.through
        arms = _Ends()
        through: list[Path] = []
        for arm, value, share in ((node.then, True, condition.chance), (node.orelse, False, 1.0 - condition.chance)):
            start = path.fork(share, condition.tested if value else condition.untested)
            start.registers[node.condition] = constant(value)
            inner = self._walk(arm, start, place)
            arms.join(inner)
            through += [] if inner.through is None else [inner.through]
        if not arms.exits and arms.returned is None:
            # All goes on from here, so only what the arms have changed is merged: that keeps the time linear.
            return path.merge(through, [node.condition, *assigned_in((*node.then, *node.orelse))])
        for level, left in arms.exits.items():
            ends.leave(level, left.after(path))
        if arms.returned is not None:
            ends.returned = meet((ends.returned, arms.returned.after(path)))
        onward = meet(through)
        return None if onward is None else onward.after(path)

    # Loops.

    def _loop(self, node: Loop, path: Path, place: Place) -> _Ends:
        if self._closely or self._hurried:
            head = head_of(node)
            if head is None:
                return self._round_by_round(node, path, place)
            return self._counted(node, head, path, place)
        self._closely = True
        try:
            return self._loop(node, path.copy(), place)
        except _Spent:
            pass
        finally:
            self._closely = False
        # Each loop around the one where the budget ran out would find something new and be followed several times.
        return self._loop(node, path, place)

    def _counted(self, node: Loop, head: Head, path: Path, place: Place) -> _Ends:
        """Follow one round of a loop that has a known number of them, and multiply."""
        loop = next(self._loops)
        inside = place.inside(drawing=node.kind == "values")
        self.blocks.taken[loop] = {}
        self.blocks.loop_depths[loop] = inside.depth
        counter, number = self._number(node, head, path, place, loop)
        assigned = assigned_in(node.body)
        registers = list(path.registers)
        if self._hurried:
            forget(registers, assigned, place.function)
        for attempt in range(_ATTEMPTS):
            start = Path(list(registers))
            self.blocks.enter(start, inside, head.block)
            header, start.tally = start.tally, {}
            start.registers[head.register] = constant(True)
            if counter is not None:
                start.registers[head.test.args[0]] = counter
            ends = self._walk(head.stay, start, inside)
            rounds = Rounds(number, self._own(node, loop), self._source, self._complete(node, place))
            left = None if ends.through is None else ends.through.registers
            new = [] if left is None else self._new(registers, left, rounds, place, assigned)
            if not new:
                break
            if attempt >= 2:
                forget(registers, new if attempt < _ATTEMPTS - 2 else assigned, place.function)
        return self._multiplied(_OneRound(head, rounds, registers, header, ends, lengthened_in(node.body)), path, place)

    def _number(self, node: Loop, head: Head, path: Path, place: Place, loop: int) -> tuple[Known | None, Quantity]:
        """Return what is known of a loop's hidden counter in a round, and the number of its rounds."""
        if node.kind == "values":
            number = exactly({ONE: 1, MORE: 1})
            return None, number if self._complete(node, place) else Quantity({}, number.high, number.mean)
        trip = path.registers[head.test.args[1]] or Known(0, INT_MAX)
        counter = Known(0, max(0, trip.high - 1), counter=loop)
        if trip.amount is not None:
            return counter, trip.amount
        high = None if trip.high >= INT_MAX else trip.high
        return counter, within(trip.low, high, float(trip.low if high is None else (trip.low + high) / 2))

    def _own(self, node: Loop, loop: int) -> dict[Var, Quantity]:
        own = dict(self.blocks.taken[loop])
        if node.kind == "values":
            for var in self._source.texts:
                if var.kind == "values":
                    own[Var("value", var.number)] = exactly({var: 1})
        return own

    def _complete(self, node: Loop, place: Place) -> bool:
        """Return whether a loop over values that is not left early draws all of them."""
        if node.kind != "values":
            return True
        return place.depth == 0 and self._shape.draws[place.number] == 1

    def _new(
        self,
        registers: list[Known | None],
        left: Sequence[Known | None],
        rounds: Rounds,
        place: Place,
        assigned: Sequence[int],
    ) -> list[int]:
        """Take what a round leaves in registers into what it may find there; return where that was something new."""
        new: list[int] = []
        for register in assigned:
            known, found = left[register], registers[register]
            if known is None:
                continue
            known = rewritten(known, place.depth, rounds.single)
            if found is None or not covers(found, known):
                new.append(register)
                registers[register] = uncounted(known if found is None else join(found, known))
        return new

    def _multiplied(self, one: _OneRound, path: Path, place: Place) -> _Ends:
        """Return the ways out of a loop from those of one round (whose probabilities add up to 1)."""
        result = _Ends()
        rounds, header, through = one.rounds, one.header, one.ends.through
        number = max(0.0, self._source.average(rounds.number.mean))
        again = 0.0 if through is None else min(1.0, through.weight)
        to_the_end = again**number
        complete = scaled_tally(header, rounds.all)
        if through is not None:
            add_to(complete, scaled_tally(through.tally, rounds.all))
        if through is not None or not rounds.number.low.get(ONE):
            # Out through the head: every round was complete, and the test was made once more.
            end = path.copy(to_the_end)
            end.registers = list(one.registers)
            end.registers[one.head.register] = constant(False)
            end.add_weighted(header, end.weight)
            if through is not None:
                for register in one.lengthened:
                    first, last = one.registers[register], through.registers[register]
                    end.registers[register] = lengthened(first, last, rounds.all)
                end.add_weighted(complete, end.weight)
                if rounds.number.low.get(ONE, 0) >= 1:
                    end.emitted |= through.emitted
            result.join(self._walk(one.head.leave, end, place))
        # Out in the middle of a round, after any number of complete ones: these pay for its head in the upper bound.
        before = 0.0
        if again < 1.0 and number > 0.0:
            before = max(0.0, again * (1.0 - to_the_end) / (1.0 - again) - to_the_end * number) / number

        def early(left: Path) -> Path:
            share = left.weight / (1.0 - again) if again < 1.0 else 0.0
            end = path.copy((1.0 - to_the_end) * share)
            end.registers = [None if r is None else rewritten(r, place.depth, rounds.single) for r in left.registers]
            end.result = None if left.result is None else rewritten(left.result, place.depth, rounds.single)
            end.add_weighted(scaled_tally(complete, at_most), path.weight * before * share)
            end.add_weighted(scaled_tally(header, at_least), end.weight)
            end.emitted |= left.emitted
            own = scaled_tally(left.tally, rounds.single)
            end.add_weighted(own, end.weight / left.weight if left.weight else 0.0)
            return end

        for level, left in one.ends.exits.items():
            result.leave(level, early(left))
        if one.ends.returned is not None:
            result.returned = meet((result.returned, early(one.ends.returned)))
        return result

    def _round_by_round(self, node: Loop, path: Path, place: Place) -> _Ends:
        """Follow the rounds of a loop one after the other until its condition is certainly false."""
        inside = place.inside(drawing=False)
        result = _Ends()
        current: Path | None = path
        for _ in range(MAX_ROUNDS):
            if current is None or self._hurried:
                break
            ends = self._walk(node.body, current, inside)
            current = ends.through
            result.join(ends)
        if current is not None:
            self._endless(node, current, inside, result)
        return result

    def _endless(self, node: Loop, path: Path, inside: Place, result: _Ends) -> None:
        """Add the ways out of a loop that may have any number of rounds more."""
        start = Path(list(path.registers))
        forget(start.registers, assigned_in(node.body), inside.function)
        ends = self._walk(node.body, start, inside)
        again = 0.0 if ends.through is None else ends.through.weight
        more = _OPEN_ROUNDS if again >= 1.0 else min(_OPEN_ROUNDS, again / (1.0 - again))
        stay: Tally = {} if ends.through is None else ends.through.tally

        def last(one: Path) -> Path:
            end = path.copy()
            end.registers, end.result = one.registers, one.result
            end.emitted |= one.emitted
            share = one.weight / (1.0 - again) if again < 1.0 else 1.0
            end.weight *= share
            end.tally = {key: quantity.weighted(share) for key, quantity in end.tally.items()}
            end.add_weighted(scaled_tally(stay, any_number), more * end.weight)
            end.add_weighted(one.tally, path.weight)
            return end

        for level, one in ends.exits.items():
            result.leave(level, last(one))
        if ends.returned is not None:
            result.returned = meet((result.returned, last(ends.returned)))
