"""The local engine: runs jobs on processes of this machine, and keeps them running.

::

    this process ── gRPC: settlements, progress, commands
     └ zygote (has imported everything)
        ├ compiler  program → kernel, before the first worker
        ├ manager   lease log, settlement
        ├ master    plan, result
        └ workers   attempts

Whatever of these is killed is started again and continues where the lease log stands. If this process itself ends,
everything ends with it, and ``resume`` continues.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from totem_ccf.engines.local.config import RoleConfig
from totem_ccf.engines.local.local_job import JobBusy, LocalJob, OnProgress
from totem_ccf.engines.local.memory import LEAST_BYTES
from totem_ccf.engines.local.processes import Processes, ProcessesGone
from totem_ccf.mapreduce.job import JobEnd, JobSpec
from totem_ccf.metering.settlement import SettlementPort

__all__ = ["WORKER_MEMORY", "LocalEngine"]

WORKER_MEMORY = 8 << 30
"""Bytes of memory that a worker process may use unless told otherwise."""


class LocalEngine:
    """Runs jobs on processes of this machine; used as a context manager, or closed with ``close``.

    The zygote starts with the engine and serves all its jobs, so make the engine early. Thread-safe.

    Args:
        worker_memory: most bytes of memory that a worker process may use of its own (0: no limit).

    Raises:
        ValueError: with so little memory no worker could run.
    """

    def __init__(self, *, worker_memory: int = WORKER_MEMORY) -> None:
        if worker_memory < 0 or 0 < worker_memory < LEAST_BYTES:
            raise ValueError(
                f"a worker can't have {worker_memory >> 20} MiB of memory: it needs at least {LEAST_BYTES >> 20} MiB"
                " (0: no limit)"
            )
        self.worker_memory = worker_memory
        self._processes = Processes()
        self._lock = threading.Lock()
        self._jobs: set[LocalJob] = set()

    def start(self, spec: JobSpec, settlement: SettlementPort, on_progress: OnProgress | None = None) -> LocalJob:
        """Start a job in its directory, which must not hold one yet. ``on_progress`` is called from another thread.

        Raises:
            JobBusy: another process has the directory.
        """
        if (spec.directory / "job.json").exists():
            raise JobBusy(f"{spec.directory} already holds a job; continue it with resume")
        spec.write()
        return LocalJob(self, spec, settlement, on_progress)

    def run(self, spec: JobSpec, settlement: SettlementPort, on_progress: OnProgress | None = None) -> JobEnd:
        """Run a job to its end; see ``start`` and ``LocalJob.wait``. An interrupt leaves it to be resumed."""
        return self._wait(self.start(spec, settlement, on_progress))

    def restart(self, directory: Path, settlement: SettlementPort, on_progress: OnProgress | None = None) -> LocalJob:
        """Continue the job of a directory after a crash of anything; finished tasks are not run and paid again.

        Raises:
            InvalidDocument: the directory holds no job.
            JobBusy: another process runs it.
        """
        return LocalJob(self, JobSpec.read(directory), settlement, on_progress)

    def resume(self, directory: Path, settlement: SettlementPort, on_progress: OnProgress | None = None) -> JobEnd:
        """Continue a job to its end; see ``restart``. A job that has ended gives its end again."""
        return self._wait(self.restart(directory, settlement, on_progress))

    def close(self) -> None:
        """Abandon the jobs that still run (they can be resumed), and end the zygote; may be called again."""
        with self._lock:
            jobs = list(self._jobs)
        for job in jobs:
            job.abandon()
        self._processes.close()

    def know(self, job: LocalJob) -> None:
        """Note a job that begins to run."""
        with self._lock:
            self._jobs.add(job)

    def forget(self, job: LocalJob) -> None:
        """Note that a job does not run any more."""
        with self._lock:
            self._jobs.discard(job)

    @property
    def processes(self) -> Processes:
        """The zygote and what it has forked."""
        return self._processes

    def spawn(self, config: RoleConfig, log: Path, on_exit: Callable[[int], None]) -> str:
        """Have a process forked, by a new zygote if the old one is gone."""
        for _ in range(2):
            with self._lock:
                if not self._processes.alive:
                    self._processes.close()
                    self._processes = Processes()
                processes = self._processes
            with contextlib.suppress(ProcessesGone):
                return processes.spawn(config, log, on_exit)
        return self._processes.spawn(config, log, on_exit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _wait(job: LocalJob) -> JobEnd:
        try:
            return job.wait()
        except KeyboardInterrupt:
            job.abandon()
            raise
