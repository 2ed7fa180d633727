"""What is measured on one network: latencies one at a time, throughput with many in flight."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.fabric.sites import Site

__all__ = ["IN_FLIGHT", "SmallFigures", "latencies", "measure_small", "rate"]

IN_FLIGHT = 50
_EVALUATES, _SUBMITS = 100, 20
_EVALUATES_AT_ONCE, _SUBMITS_AT_ONCE = 1_000, 500


@dataclass(frozen=True)
class SmallFigures:
    """One turn with the small contract: milliseconds of calls one at a time, calls per second with many in flight.

    Medians, and the least: what a busy machine leaves of the median says little. ``servers_…`` is the processor time of
    all organisations' chaincode servers for one call.
    """

    evaluate_ms: float
    evaluate_least_ms: float
    submit_ms: float
    submit_least_ms: float
    evaluates_per_second: float
    submits_per_second: float
    servers_evaluate_ms: float
    servers_submit_ms: float


class _Keys:
    """Keys that nobody has written yet: transactions must not conflict."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self) -> str:
        return f"key {next(self._numbers)}"


_new_key = _Keys()


def latencies(run: Callable[[], object], times: int) -> list[float]:
    """Return the milliseconds of runs one after the other."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        found.append((time.perf_counter() - started) * 1_000)
    return found


def rate(run: Callable[[], object], times: int, in_flight: int = IN_FLIGHT) -> float:
    """Return how many runs a second there are with so many in flight; the first error is raised."""
    with ThreadPoolExecutor(in_flight) as pool:
        list(pool.map(lambda _: run(), range(in_flight)))  # every thread and connection has worked once
        started = time.perf_counter()
        list(pool.map(lambda _: run(), range(times)))
        return times / (time.perf_counter() - started)


def measure_small(site: Site) -> SmallFigures:
    """Measure one turn on a network with the small contract."""
    key = _new_key()
    site.put(key)
    evaluates = latencies(lambda: site.get(key), _EVALUATES)
    submits = latencies(lambda: site.put(_new_key()), _SUBMITS)
    before = site.server_seconds()
    evaluates_per_second = rate(lambda: site.get(key), _EVALUATES_AT_ONCE)
    between = site.server_seconds()
    submits_per_second = rate(lambda: site.put(_new_key()), _SUBMITS_AT_ONCE)
    after = site.server_seconds()
    return SmallFigures(
        evaluate_ms=statistics.median(evaluates),
        evaluate_least_ms=min(evaluates),
        submit_ms=statistics.median(submits),
        submit_least_ms=min(submits),
        evaluates_per_second=evaluates_per_second,
        submits_per_second=submits_per_second,
        servers_evaluate_ms=(between - before) * 1_000 / (_EVALUATES_AT_ONCE + IN_FLIGHT),
        servers_submit_ms=(after - between) * 1_000 / (_SUBMITS_AT_ONCE + IN_FLIGHT),
    )
