"""Where a job's time goes: the steps of one process, each by itself, and the messages of the framework.

Written beside the figures (``build/bench_profile.json``), so that a target that is missed says what to mend.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.ours import ENOUGH, BenchmarkFailed, Job, in_this_process, spec_of, with_and_without_charges
from totem_ccf.engines.local import EscrowSettlement, LocalEngine
from totem_ccf.kernel import compile_kernel
from totem_ccf.metering.recorder import read_records

__all__ = ["profile"]

TURNS = 3

_STAGES = {
    ("manager", "release"): "settling phases",
    ("manager", "stop"): "settling phases",
    ("master", "phase-begun"): "starting, compiling",
    ("master", "run"): "from task to task",
    ("updater", "execute"): "from task to task",
    ("worker", "executed"): "reading and computing",
    ("updater", "continue"): "leases",
    ("updater", "finish"): "reading and computing",
    ("worker", "task-done"): "handing in reports",
    ("master", "StartAttempt"): "from task to task",
    ("ledger", "answer"): "settling phases",
}
"""What the time before a message belongs to, by who sends it; one worker, so one thing happens after the other."""


def profile(engine: LocalEngine, job: Job) -> dict[str, Any]:
    """Return the seconds of each step of a job, least of several turns (processor time where one process works)."""
    return {"rows": job.rows, "one process, processor seconds": _steps(job), "framework, seconds": _stages(engine, job)}


def _steps(job: Job) -> dict[str, float]:
    columns = [job.dataset.schema.columns[position].name for position in job.priced.columns_charged]

    def read(*, verify: bool) -> None:
        for fragment in job.dataset.fragments:
            for _ in fragment.read(columns, verify=verify):
                pass

    decoding = _least(lambda: read(verify=False))
    verifying = _least(lambda: read(verify=True)) - decoding
    kernel = _least(with_and_without_charges(job)[0].run)
    everything = _least(in_this_process(job).run)
    return {
        "compiling (before, not counted)": _least(lambda: compile_kernel(job.priced)),
        "decoding Parquet": decoding,
        "verifying digests": verifying,
        "copying columns, running the map kernel": kernel,
        "shuffling, reducing, the rest": everything - decoding - verifying - kernel,
        "everything": everything,
    }


def _stages(engine: LocalEngine, job: Job) -> dict[str, float]:
    """Return what the time between two messages was spent on, from a job that notes its messages."""
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as folder:
        directory = Path(folder) / "job"
        spec = spec_of(job, directory, 1, trace=True)
        started = time.monotonic_ns()
        end = engine.run(spec, EscrowSettlement(job.priced, ENOUGH))
        ended = time.monotonic_ns()
        if end.state != "completed":
            raise BenchmarkFailed(f"{job.source.name} ended {end.state}: {end.reason or end.error}")
        records = read_records(directory)
    stages: dict[str, float] = {}
    before, running = started, False
    for record in records:
        running = running or record["message"] == "run"
        who = record["from"].split(" ")[0]
        stage = _STAGES.get((who, record["message"]), "other messages") if running else "starting, compiling"
        stages[stage] = stages.get(stage, 0.0) + (record["at"] - before) / 1e9
        before = record["at"]
    stages["writing the result, ending processes, removing files"] = (ended - before) / 1e9
    stages["everything (with the noting of messages)"] = (ended - started) / 1e9
    return stages


def _least(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(TURNS):
        started = time.process_time()
        run()
        seconds.append(time.process_time() - started)
    return min(seconds)
