"""Whole jobs on TOTEM's contracts between two organisations: submit, accept, settle two phases, complete, fetch.

Programs are the tests' toy programs: compiling and estimating real ones is measured elsewhere, and what a job costs the
ledger is the same.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.fabric.sites import ROOT, Site, site
from totem.ledger.fabric.in_step import InStep, Newest
from totem_chaincode.registry import REGISTRY
from totem_chaincode.testing import PEOPLE_OF_TWO, Person, Story

__all__ = ["JobFigures", "jobs_site", "measure_jobs"]

_SERVER = ROOT / "tests" / "totem" / "ledger" / "fabric" / "toy_server.py"
_JOBS, _AT_ONCE = 40, 10


@dataclass(frozen=True)
class JobFigures:
    """``seconds`` one job takes alone, ``per_second`` with ten at once, and how many transactions a job has."""

    seconds: float
    per_second: float
    transactions: float


class _Jobs:
    """A consortium on a network, ready for jobs."""

    def __init__(self, at: Site) -> None:
        newest = Newest()
        self.submitted = 0
        self._lock = threading.Lock()
        self._people = {
            person.name: at.enrol(_organisation(person), person.name, person.role) for person in PEOPLE_OF_TWO.values()
        }
        self._ledgers = {name: InStep(at.ledger(name), newest) for name in ("org1", "org2")}
        self.story = Story(self._invoke)
        self.story.people = PEOPLE_OF_TWO
        self._access = self.story.ready(1_000_000)

    def run(self) -> None:
        """Run a job from its submission to the result in the consumer's hands."""
        job_id = self.story.submit(self._access, 100)
        self.story.accept(job_id)
        self.story.settle(job_id, 0, 30)
        self.story.settle(job_id, 1, 12)
        self.story.complete(job_id)
        self._invoke("peter", "results.get", {"job_id": job_id})

    def _invoke(
        self, person: str, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Any:
        ledger, identity = self._ledgers[_organisation(PEOPLE_OF_TWO[person])], self._people[person]
        declared = REGISTRY.get(function)
        if declared is not None and declared.read_only:
            return ledger.evaluate(identity, function, args, transient)
        with self._lock:
            self.submitted += 1
        return ledger.submit(identity, function, args, transient).result


@contextmanager
def jobs_site() -> Iterator[_Jobs]:
    """Bring up two organisations with TOTEM's contracts, founded."""
    with site([sys.executable, str(_SERVER)], name="totem") as at:
        yield _Jobs(at)


def measure_jobs(jobs: _Jobs) -> JobFigures:
    """Measure jobs one after the other, then ten at once.

    Raises:
        ContractError: a job did not end as it must, or the accounts don't add up.
    """
    jobs.run()
    started = time.perf_counter()
    for _ in range(5):
        jobs.run()
    alone = (time.perf_counter() - started) / 5
    before, started = jobs.submitted, time.perf_counter()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda _: jobs.run(), range(_JOBS)))
    seconds = time.perf_counter() - started
    if not jobs.story.audit()["balanced"]:
        raise RuntimeError("the accounts don't add up after the benchmark's jobs")
    return JobFigures(alone, _JOBS / seconds, (jobs.submitted - before) / _JOBS)


def _organisation(person: Person) -> str:
    return person.msp_id.removesuffix("MSP").lower()
