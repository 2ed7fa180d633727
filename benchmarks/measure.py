"""Timing shared by the benchmarks: repeated runs in turn, medians of pairs, and records for ``build/bench.json``."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Contender", "Record", "WrongAnswer", "compare", "not_run"]

Answer = dict[Any, float]
"""Key → sum; what every contender computes (peak hour: hour of the day → sum of kW)."""


class WrongAnswer(Exception):
    """A contender computed something else: its time says nothing."""


@dataclass(frozen=True)
class Contender:
    """Somebody who answers the question; ``run`` reads the data itself each time it is called.

    ``times`` is how often it is run. ``cpu`` is a clock of the processor time, in seconds, of all processes that work
    for it.
    """

    name: str
    run: Callable[[], Answer]
    times: int = 5
    cpu: Callable[[], float] = time.process_time


@dataclass(frozen=True)
class Record:
    """One line of the result: ours against one peer. ``ratio`` is ours / peer: below 1 we are faster.

    Seconds are medians, ``ratio`` is the median of the ratios of runs that followed one another, ``ratio_range`` the
    least and the greatest of them; so a slow minute of the machine hits both. ``cpu_seconds`` is processor time, of all
    processes and threads. Where a peer was not run, ``reason`` says why.
    """

    name: str
    rows: int
    seconds: float
    peer: str
    peer_seconds: float | None
    ratio: float | None
    ratio_range: tuple[float, float] | None = None
    runs: int = 0
    cpu_seconds: float = 0.0
    peer_cpu_seconds: float | None = None
    cpu_ratio: float | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the record as it stands in ``build/bench.json``."""
        return asdict(self)


@dataclass
class _Times:
    """What was measured of one contender."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    answer: Answer = field(default_factory=dict)

    def measure(self, contender: Contender) -> None:
        cpu, started = contender.cpu(), time.perf_counter()
        self.answer = contender.run()
        self.seconds.append(time.perf_counter() - started)
        self.cpu.append(contender.cpu() - cpu)


def compare(name: str, rows: int, ours: Contender, peers: list[Contender]) -> list[Record]:
    """Run all contenders in turn, once to warm up where they are run more than once, and compare them.

    Raises:
        WrongAnswer: a contender's answer differs from ours by more than float summation explains.
    """
    everybody = [ours, *peers]
    times = {contender.name: _Times() for contender in everybody}
    for contender in everybody:
        if contender.times > 1:
            contender.run()
    for turn in range(max(contender.times for contender in everybody)):
        for contender in everybody:
            if turn < contender.times:
                times[contender.name].measure(contender)
        print(f"  {name}, {rows:,} rows: turn {turn + 1}", flush=True)
    mine = times[ours.name]
    records = []
    for peer in peers:
        theirs = times[peer.name]
        check_equal(ours.name, mine.answer, peer.name, theirs.answer)
        ratios = [own / other for own, other in zip(mine.seconds, theirs.seconds, strict=False)]
        cpu_ratios = [own / other for own, other in zip(mine.cpu, theirs.cpu, strict=False) if other]
        records.append(
            Record(
                name=name,
                rows=rows,
                seconds=statistics.median(mine.seconds),
                peer=peer.name,
                peer_seconds=statistics.median(theirs.seconds),
                ratio=statistics.median(ratios),
                ratio_range=(min(ratios), max(ratios)),
                runs=len(ratios),
                cpu_seconds=statistics.median(mine.cpu),
                peer_cpu_seconds=statistics.median(theirs.cpu),
                cpu_ratio=statistics.median(cpu_ratios) if cpu_ratios else None,
            )
        )
    return records


def not_run(record: Record, peer: str, reason: str) -> Record:
    """Return the record of ours against a peer that was not run."""
    return Record(record.name, record.rows, record.seconds, peer, None, None, reason=reason)


def check_equal(ours: str, mine: Mapping[Any, float], peer: str, theirs: Mapping[Any, float]) -> None:
    """Compare two answers with a relative tolerance of 1e-9 for each sum.

    Raises:
        WrongAnswer: they differ; the message names the key.
    """
    if mine.keys() != theirs.keys():
        raise WrongAnswer(f"{ours} has the keys {sorted(mine)}, {peer} has {sorted(theirs)}")
    for key, value in mine.items():
        if abs(value - theirs[key]) > 1e-9 * max(abs(value), abs(theirs[key])):
            raise WrongAnswer(f"key {key!r}: {ours} has {value!r}, {peer} has {theirs[key]!r}")
