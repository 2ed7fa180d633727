"""Our side of the benchmark: a job on the local engine, and its kernel alone in this process."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.measure import Answer, Contender
from totem_ccf.engines.local import EscrowSettlement, JobSpec, LocalEngine
from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.shuffle import GroupBatch, Piece, ShuffleReader, ShuffleWriter
from totem_ccf.storage import Dataset, open_dataset
from totem_sdk.cost import PricedProgram, price
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.table import load
from totem_sdk.task import Escrow, TaskResult

__all__ = [
    "BenchmarkFailed",
    "Job",
    "columns_in_this_process",
    "in_this_process",
    "on_the_engine",
    "spec_of",
    "with_and_without_charges",
]

ENOUGH = 10**17
LEASE = 10**12
MEMORY = 1 << 30
SETTLE_SECONDS = 0.1
"""After a job its zygote hears of the last processes' ends; only then it knows what they have used."""


class BenchmarkFailed(Exception):
    """A job did not complete: there is no time to report."""


@dataclass(frozen=True)
class Job:
    """An example of one step on a Parquet file."""

    source: Path
    parquet: Path

    @cached_property
    def dataset(self) -> Dataset:
        """The file, opened and digested as publishing does it: once, before any job runs."""
        return open_dataset([self.parquet])

    @cached_property
    def priced(self) -> PricedProgram:
        """The compiled job under table standard-1."""
        return price(compile_job(self.source.read_text("utf-8"), self.dataset.schema), load("standard-1"))

    @cached_property
    def params(self) -> dict[str, Any]:
        """The job's parameters, all at their defaults."""
        return bind(self.priced.program, {})

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.dataset.rows


def on_the_engine(engine: LocalEngine, job: Job, workers: int) -> Contender:
    """The whole framework: processes, leases, shuffle through files, settled phases; reads the file each time."""

    def run() -> Answer:
        with tempfile.TemporaryDirectory(prefix="totem-bench-") as folder:
            spec = spec_of(job, Path(folder) / "job", workers)
            end = engine.run(spec, EscrowSettlement(job.priced, ENOUGH))
            if end.state != "completed" or end.result is None:
                raise BenchmarkFailed(f"{job.source.name} ended {end.state}: {end.reason or end.error}")
            return {_key(key): value for key, value in map(json.loads, end.result.read_text("utf-8").splitlines())}

    def cpu() -> float:
        return time.process_time() + _cpu_of_children(engine.processes.pid)

    return Contender(f"totem, {workers} worker{'s'[: workers > 1]}", run, cpu=cpu)


def spec_of(job: Job, directory: Path, workers: int, *, trace: bool = False) -> JobSpec:
    """Return the job as the engine gets it."""
    return JobSpec(
        job_id="bench",
        directory=directory,
        program=job.priced.program.encode(),
        table=job.priced.table.to_json(),
        params=job.params,
        escrow=ENOUGH,
        fragments=[fragment.to_json() for fragment in job.dataset.fragments],
        workers=workers,
        trace=trace,
    )


def _cpu_of_children(zygote: int) -> float:
    """Return the processor time of the processes that a zygote has forked and that have ended, in seconds."""
    time.sleep(SETTLE_SECONDS)
    fields = Path(f"/proc/{zygote}/stat").read_text("utf-8").rpartition(")")[2].split()
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), of which the first two stand before the name's end.
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def in_this_process(job: Job) -> Contender:
    """Kernel, metering and shuffle without the framework's processes, as the peers run; reads the file each time."""
    compiled = compile_kernel(job.priced)

    def run() -> Answer:
        executor = KernelExecutor(compiled, job.params)
        tasks = [fragment.read(_columns(job)) for fragment in job.dataset.fragments]
        return _reduced(job, executor, _grouped(job, executor, tasks))

    return Contender("totem, this process", run)


def columns_in_this_process(job: Job, summary: Callable[[Any, Any], Answer], times: int) -> Contender:
    """As ``in_this_process``, but the result stays in columns: ``summary`` gets those of keys and values."""
    compiled = compile_kernel(job.priced)

    def run() -> Answer:
        executor = KernelExecutor(compiled, job.params)
        tasks = [fragment.read(_columns(job)) for fragment in job.dataset.fragments]
        out = _emitted(executor, _grouped(job, executor, tasks))
        keys, values = (pa.chunked_array([batch.column(leaf) for batch in out]) for leaf in (0, 1))
        return summary(keys, values)

    return Contender("totem, this process", run, times)


def with_and_without_charges(job: Job, times: int = 15) -> tuple[Contender, Contender]:
    """The map tasks' kernel as it is, and compiled without charges, on the same rows in memory.

    What is measured is the code that carries the meter, with the copying of the rows into the kernel's memory.
    """
    batches = [list(fragment.read(_columns(job))) for fragment in job.dataset.fragments]

    def contender(name: str, *, metered: bool) -> Contender:
        executor = KernelExecutor(compile_kernel(job.priced, metered=metered), job.params)

        def run() -> Answer:
            rows = 0
            for task in batches:
                result = executor.run_map(0, iter(task), Escrow(ENOUGH, LEASE), lambda _: None)
                _complete(result)
                rows += result.records_out
            return {"emits": rows}

        return Contender(name, run, times)

    return contender("kernel", metered=True), contender("kernel without charges", metered=False)


def _columns(job: Job) -> list[str]:
    return [job.dataset.schema.columns[position].name for position in job.priced.columns_charged]


def _grouped(job: Job, executor: KernelExecutor, tasks: Iterable[Iterator[Any]]) -> list[list[GroupBatch]]:
    """Run the map tasks and return the groups of each partition in memory."""
    partitions = job.priced.program.steps[0].partitions
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as folder:
        pieces: list[Piece] = []
        for number, task in enumerate(tasks):
            writer = ShuffleWriter(executor.layout(0), partitions, Path(folder) / str(number), MEMORY)
            _complete(executor.run_map(0, task, Escrow(ENOUGH, LEASE), writer.add))
            pieces += writer.finish()
        return [
            list(ShuffleReader(executor.layout(0), mine, MEMORY).groups())
            for partition in range(partitions)
            if (mine := [piece for piece in pieces if piece.partition == partition])
        ]


def _reduced(job: Job, executor: KernelExecutor, groups: list[list[GroupBatch]]) -> Answer:
    """Run the reduce tasks and return the result."""
    layout = PairLayout(*job.priced.program.steps[0].emits)
    out = _emitted(executor, groups)
    return {_key(key): value for batch in out for key, value in layout.to_python(batch)}


def _emitted(executor: KernelExecutor, groups: list[list[GroupBatch]]) -> list[Any]:
    """Run the reduce tasks and return the batches of pairs that they emit."""
    out: list[Any] = []
    for partition in groups:
        _complete(executor.run_reduce(0, iter(partition), Escrow(ENOUGH, LEASE), out.append))
    return out


def _complete(result: TaskResult) -> None:
    if result.end != "done":
        raise BenchmarkFailed(f"a task ended {result.end}: {result.error}")


def _key(key: Any) -> Any:
    """Return a key that can be looked up: JSON has made lists of tuples."""
    return tuple(key) if isinstance(key, list) else key
