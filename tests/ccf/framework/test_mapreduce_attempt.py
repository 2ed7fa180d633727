"""One attempt in this process: what it leaves behind, and that it is on the disk before anybody hears of it."""

import os
from pathlib import Path

import pytest

from totem_ccf.engines.local.interpreter_executor import InterpreterExecutor
from totem_ccf.mapreduce.attempt import AttemptRunner, attempt_directory
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.mapreduce.runs import ShuffleError
from totem_sdk.task import Escrow


class Lease(Escrow):
    """Totem without a manager."""

    stopped = None


@pytest.fixture
def attempt(jobs):
    """Run tasks of a job in this process."""
    spec = jobs.three_steps(2, 40)
    plan = Plan(spec.priced.program, spec.fragments)
    # A byte of memory: every batch of emits becomes a run of its own.
    runner = AttemptRunner(spec.priced, InterpreterExecutor(spec.priced, spec.params), spec.directory, 1)

    def run(phase, number, outputs=()):
        return runner.run(plan.task(phase, number, outputs), 1, Lease(1 << 40))

    run.directory = spec.directory
    run.plan = plan
    return run


@pytest.fixture
def synced(monkeypatch):
    """The paths that were synchronised, in order."""
    paths = []
    real = os.fsync

    def fsync(descriptor):
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return paths


def assert_on_disk(report, directory, synced):
    files = {Path(piece["path"]) for piece in report.output["pieces"]}
    assert files
    for file in files:
        # A folder counts only once what is in it is there for good.
        chain = [file, *file.parents[: len(file.relative_to(directory).parts)]]
        assert chain[-1] == directory
        places = [synced.index(path) for path in chain]
        assert places == sorted(places)


def test_what_a_report_names_is_on_the_disk_with_its_folders(attempt, synced):
    mapped = attempt(0, 0)
    assert_on_disk(mapped, attempt.directory, synced)
    synced.clear()
    reduced = attempt(1, 0, [mapped.output])
    assert_on_disk(reduced, attempt.directory, synced)


def test_a_disk_that_does_not_take_it_breaks_the_attempt_and_leaves_nothing(attempt, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ShuffleError, match=r"run-0000.arrow: can't write .* No space left on device"):
        attempt(0, 0)
    assert not attempt_directory(attempt.directory, attempt.plan.task(0, 0, ()), 1).exists()
