"""Nanoseconds per totem of a job: two sizes of the same data, in turn, so that what every run has drops out."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.meter.running import ENOUGH, Prepared, Ran, Rows

__all__ = ["NOISY", "TURNS", "Limits", "TooSmall", "Worth", "worth"]

TURNS = 7
LARGE = 3
"""How many times larger the larger of the two runs is."""
NOISY = 1.25
"""A figure is noisy where half of the runs take longer than this, of the shortest."""
FIXED = 0.25
"""The two sizes differ by this part, at least, of what the smaller takes: most of that may be what every run has."""
MOST_ROWS = 1 << 19


class TooSmall(Exception):
    """A job costs nothing more for more rows, or never takes long enough to be measured."""


@dataclass(frozen=True)
class Limits:
    """How well to measure: ``turns`` pairs of runs, ``seconds`` apart; most totem and rows of the smaller one."""

    turns: int = TURNS
    seconds: float = 0.004
    totem: int = ENOUGH
    rows: int = MOST_ROWS


@dataclass(frozen=True)
class Worth:
    """What more rows have cost: processor seconds, totem, unit bytes by class; ``spread`` is median / least run."""

    seconds: float
    totem: int
    units: Mapping[str, int]
    spread: float
    rows: int

    @property
    def ns(self) -> float:
        """Nanoseconds per totem."""
        return self.seconds * 1e9 / self.totem

    @property
    def noisy(self) -> bool:
        """Whether the machine had other things to do."""
        return self.spread > NOISY


def worth(job: Prepared, rows: Rows, limits: Limits) -> Worth:
    """Measure a job on its rows, repeated until three times as many take ``limits.seconds`` more.

    Of each size the shortest of ``turns`` runs counts: others have waited for caches, or for a neighbour. Where the
    escrow ends a run before its rows do, its size is the escrow's.

    Raises:
        TooSmall: more rows cost nothing, or ``limits.rows`` of them take no time.
        JobFailed: an error of the program.
    """
    repeats = 1
    while True:
        data = list(rows) * repeats
        pair = _Pair(job, data, limits)
        pair.run()
        pair.run()  # one run that waited for something would be believed to be the work of more rows
        more = pair.seconds
        enough = more >= max(limits.seconds, FIXED * pair.few[0].seconds)
        if enough or not pair.few[0].complete:
            break
        if len(data) * 2 > limits.rows:
            pair.run()
            pair.run()
            more = pair.seconds
            if more > limits.seconds / 4:
                break
            raise TooSmall(f"{len(data):,} rows more take {max(more, 0) * 1e3:.1f} ms more")
        repeats = min(repeats * max(2, min(16, int(2 * limits.seconds / max(more, 1e-5)))), limits.rows // len(rows))
    for _ in range(limits.turns - 1):
        pair.run()
    if pair.totem <= 0 or pair.seconds <= 0:
        raise TooSmall(f"{len(data):,} rows more cost {pair.totem:,} totem more and take {pair.seconds:.4f} s more")
    few, many = pair.few[0].units, pair.many[0].units
    units = {name: count - few.get(name, 0) for name, count in many.items()}
    spread = statistics.median(run.seconds for run in pair.many) / min(run.seconds for run in pair.many)
    return Worth(pair.seconds, pair.totem, units, spread, len(data))


class _Pair:
    """Runs of a job on its data, and on several times as much, in turn."""

    def __init__(self, job: Prepared, data: Rows, limits: Limits) -> None:
        self.few: list[Ran] = []
        self.many: list[Ran] = []
        self._job, self._limits = job, limits
        self._small, self._large = [job.batches(data)], [job.batches([*data] * LARGE)]

    def run(self) -> None:
        self.few.append(self._job.run(self._small, self._limits.totem))
        self.many.append(self._job.run(self._large, self._limits.totem * LARGE))

    @property
    def seconds(self) -> float:
        return min(run.seconds for run in self.many) - min(run.seconds for run in self.few)

    @property
    def totem(self) -> int:
        return self.many[0].totem - self.few[0].totem
