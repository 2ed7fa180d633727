"""One job while it runs: its processes are started, watched and started again until the job has ended."""

from __future__ import annotations

import fcntl
import logging
import queue
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from totem_ccf.engines.local.children import Children
from totem_ccf.engines.local.config import Role, RoleConfig, make_secrets
from totem_ccf.engines.local.host import Host, Progress
from totem_ccf.engines.local.sockets import make_sockets, remove_sockets
from totem_ccf.faults import kill_point
from totem_ccf.mapreduce.job import JobEnd, JobSpec
from totem_ccf.mapreduce.statuses import BROKEN, DAMAGED, MANAGER_GONE, NO_MEMORY
from totem_ccf.metering.settlement import SettlementPort

if TYPE_CHECKING:
    from totem_ccf.engines.local.engine import LocalEngine

__all__ = ["JobAbandoned", "JobBusy", "JobFolderFailed", "LocalJob", "OnProgress"]

PULSE_SECONDS = 30.0
"""A master of which nothing is heard for so long is killed and started again."""

RESTARTS = 6
"""How often compiler, manager and master may each end unexpectedly before the job is given up."""

OnProgress = Callable[[Progress], None]

_log = logging.getLogger("totem.engine")


class JobBusy(Exception):
    """Another process runs the job of this directory."""


class JobFolderFailed(Exception):
    """The job's folder takes no files (a full disk, no rights): how the job ended can't be kept. It can be resumed."""


class JobAbandoned(Exception):
    """The job has been left to be resumed; the text says which."""


class LocalJob:
    """A job that runs; made by ``LocalEngine.start`` and ``LocalEngine.resume``."""

    def __init__(
        self, engine: LocalEngine, spec: JobSpec, settlement: SettlementPort, on_progress: OnProgress | None
    ) -> None:
        self.spec = spec
        self._engine = engine
        self._settlement = settlement
        self._on_progress = on_progress
        self._events: queue.SimpleQueue[tuple[str, Any, Any]] = queue.SimpleQueue()
        self._restarts: Counter[Role] = Counter()
        self._out_of_memory = 0
        self._compiled = spec.executor == "interpreter"
        self._end: JobEnd | None = None
        self._failure: BaseException | None = None
        self._host: Host | None = None
        self._lock = _lock(spec.directory)
        self._thread = threading.Thread(target=self._run, name=f"totem-job-{spec.job_id}", daemon=True)
        engine.know(self)
        self._thread.start()

    def wait(self) -> JobEnd:
        """Wait for the job's end.

        Raises:
            JobAbandoned: it was left to be resumed.
            JobFolderFailed: its folder takes no files; it can be resumed when it does.
            ProcessesGone: no process can be started on this machine.
            Exception: whatever ``on_progress`` has raised; the job is stopped and can be resumed.
        """
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        if self._end is None:
            raise JobAbandoned(f"{self.spec.job_id} was left to be resumed")
        return self._end

    def cancel(self) -> None:
        """Stop the job; what live attempts have used is paid. The end is ``cancelled``, if it is not over before."""
        self._events.put(("command", "cancel", None))

    def pause(self) -> None:
        """Grant and start nothing until ``resume``."""
        self._events.put(("command", "pause", None))

    def resume(self) -> None:
        """Go on after ``pause``."""
        self._events.put(("command", "resume", None))

    def abandon(self) -> None:
        """Kill the job's processes without ending the job: ``LocalEngine.resume`` continues it."""
        self._events.put(("abandon", None, None))
        self._thread.join()

    # The supervising thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            remove_sockets(self.spec.directory)
            self._end = JobEnd.read(self.spec.directory) or self._supervise()
            if self._end is not None:
                kill_point("host:after-end")
                _remove_phases(self.spec.directory)
        except BaseException as error:  # noqa: BLE001 handed to whoever waits
            self._failure = error
        finally:
            self._lock.close()
            self._engine.forget(self)

    def _supervise(self) -> JobEnd | None:
        sockets = make_sockets(self.spec.directory)
        self._config = config = RoleConfig(
            "manager", 0, str(self.spec.directory), str(sockets), make_secrets(), self._engine.worker_memory
        )
        self._children = Children(
            self._engine,
            config,
            self.spec.directory / "logs",
            lambda number, status: self._events.put(("exited", number, status)),
        )
        try:
            self._host = Host(
                config.address("host"),
                config.secrets["host"],
                self._settlement,
                lambda progress: self._events.put(("progress", progress, None)),
                lambda worker: self._events.put(("kill", worker, None)),
            )
            self._children.spawn("manager")
            self._children.spawn("master")
            self._spawn_workers()
            return self._attend()
        finally:
            self._children.kill_all()
            if self._host is not None:
                self._host.close()
            remove_sockets(self.spec.directory)

    def _attend(self) -> JobEnd | None:
        heard = time.monotonic()
        while True:
            try:
                kind, what, status = self._events.get(timeout=PULSE_SECONDS)
            except queue.Empty:
                kind, what, status = "pulse", None, None
            if kind == "progress":
                heard = time.monotonic()
                if self._on_progress is not None:
                    self._on_progress(what)
            elif kind == "command" and self._host is not None:
                self._host.command(what)
            elif kind == "kill":
                self._children.kill_worker(what)
            elif kind == "exited":
                end = self._exited(what, status)
                heard = time.monotonic()
                if end is not None:
                    return end
            elif kind == "abandon":
                return None
            if time.monotonic() - heard > PULSE_SECONDS and self._children.has("master"):
                _log.error("%s: nothing was heard of the master for %.0f s", self.spec.job_id, PULSE_SECONDS)
                heard = time.monotonic()
                self._children.kill("master")

    def _exited(self, number: int, status: int) -> JobEnd | None:
        children = self._children
        role = children.gone(number)
        if status == DAMAGED and role is not None:
            return self._give_up(f"the {role} can't go on with this job; its log in {children.logs} says why")
        match role:
            case "master":
                if status == 0 and (end := JobEnd.read(self.spec.directory)) is not None:
                    return self._explained(end)
                if status == MANAGER_GONE:
                    children.kill("manager")
                children.drop_workers()
                return self._restart("master", status)
            case "compiler":
                return self._compiler_done(status)
            case "manager":
                return self._restart("manager", status)
            case "worker":
                self._out_of_memory += status == NO_MEMORY
                # With status 0 it says that its master went away; the next master gets workers of its own.
                return self._restart("worker", status) if status != 0 else None
            case _:
                return None

    def _compiler_done(self, status: int) -> JobEnd | None:
        if status == BROKEN:
            return self._give_up(f"the program can't be compiled; the log in {self._children.logs} says why")
        self._compiled = status == 0
        if self._compiled:
            self._spawn_workers()
            return None
        return self._restart("compiler", status)

    def _restart(self, role: Role, status: int) -> JobEnd | None:
        self._restarts[role] += 1
        limit = RESTARTS if role != "worker" else RESTARTS + 4 * self.spec.workers
        how = f"status {status}" if status >= 0 else f"signal {-status}"
        _log.warning("%s: a %s ended with %s and is started again", self.spec.job_id, role, how)
        if self._restarts[role] > limit:
            return self._give_up(f"the {role} ended {self._restarts[role]} times, the last time with {how}")
        self._children.spawn(role)
        if role == "master":
            self._spawn_workers()
        return None

    def _give_up(self, reason: str) -> JobEnd:
        self._children.kill_all()
        end = JobEnd.read(self.spec.directory)
        if end is None:
            end = JobEnd("provider_failed", 0, reason=reason)
            self._keep(end)
        return self._explained(end)

    def _keep(self, end: JobEnd) -> None:
        try:
            end.write(self.spec.directory)
        except OSError as error:
            raise JobFolderFailed(
                f"{self.spec.directory} takes no files ({error.strerror}), so it can't be kept that {end.reason}: make"
                " room there and run the job again; it goes on where it was"
            ) from error

    def _explained(self, end: JobEnd) -> JobEnd:
        """Add to the end of a job that the provider's side failed for want of memory what to do about it."""
        if end.state != "provider_failed" or not self._out_of_memory:
            return end
        limit = self._engine.worker_memory >> 20
        end = replace(
            end,
            reason=f"{end.reason}; {self._out_of_memory} times a worker would have used more than the {limit} MiB of"
            " memory that it may have: give workers more (worker_memory)",
        )
        self._keep(end)
        return end

    def _spawn_workers(self) -> None:
        """Start the job's workers; if the program is not compiled yet, start the compiler, which they wait for."""
        if self._compiled:
            for _ in range(self.spec.workers):
                self._children.spawn("worker")
        elif not self._children.has("compiler"):
            self._children.spawn("compiler")


def discard(directory: Path) -> None:
    """Remove what a crash has left of a job that is not run any more: its sockets, and what its tasks have written.

    Raises:
        JobBusy: another process runs it.
    """
    with _lock(directory):
        remove_sockets(directory)
        _remove_phases(directory)


def _lock(directory: Path) -> Any:
    file = (directory / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JobBusy(f"{directory}: another process runs this job") from None
    return file


def _remove_phases(directory: Path) -> None:
    """Remove what the tasks have written for one another: a job that is over leaves its result, logs and receipts."""
    for path in (*directory.glob("phase-*"), *directory.glob("spills"), *directory.glob("partials")):
        shutil.rmtree(path)
