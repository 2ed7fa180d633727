"""Nanoseconds per totem of the conformance programs: what a totem is worth, as consumers' programs spend it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator

from corpus import CorpusJob, load_all

from benchmarks.meter.running import JobFailed, Prepared
from benchmarks.meter.timing import Limits, TooSmall, Worth, worth

__all__ = ["conformance", "median_ns"]


def conformance(limits: Limits, jobs: Iterable[CorpusJob] | None = None) -> Iterator[tuple[str, Worth | str]]:
    """Yield each program with its worth, or why it has none."""
    for job in load_all() if jobs is None else jobs:
        if job.fails is not None:
            yield job.name, "ends in an error"
            continue
        rows = [row for fragment in job.fragments for row in fragment]
        try:
            yield job.name, worth(Prepared(job.source, job.schema, job.params), rows, limits)
        except (JobFailed, TooSmall) as reason:
            yield job.name, str(reason)


def median_ns(found: Iterable[Worth]) -> float:
    """Return the median of nanoseconds per totem."""
    return statistics.median(each.ns for each in found)
