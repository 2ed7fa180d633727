"""A provider's server: watches the ledger for jobs on its datasets and brings every one of them to its end.

The ledger is the only list of what there is to do. The server looks through the open jobs when it starts, whenever an
event says that something has changed, and once in a while anyway; so nothing depends on a message that a crash could
lose. Jobs run in threads (their tasks in processes of the framework), a few at a time; the rest wait on the ledger.
A job that breaks down is tried again, with growing pauses, and after five times given up: its escrow goes back. What
hangs on others (the ledger, the store of a data provider, the endorsement of who combines) is waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, suppress

from totem.ledger.errors import LedgerError
from totem.logs import logger
from totem.services.errors import InTheWay, OutcomeUnknown, ServiceError
from totem.services.job_events import JobEvents
from totem.services.joint_duties import JointDuties, waits
from totem.services.joint_parts import PartialsAway
from totem.services.keeping import ResultKeeper
from totem.services.outage import Outage
from totem.services.part_settlement import DeliveryHeldUp
from totem.services.provider import Provider
from totem.services.retries import Retries
from totem.services.runner import JobRunner, RunnerOptions
from totem.services.session import Session
from totem.services.store import ProviderStore
from totem_ccf.engines.local import JobAbandoned, JobBusy, LocalEngine
from totem_chaincode.job_states import is_joint, is_over

__all__ = ["ProviderServer", "open_server"]

_log = logger("provider")

_SWEEP_SECONDS = 5.0
_POLL_SECONDS = 0.1
_BUSY_SECONDS = 30.0
_AWAY_SECONDS = 10.0
_TRIES = 5
_OTHERS = (PartialsAway, DeliveryHeldUp, OutcomeUnknown)


@contextmanager
def open_server(
    session: Session, store: ProviderStore, options: RunnerOptions, *, at_once: int = 2
) -> Iterator[ProviderServer]:
    """Make a provider's server with the local engine, and close the engine afterwards."""
    with LocalEngine(worker_memory=options.worker_memory) as engine:
        runner = JobRunner(session, store, engine, options)
        keeper = ResultKeeper(runner.purging, time.time)
        yield ProviderServer(Provider(session), runner, at_once=at_once, keeper=keeper)


class ProviderServer:
    """The server loop of one provider.

    ``at_once`` jobs run at a time. ``clock`` gives the seconds since 1970 by which deadlines pass; ``retries`` says
    when a job that broke down is tried again; ``keeper`` looks after the results (None: nobody does).
    """

    def __init__(
        self,
        provider: Provider,
        runner: JobRunner,
        *,
        at_once: int = 2,
        clock: Callable[[], float] = time.time,
        retries: Retries | None = None,
        keeper: ResultKeeper | None = None,
    ) -> None:
        self._provider = provider
        self._me = provider.session.participant
        self._runner = runner
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="job")
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[str, Future[None]] = {}
        self._retries = retries or Retries(time.monotonic)
        self._keeper = keeper
        self._duties = JointDuties(provider.session)
        self._outage = Outage(self._warn, _log.info)
        self._wake = threading.Event()
        self._stop = threading.Event()
        gone = None if keeper is None else keeper.told
        self._events = JobEvents(provider.session, self._stop, changed=self._wake.set, gone=gone)

    def serve(self) -> None:
        """Serve until ``stop`` is called; jobs that are running then go on when a server starts again."""
        self._events.start()
        _log.info("provider's server started", provider=self._me)
        try:
            self._begin_serving()
            if self._keeper is not None:
                self._keeper.start()
            while not self._stop.is_set():
                self._wake.clear()
                self.look()
                self._wake.wait(self._pause(_SWEEP_SECONDS))
        finally:
            self._stop.set()
            self._leave()
            if self._keeper is not None:
                self._keeper.stop()
            _log.info("provider's server stopped", provider=self._me)

    def stop(self) -> None:
        """Let ``serve`` (or ``drain``) return soon; called from another thread, not from a signal handler."""
        self._stop.set()
        self._wake.set()

    @property
    def ending(self) -> threading.Event:
        """Set from when the server is to end, or can't go on."""
        return self._stop

    def look(self) -> None:
        """Look through the open jobs once: begin those that are not running here, cancel and expire what must be."""
        try:
            with self._noticed():
                jobs = self._provider.jobs(open_only=True)
        except ServiceError as error:
            if error.code != "no_ledger":  # which is told
                _log.warning("the open jobs can't be looked through", problem=error.message, provider=self._me)
            return
        now = self._clock() * 1_000
        self._events.joints = {job["job_id"] for job in jobs if is_joint(job)}
        jobs = self._duties.look(jobs, now)
        over = {job["job_id"] for job in jobs if is_over(job, now)}
        wanted = {job["job_id"] for job in jobs if job["state"] != "cancelling"} - over
        with self._lock:
            unwanted = [job_id for job_id in self._running if job_id not in wanted]
            self._retries.keep({job["job_id"] for job in jobs} | self._running.keys())
        for job in jobs:
            if job["job_id"] in over:
                self._expire(job["job_id"])
            if not waits(job, now):
                self._begin(job["job_id"])
        for job_id in unwanted:
            self._runner.cancel(job_id)
        self._make_room({job["job_id"] for job in jobs if waits(job, now)})
        self._runner.tell_news()

    def _make_room(self, waiting: set[str]) -> None:
        """Leave jobs that wait for their pool where others wait for a place: those may be what they wait for."""
        with self._lock:
            queued = any(not (future.running() or future.done()) for future in self._running.values())
            leaving = [job_id for job_id in waiting & self._running.keys() if self._running[job_id].running()]
        for job_id in leaving if queued else ():
            self._runner.abandon(job_id)

    def drain(self) -> None:
        """Bring the jobs that are open now, and those that arrive meanwhile, to their ends; then return."""
        try:
            self._begin_serving()
            if self._keeper is not None:
                self._keeper.look()
            while not self._stop.is_set() and self._has_work():
                self._wake.clear()
                self.look()
                self._wake.wait(_POLL_SECONDS)
        finally:
            self._leave()

    def _has_work(self) -> bool:
        """Return whether a job of this provider is open, or something is due in a joint job that others still run."""
        jobs = self._provider.jobs(open_only=True)
        return any(not is_joint(job) for job in jobs) or self._duties.are_due(jobs, self._clock() * 1_000)

    def _begin_serving(self) -> None:
        try:
            with self._noticed():
                self._provider.announce_key()
        except ServiceError as error:
            _log.warning("the key for sealed data can't be announced", problem=error.message, provider=self._me)
        try:
            self._runner.tidy()
        except (ServiceError, LedgerError, OSError) as error:
            _log.warning("what a crash has left can't be removed", problem=str(error), provider=self._me)

    def _warn(self, message: str, **fields: str) -> None:
        if not self._stop.is_set():  # else nothing is tried again, and what waited is broken off
            _log.warning(message, **fields)

    def _noticed(self) -> AbstractContextManager[None]:
        return self._outage.noticed(provider=self._me)

    def _leave(self) -> None:
        """Stop running jobs without ending them: they go on when a server starts again."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        while True:
            with self._lock:
                running = {job_id: future for job_id, future in self._running.items() if not future.done()}
            if not running:
                break
            for job_id in running:
                self._runner.abandon(job_id)
            # One that had only just begun is not known to the runner yet: it is asked again.
            wait(running.values(), _POLL_SECONDS)
        self._pool.shutdown()

    def _pause(self, longest: float) -> float:
        with self._lock:
            return self._retries.pause(longest)

    def _begin(self, job_id: str) -> None:
        with self._lock:
            if job_id not in self._running and self._retries.is_due(job_id):
                self._running[job_id] = self._pool.submit(self._run, job_id, self._retries.failures(job_id))

    def _run(self, job_id: str, failures: int) -> None:
        try:
            if failures < _TRIES:
                self._runner.run(job_id)
            else:
                self._give_up(job_id)
        except JobAbandoned:
            _log.info("job left: it goes on later", job_id=job_id)
        except JobBusy as error:
            _log.warning("job is run by another server of this provider", job_id=job_id, problem=str(error))
            with self._lock:
                self._retries.postpone(job_id, _BUSY_SECONDS)
        except Exception as error:  # noqa: BLE001  # one job's trouble, whatever it is, must not stop the others
            self._broke_down(job_id, error)
        else:
            with self._lock:
                self._retries.forget(job_id)
        finally:
            with self._lock:
                self._running.pop(job_id, None)
            self._wake.set()

    def _broke_down(self, job_id: str, error: Exception) -> None:
        if isinstance(error, ServiceError) and (isinstance(error, _OTHERS) or error.code == "no_ledger"):
            # It is others that are away: no number of tries is a reason to give up, only the time is.
            _log.warning("job waits for others", job_id=job_id, problem=error.message, code=error.code)
            with self._lock:
                self._retries.postpone(job_id, _AWAY_SECONDS)
            return
        with self._lock:
            tries = self._retries.failed(job_id)
        _log.error("job broke down", job_id=job_id, tries=tries, exc_info=error)

    def _give_up(self, job_id: str) -> None:
        """End a job that breaks down again and again; where that fails, it is tried again like everything else."""
        with suppress(InTheWay):  # it has ended in the meantime
            self._provider.give_up(job_id, "server")

    def _expire(self, job_id: str) -> None:
        try:
            self._provider.session.submit("jobs.expire", job_id=job_id)
        except InTheWay:
            return  # it has ended in the meantime
        except ServiceError as error:
            _log.warning("job can't be expired", job_id=job_id, problem=error.message)
