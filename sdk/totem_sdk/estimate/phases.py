"""From phase to phase: what the calls of each phase cost, and what its emits are for the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from totem_sdk.cost import PricedProgram
from totem_sdk.estimate.analysis import Analysis, Setting
from totem_sdk.estimate.blocks import Blocks
from totem_sdk.estimate.forms import NOTHING, Exact
from totem_sdk.estimate.groups import Emits, spread_over_tasks, surely_different
from totem_sdk.estimate.known import Known, join
from totem_sdk.estimate.selectivity import Columns
from totem_sdk.estimate.shape import Budget, Shape
from totem_sdk.estimate.source import Range, Source, joint, split
from totem_sdk.estimate.streams import Stream, collected, grouped
from totem_sdk.estimate.tally import EMITS, TOTAL, Path
from totem_sdk.program import Step, Value

__all__ = ["MAX_LINES", "PhaseCost", "Phases"]

_ZERO = Range(0, 0, 0.0)
MAX_LINES = 300
"""Programs with operations in more source lines get no estimate by line: it would take longer than all the rest."""


@dataclass
class PhaseCost:
    """What a phase costs in all and by source line."""

    total: Range = _ZERO
    lines: dict[int, Range] = field(default_factory=dict)

    def __and__(self, other: PhaseCost) -> PhaseCost:
        """Return what both say of the same phase; what one does not know of costs nothing there."""
        lines = {
            line: self.lines.get(line, _ZERO) & other.lines.get(line, _ZERO) for line in {**self.lines, **other.lines}
        }
        return PhaseCost(self.total & other.total, lines)


class Phases:
    """Follows the phases of a program one after the other."""

    def __init__(self, priced: PricedProgram, params: Mapping[str, Value] | None, columns: Columns) -> None:
        shape = Shape(priced.program)
        self._setting = Setting(priced, params, columns, shape, Budget(), lines=shape.lines <= MAX_LINES)

    def map(
        self, step: Step, source: Source, tasks: Range, rows: Sequence[int] = (), nulls: Mapping[int, int] | None = None
    ) -> tuple[PhaseCost, Stream]:
        """Follow a map phase with its combiner.

        ``rows`` are those of each task and ``nulls`` those in which a column (of some) is None, where they are known.
        """
        cost, stream = self._mapped(step, [source], tasks, rows)
        for column, number in (nulls or {}).items():
            if self._setting.budget.spent:
                break
            # What a mapper does with rows that miss a value is often very different: such rows by themselves.
            other_cost, other = self._mapped(step, split(source, column, number), tasks, rows)
            cost, stream = other_cost & cost, other & stream
        if step.combiner is None:
            return cost, stream
        once = [Source("none", tasks)]
        emits = [
            *self._run(step.combiner_init, once, cost),
            *self._run(step.combiner, [grouped(stream, stream.spread)], cost),
            *self._run(step.combiner_final, once, cost),
        ]
        return cost, collected(step.shuffled or step.emits, emits, tasks)

    def _mapped(
        self, step: Step, parts: Sequence[Source], tasks: Range, rows: Sequence[int]
    ) -> tuple[PhaseCost, Stream]:
        """Follow a map phase up to its combiner, over rows in one or several parts."""
        cost = PhaseCost()
        once = [Source("none", tasks)]
        around = [*self._run(step.mapper_init, once, cost), *self._run(step.mapper_final, once, cost)]
        emits = self._run(step.mapper, parts, cost)
        stream = collected(step.shuffled or step.emits, [*around, *emits], tasks)
        return cost, replace(
            stream, spread=spread_over_tasks((stream.groups, stream.number, tasks), around, emits, rows)
        )

    def reduce(self, step: Step, stream: Stream) -> tuple[PhaseCost, Stream]:
        """Follow a reduce phase over what its map phase has emitted."""
        cost = PhaseCost()
        tasks = Range.exact(step.partitions)
        once = [Source("none", tasks)]
        emits = [
            *self._run(step.reducer_init, once, cost),
            *self._run(step.reducer, [grouped(stream, stream.groups)], cost),
            *self._run(step.reducer_final, once, cost),
        ]
        return cost, collected(step.emits, emits, tasks)

    def _run(self, number: int | None, parts: Sequence[Source], cost: PhaseCost) -> list[Emits]:
        """Follow all calls of a function (None: the step has none), add what they cost, return what they emit.

        ``parts`` are what the calls read: all in one, or rows in several parts.
        """
        parts = [source for source in parts if source.calls.high != 0]
        if number is None or not parts:
            return []
        followed: list[tuple[Analysis, Path]] = []
        for source in parts:
            analysis = Analysis(self._setting, source)
            followed.append((analysis, analysis.run(number)))
        tally = {
            key: joint(
                [(source, end.tally.get(key, NOTHING)) for source, (_, end) in zip(parts, followed, strict=True)]
            )
            for key in {key: None for _, end in followed for key in end.tally}
        }
        cost.total += tally.get(TOTAL, _ZERO)
        for (what, line), amount in tally.items():
            if what == "line":
                cost.lines[line] = cost.lines.get(line, _ZERO) + amount
        texts = {leaf: amount for (what, leaf), amount in tally.items() if what == "bytes"}
        peaks: list[Exact | None] = []
        for source, (_, end) in zip(parts, followed, strict=True):
            high = end.tally.get(EMITS, NOTHING).high
            peaks.append(None if high is None else source.peak(high))
        most = None if None in peaks else max(peak or 0 for peak in peaks)
        pairs = _pairs(parts, [(analysis.blocks, end) for analysis, end in followed])
        calls = sum(source.calls.mean for source in parts)
        return [Emits(pairs, tally.get(EMITS, _ZERO), texts, most, calls)]


def _pairs(parts: Sequence[Source], followed: Sequence[tuple[Blocks, Path]]) -> list[tuple[Known, Known, int]]:
    """Return what each emit gives over all parts of what a function reads (see ``Emits``)."""
    found: list[tuple[Known, Known, int]] = []
    for at in sorted({at for blocks, _ in followed for at in blocks.emitted}):
        reached = [(blocks, end) for blocks, end in followed if at in blocks.emitted]
        keys = [blocks.emitted[at][0] for blocks, _ in reached]
        values = [blocks.emitted[at][1] for blocks, _ in reached]
        certain = len(reached) == len(parts) and all(
            end.emitted >> blocks.emit_numbers[at] & 1 and source.calls.low >= 1
            for source, (blocks, end) in zip(parts, reached, strict=True)
        )
        least = surely_different(keys, parts[0]) if certain else 0
        found.append((reduce(join, keys), reduce(join, values), least))
    return found
