"""Whether the counts of a phase are possible at all: what flows into a block flows out of it.

Whoever has the Program can say which counts no run can have, without the data: each arm of an If and each round of a
Loop is counted, entries of functions follow from rows, groups, tasks and calls, and a site is charged as often as its
block. A task that did not end (out of totem, failed, cancelled) has stopped at one place: for each of them each
function may miss one unit of flow there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from totem_sdk.cost import Counts, PricedProgram
from totem_sdk.program import Block, Body, Exit, If, Loop, Node, Phase, Return, Scope, blocks_of
from totem_sdk.text_flow import combined_texts

__all__ = ["ImpossibleCounts", "check_counts", "check_receipt"]

_ENDS = ("done", "out_of_totem", "failed", "cancelled")


class ImpossibleCounts(ValueError):
    """No run of the program can have these counts; the message names the function and the block."""


def check_receipt(priced: PricedProgram, receipt: Mapping[str, Any]) -> None:
    """Check a phase's receipt: its counts, its end, and that its charge is what the counts add up to.

    Raises:
        ImpossibleCounts: the receipt can't be that of a run.
        InvalidDocument: the receipt's counts are no counts, or name blocks the program does not have.
    """
    end = receipt["end"]
    if end not in _ENDS:
        raise ImpossibleCounts(f"a phase does not end in {end!r}")
    counts = Counts.from_json(receipt)
    charge = priced.total(counts)
    if charge != receipt["charge"]:
        raise ImpossibleCounts(f"the counts add up to {charge} totem, the charge says {receipt['charge']}")
    phase = next(
        (p for p in priced.program.phases if (p.step, p.kind) == (receipt["step"], receipt["phase"])),
        None,
    )
    if phase is None:
        raise ImpossibleCounts(f"the program has no {receipt['phase']} phase in step {receipt['step']}")
    check_counts(
        priced,
        phase.index,
        counts,
        tasks=receipt["tasks"],
        records_in=receipt["records_in"],
        records_out=receipt["records_out"],
        groups_in=receipt["groups_in"],
        end=end,
    )


def check_counts(
    priced: PricedProgram,
    phase_index: int,
    counts: Counts,
    *,
    tasks: int,
    records_in: int,
    records_out: int,
    groups_in: int,
    end: str,
) -> None:
    """Check the counts of one phase.

    ``tasks`` were paid; ``records_in`` counts the rows, pairs or values that were read, ``records_out`` the emits that
    left the phase, ``groups_in`` the groups of a reduce phase that were finished; ``end`` is done, out_of_totem,
    failed or cancelled.

    Raises:
        ImpossibleCounts: the counts can't be those of a run.
        InvalidDocument: they name a block or site that the program does not have.
    """
    priced.total(counts)
    open_tasks = {"done": 0, "cancelled": tasks}.get(end, 1)
    check = _Check(priced, priced.program.phases[phase_index], counts, open_tasks)
    check.functions(tasks, records_in, groups_in)
    check.sites()
    check.emits(records_out)


class _Check:
    def __init__(self, priced: PricedProgram, phase: Phase, counts: Counts, open_tasks: int) -> None:
        self.priced = priced
        self.phase = phase
        self.functions_of = priced.program.functions
        self.counts = counts
        self.open_tasks = open_tasks
        step = priced.program.steps[phase.step]
        reduce = phase.kind == "reduce"
        self.main = step.reducer if reduce else step.mapper
        self.once = [step.reducer_init, step.reducer_final] if reduce else [step.mapper_init, step.mapper_final]
        self.combiner = None if reduce else step.combiner
        if not reduce:
            self.once += [step.combiner_init, step.combiner_final]
        self.reduce = reduce
        self.missing = 0
        self.name = ""

    def functions(self, tasks: int, records_in: int, groups_in: int) -> None:
        """Follow the flow through every function, and allow no count outside of the phase's functions."""
        entries: dict[int, tuple[int, int]] = {}
        spare = self.open_tasks
        expected = groups_in if self.reduce else records_in
        if self.main is not None:
            entries[self.main] = (expected - spare, expected + spare)
        for function in self.once:
            if function is not None:
                entries[function] = (tasks - spare, tasks)
        if self.combiner is not None:
            # A group has a pair at least, whether the combiner draws its values or not.
            entries[self.combiner] = (0, self.emitted([self.main, *self.once[:2]]))
        reached = list(entries)
        calls, widest = self.calls(reached)
        for function in reached:
            low, high = entries.get(function, (0, 0))
            if function in calls:
                low, high = calls[function] - spare * widest[function], calls[function]
            entered = self.entry(function)
            if not low <= entered <= high:
                self.impossible(function, f"entered {entered} times; between {max(low, 0)} and {high} are possible")
            self.name, self.missing = self.functions_of[function].name, spare
            self.walk(self.functions_of[function].body, entered, [])
        self.values(reached, records_in)
        known = {block.id for function in reached for block in blocks_of(self.functions_of[function].body)}
        for block, number in self.counts.blocks.items():
            if number and block not in known:
                raise ImpossibleCounts(f"block {block} does not belong to this phase")

    def values(self, reached: list[int], records_in: int) -> None:
        """Compare the values that were drawn, one by one and in folds, with those that there were."""
        drawn = 0
        for function in reached:
            for block in blocks_of(self.functions_of[function].body):
                drawn += self.counts.blocks[block.id] * sum(op.code == "read_value" for op in block.ops)
        for site in self.priced.sites:
            if site.op.code.startswith("fold_"):
                drawn += self.counts.sites.get(site.id, (0, 0, 0))[1]
        if self.reduce and not drawn - self.open_tasks <= records_in <= drawn:
            raise ImpossibleCounts(f"{records_in} values were read; the counts say {drawn}")
        if not self.reduce and drawn > (emitted := self.emitted([self.main, *self.once[:2]])):
            raise ImpossibleCounts(f"the combiner has drawn {drawn} values of {emitted}")

    def calls(self, reached: list[int]) -> tuple[dict[int, int], dict[int, int]]:
        """Return how often each helper was called, and the most calls of it in one block; completes ``reached``."""
        calls: Counter[int] = Counter()
        widest: dict[int, int] = {}
        for function in reached:  # grows: helpers of helpers
            for block in blocks_of(self.functions_of[function].body):
                targets = Counter(int(str(op.imm[0])) for op in block.ops if op.code == "call")
                for target, number in targets.items():
                    calls[target] += number * self.counts.blocks[block.id]
                    widest[target] = max(widest.get(target, 0), number)
                    if target not in reached:
                        reached.append(target)
        return dict(calls), widest

    def entry(self, function: int) -> int:
        """Return how often a function was entered: the count of its first block."""
        return self.first(self.functions_of[function].body)

    def first(self, body: Body) -> int:
        """Return the count of the block that a body begins with."""
        block = body[0]
        if not isinstance(block, Block):
            raise ImpossibleCounts(f"{self.name}: the program is malformed, an arm does not begin with a block")
        return self.counts.blocks[block.id]

    def take(self, expected: int, found: int, where: str) -> None:
        """Compare flows; the difference must be what open tasks have left behind."""
        gone = expected - found
        if not 0 <= gone <= self.missing:
            raise ImpossibleCounts(f"{self.name}, {where}: {found} in the counts, {expected} flow in")
        self.missing -= gone

    def walk(self, body: Sequence[Node], flow: int, exits: list[int]) -> int:
        """Return what falls out of the end of a body that ``flow`` enters; ``exits`` collects by enclosing level."""
        for node in body:
            match node:
                case Block(id=block):
                    found = self.counts.blocks[block]
                    self.take(flow, found, f"block {block}")
                    flow = found
                case If(then=then, orelse=orelse):
                    entered = self.first(then), self.first(orelse)
                    self.take(flow, sum(entered), "the arms of an if")
                    flow = self.walk(then, entered[0], exits) + self.walk(orelse, entered[1], exits)
                case Loop(body=inner):
                    rounds = self.first(inner)
                    exits.append(0)
                    again = self.walk(inner, rounds, exits)
                    self.take(flow + again, rounds, "the rounds of a loop")
                    flow = exits.pop()
                case Scope(body=inner):
                    exits.append(0)
                    flow = self.walk(inner, flow, exits)
                    flow += exits.pop()
                case Exit(level=level):
                    exits[-1 - level] += flow
                    return 0
                case Return():
                    return 0
        return flow

    def sites(self) -> None:
        """A site is charged whenever its block runs through, folds over at least one value each.

        A combiner reads no more bytes of texts than the mapper has emitted: each value once, each key at most as often.
        """
        for site in self.priced.sites:
            times, count, size = self.counts.sites.get(site.id, (0, 0, 0))
            entered = self.counts.blocks[site.block]
            counted = any(term.by != "bytes" for term in site.terms)
            fewest = times if any(term.by == "pairs" for term in site.terms) else 0
            if not entered - self.open_tasks <= times <= entered:
                raise ImpossibleCounts(f"site {site.id}: charged {times} times in a block entered {entered} times")
            if (count < fewest if counted else count != 0) or (times == 0 and (count or size)):
                raise ImpossibleCounts(f"site {site.id}: {count} values and {size} bytes in {times} charges")
        if self.combiner is not None:
            texts = combined_texts(self.priced, self.phase, self.counts)
            if None not in (texts.read, texts.emitted) and (texts.read or 0) > (texts.emitted or 0):
                raise ImpossibleCounts(f"the combiner has read {texts.read} bytes of texts of {texts.emitted}")

    def emits(self, records_out: int) -> None:
        """What left the phase is what its last function's emits were entered for."""
        last = self.main if self.combiner is None else self.combiner
        sources = [last, *(self.once if self.combiner is None else self.once[2:])]
        emitted = self.emitted(sources)
        if records_out > emitted or (records_out < emitted and not self.open_tasks):
            raise ImpossibleCounts(f"{records_out} records left the phase, its emits were reached {emitted} times")

    def emitted(self, functions: Sequence[int | None]) -> int:
        """Return how often the emits of functions were reached."""
        return sum(
            self.counts.blocks[block.id]
            for function in functions
            if function is not None
            for block in blocks_of(self.functions_of[function].body)
            for op in block.ops
            if op.code == "emit"
        )

    def impossible(self, function: int, message: str) -> None:
        """Refuse the counts of a function."""
        raise ImpossibleCounts(f"{self.functions_of[function].name}: {message}")
