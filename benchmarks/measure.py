"""Timing shared by the benchmarks: repeated, interleaved runs, medians, and records for ``build/bench.json``."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Contender", "Record", "WrongAnswer", "compare"]

Answer = dict[Any, float]
"""Key → sum; what every contender computes (peak hour: hour of the day → sum of kW)."""


class WrongAnswer(Exception):
    """A contender computed something else: its time says nothing."""


@dataclass(frozen=True)
class Contender:
    """Somebody who answers the question; ``run`` reads the data itself each time it is called."""

    name: str
    run: Callable[[], Answer]
    times: int = 5
    """How often it is run; the median counts."""


@dataclass(frozen=True)
class Record:
    """One line of the result: ours against one peer. ``ratio`` is ours / peer: below 1 we are faster."""

    name: str
    rows: int
    seconds: float
    peer: str
    peer_seconds: float
    ratio: float

    def to_json(self) -> dict[str, object]:
        """Return the record as it stands in ``build/bench.json``."""
        return asdict(self)


def compare(name: str, rows: int, ours: Contender, peers: list[Contender]) -> list[Record]:
    """Run all contenders in turn, so that a slow minute of the machine hits everybody, and compare medians.

    Raises:
        WrongAnswer: a contender's answer differs from ours by more than float summation explains.
    """
    everybody = [ours, *peers]
    seconds: dict[str, list[float]] = {contender.name: [] for contender in everybody}
    answers: dict[str, Answer] = {}
    for turn in range(max(contender.times for contender in everybody)):
        for contender in everybody:
            if turn < contender.times:
                started = time.perf_counter()
                answers[contender.name] = contender.run()
                seconds[contender.name].append(time.perf_counter() - started)
    for peer in peers:
        check_equal(ours.name, answers[ours.name], peer.name, answers[peer.name])
    median = {who: statistics.median(times) for who, times in seconds.items()}
    mine = median[ours.name]
    return [Record(name, rows, mine, peer.name, median[peer.name], mine / median[peer.name]) for peer in peers]


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
