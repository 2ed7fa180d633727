"""The estimate of a whole job on published statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from totem_sdk.cost import MAX_TOTEM, PricedProgram
from totem_sdk.estimate.dataset import Dataset
from totem_sdk.estimate.phases import PhaseCost, Phases
from totem_sdk.estimate.source import Range
from totem_sdk.estimate.streams import Stream, pairs
from totem_sdk.program import Value
from totem_sdk.statistics import Statistics
from totem_sdk.types import BOOL, FLOAT, NONE, STR, Option, Scalar, Tuple, Type

__all__ = ["Estimate", "LineEstimate", "PhaseEstimate", "ResultEstimate", "estimate"]


@dataclass(frozen=True, slots=True)
class PhaseEstimate:
    """Bounds of one phase in totem; ``upper`` is None where there is none."""

    step: int
    phase: str
    lower: int
    expected: int
    upper: int | None


@dataclass(frozen=True, slots=True)
class LineEstimate:
    """Bounds of what one source line costs in all phases, in totem."""

    line: int
    lower: int
    expected: int
    upper: int | None


@dataclass(frozen=True, slots=True)
class ResultEstimate:
    """The least size of the result of a job that completes: its lines, and their bytes as canonical JSON."""

    lines: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job costs in totem if it completes: ``lower`` ≤ cost ≤ ``upper`` (None: without bound).

    No bill is over ``MAX_TOTEM``: an upper bound above it is none, and ``lower`` and ``expected`` end one over it.
    ``lines`` is empty for programs of more than ``phases.MAX_LINES`` lines. ``row_texts`` are the least and the most
    (None: without bound) bytes of texts that reading every row charges; equal where the sizes are published.
    """

    lower: int
    expected: int
    upper: int | None
    phases: tuple[PhaseEstimate, ...]
    lines: tuple[LineEstimate, ...]
    result: ResultEstimate
    row_texts: tuple[int, int | None]

    def to_json(self) -> dict[str, Any]:
        """Return ``{"lower", "expected", "upper", "phases": [...], "lines": [...]}``; an unbounded upper is None."""
        return {
            "lower": self.lower,
            "expected": self.expected,
            "upper": self.upper,
            "phases": [
                {"step": p.step, "phase": p.phase, "lower": p.lower, "expected": p.expected, "upper": p.upper}
                for p in self.phases
            ],
            "lines": [
                {"line": entry.line, "lower": entry.lower, "expected": entry.expected, "upper": entry.upper}
                for entry in self.lines
            ],
        }


def estimate(priced: PricedProgram, statistics: Sequence[Statistics], params: Mapping[str, Value]) -> Estimate:
    """Estimate what a job costs on datasets of which only statistics are known.

    ``statistics`` are those of the datasets in the order in which the job lists them, ``params`` bound parameters
    (``totem_sdk.parameters.bind``). The bounds hold for every run that completes on data that the statistics
    describe. The expected value goes by means, histograms and, where nothing is published, by these guesses: a
    condition is true half of the time, a word has five letters, a loop that nothing bounds ends as probably as its
    condition says and at the latest after 1000 rounds.
    """
    dataset = Dataset(priced, statistics)
    phases = Phases(priced, params, dataset.column)
    costs: list[PhaseCost] = []
    stream = None
    for phase in priced.program.phases:
        step = priced.program.steps[phase.step]
        if phase.kind == "reduce" and stream is not None:
            cost, stream = phases.reduce(step, stream)
        elif stream is None:
            tasks = Range.exact(len(dataset.fragments))
            cost, stream = phases.map(step, dataset.source(), tasks, dataset.fragments, dataset.nulls())
        else:
            cost, stream = phases.map(step, pairs(stream), stream.tasks)
        costs.append(cost)
    lines: dict[int, Range] = {}
    total = Range(0, 0, 0.0)
    for cost in costs:
        total += cost.total
        for line, amount in cost.lines.items():
            lines[line] = lines.get(line, Range(0, 0, 0.0)) + amount
    low, _, high = _whole(dataset.charged())
    return Estimate(
        *_whole(total),
        phases=tuple(
            PhaseEstimate(phase.step, phase.kind, *_whole(cost.total))
            for phase, cost in zip(priced.program.phases, costs, strict=True)
        ),
        lines=tuple(LineEstimate(line, *_whole(amount)) for line, amount in sorted(lines.items()) if amount.high != 0),
        result=ResultEstimate(0, 0) if stream is None else _result(stream),
        row_texts=(low, high),
    )


def _result(stream: Stream) -> ResultEstimate:
    """Return the least size of these pairs as result lines: no JSON text is shorter than its own bytes."""
    lines = math.ceil(stream.number.low)
    texts = sum(math.ceil(total.low) for total in stream.texts.values())
    key, value = stream.types
    return ResultEstimate(lines, lines * (len("[,]\n") + _shortest(key) + _shortest(value)) + texts)


def _shortest(type_: Type) -> int:
    """Return the bytes of the shortest JSON text of a type's values (empty texts)."""
    if isinstance(type_, Tuple):
        return len("[]") + sum(_shortest(item) for item in type_.items) + max(len(type_.items) - 1, 0)
    if isinstance(type_, Option):
        return min(len("null"), _shortest(type_.item))
    if isinstance(type_, Scalar):
        return {BOOL: len("true"), FLOAT: len("0.0"), NONE: len("null"), STR: len('""')}.get(type_, len("0"))
    return len("[]")


def _whole(amount: Range) -> tuple[int, int, int | None]:
    """Return lower, expected and upper bound as whole totem."""
    low = math.ceil(amount.low)
    high = None if amount.high is None else math.floor(amount.high)
    expected = max(low, min(MAX_TOTEM + 1, round(amount.mean)))
    return low, expected if high is None else min(expected, high), high
