"""One job at its provider: accept, check, run, settle, end. May be begun again after a crash at any point.

What has happened is on the ledger and in the framework's durable log; this module only asks both and goes on from
there. Every transaction that it sends may be repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from totem.interrupts import allowed
from totem.logs import logger
from totem.services.consumer import ENDED
from totem.services.errors import InTheWay, Missing, ProviderSide, ServiceError
from totem.services.joint_parts import NothingToCombine, PartialsAway, fetch_partials, forget_partials
from totem.services.killpoints import pass_point
from totem.services.part_settlement import PartSettlement
from totem.services.purging import Purging
from totem.services.session import Record, Session
from totem.services.settlement import LedgerSettlement
from totem.services.store import Holding, ProviderStore
from totem_ccf.engines.local import (
    WORKER_MEMORY,
    JobBusy,
    JobEnd,
    JobFolderFailed,
    JobSpec,
    LocalEngine,
    LocalJob,
    Progress,
    discard,
)
from totem_ccf.storage.digests import salted_digest
from totem_chaincode.contracts.results import excess_of
from totem_chaincode.job_states import is_data_part, is_part
from totem_chaincode.parameters import from_ledger
from totem_sdk.errors import InternalError

__all__ = ["JobRunner", "OnProgress", "RunnerOptions"]

_log = logger("provider")

_PASSING = ("no_ledger", "ledger", "old_format", "migrating", "result_store")
"""Trouble with what others run: it is no reason to end a job, it may be over when it is tried again."""

OnProgress = Callable[[str, Progress], None]
"""Called with a job's id and the framework's progress while it runs, from another thread."""


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """How jobs are run on this provider's machine; none of it changes a bill or a result.

    ``worker_memory``: bytes that each worker process may use.
    """

    workers: int = 2
    executor: Literal["kernel", "interpreter"] = "kernel"
    audit: bool = False
    worker_memory: int = WORKER_MEMORY


@dataclass(slots=True)
class _Run:
    """A job that is being brought to its end here; ``live`` while the framework runs it."""

    live: LocalJob | None = None
    is_cancelled: bool = False
    is_abandoned: bool = False


class JobRunner:
    """Runs jobs of one provider, each to its end."""

    def __init__(
        self, session: Session, store: ProviderStore, engine: LocalEngine, options: RunnerOptions | None = None
    ) -> None:
        self._session = session
        self._store = store
        self._engine = engine
        self._options = options or RunnerOptions()
        self.purging = Purging(session, store)
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._runs: dict[str, _Run] = {}

    def run(self, job_id: str, progress: OnProgress | None = None) -> Record:
        """Bring a job to its end, whatever its state is now; returns its record on the ledger.

        Raises:
            JobAbandoned: ``abandon`` was called; run again, it goes on where it was.
            PartialsAway: what it combines can't be fetched now; run again later.
        """
        with self._lock:
            self._runs[job_id] = _Run()
        try:
            job = self._job(job_id)
            if job["state"] == "submitted":
                job = self._accept(job)
            if job["state"] == "cancelling":
                self.cancel(job_id)  # it was cancelled before this server ran it
            if job["state"] in ("running", "cancelling"):
                self._bring_to_end(job, progress)
                job = self._job(job_id)
            elif job["state"] in ENDED:
                self._discard(job_id)  # it has ended without this server, which may have begun it
            forget_partials(self._store, job_id)
            self._settle_result(job)
            return job
        finally:
            with self._lock:
                del self._runs[job_id]

    def _settle_result(self, job: Record) -> None:
        """Delete what was sealed on the way and is not needed; what can't be deleted now is when results are tidied."""
        try:
            self.purging.settle(job)
        except (ServiceError, OSError) as error:
            _log.warning("what was sealed can't be removed now", job_id=job["job_id"], problem=str(error))

    def tidy(self) -> None:
        """Remove what a crash has left at home of jobs that have ended on the ledger since, by their deadline say."""
        for job_id in self._store.begun():
            try:
                if self._job(job_id)["state"] in ENDED:
                    self._discard(job_id)
            except Missing:
                continue  # it is not a job of this ledger

    def cancel(self, job_id: str) -> None:
        """Stop a job whose consumer has cancelled it: what it has used is settled. Nothing where it is not run here."""
        with self._lock:
            run = self._runs.get(job_id)
            if run is None:
                return
            run.is_cancelled = True
            if run.live is not None:
                run.live.cancel()

    def tell_news(self) -> None:
        """Let parts that wait for their pool look at the ledger: something has changed there."""
        with self._news:
            self._news.notify_all()

    def _wait_for_news(self, seconds: float) -> None:
        with self._news:
            self._news.wait(seconds)

    def abandon(self, job_id: str) -> None:
        """Stop running a job without ending it, so that it goes on the next time. Nothing where it is not run here."""
        with self._lock:
            run = self._runs.get(job_id)
            if run is None:
                return
            run.is_abandoned = True
            live = run.live
        if live is not None:
            live.abandon()

    def _discard(self, job_id: str) -> None:
        if job_id in self._store.begun():
            with suppress(JobBusy):  # another server of this provider is about to
                discard(self._store.job_folder(job_id))
                forget_partials(self._store, job_id)

    def _job(self, job_id: str) -> Record:
        return self._session.query("jobs.get", job_id=job_id)

    def _accept(self, job: Record) -> Record:
        job_id = job["job_id"]
        try:
            self._answer(job)
        except InTheWay:
            now = self._job(job_id)
            if now["state"] == "submitted":
                raise
            # Its consumer has cancelled it meanwhile, or anybody has expired it: that is no trouble.
            return now
        return self._job(job_id)

    def _answer(self, job: Record) -> None:
        """Accept a submitted job, decline it without its data, or expire it after its deadline.

        Raises:
            InTheWay: its state has changed meanwhile.
        """
        job_id = job["job_id"]
        if job["deadline"] <= time.time() * 1_000:
            self._session.submit("jobs.expire", job_id=job_id)
            return
        try:
            self._holdings(job)
        except Missing as error:
            _log.warning("job declined", job_id=job_id, reason=error.message)
            self._session.submit("jobs.decline", job_id=job_id, reason="the provider's server does not hold the data")
            return
        pass_point("server:before-accept")
        code = self._session.query("access.code", job_id=job_id)["code"]
        self._session.submit("jobs.accept", job_id=job_id, transient={"code": code})
        _log.info("job accepted", job_id=job_id, consumer=job["consumer"], escrow=job["escrow"])
        pass_point("server:after-accept")

    def _bring_to_end(self, job: Record, progress: OnProgress | None) -> None:
        job_id = job["job_id"]
        settlement = self._settlement(job)
        pass_point("server:before-check")
        try:
            spec = self._spec(job)
        except PartialsAway:
            raise
        except NothingToCombine as error:
            _log.info("job ended", job_id=job_id, reason=error.message)
            return
        except (Missing, ProviderSide) as error:
            kind = error.code
            if kind in _PASSING:
                raise
            self._trouble(job_id, kind, error.message)
            self._end(job_id, lambda: settlement.fail("provider", kind, None))
            return
        pass_point("server:after-check")
        end = self._run(spec, settlement, None if progress is None else partial(progress, job_id))
        pass_point("server:after-run")
        self._end(job_id, lambda: self._tell(job, end, settlement))

    def _settlement(self, job: Record) -> LedgerSettlement:
        if is_part(job):
            return PartSettlement(self._session, self._store, job, self._wait_for_news)
        return LedgerSettlement(self._session, self._store, job["job_id"])

    def _run(self, spec: JobSpec, settlement: LedgerSettlement, progress: Callable[[Progress], None] | None) -> JobEnd:
        """Run a job, or go on with one that a crash has interrupted."""
        if (spec.directory / "job.json").exists():
            _log.info("job resumed", job_id=spec.job_id)
            live = self._engine.restart(spec.directory, settlement, progress)
        else:
            live = self._engine.start(spec, settlement, progress)
        with self._lock:
            run = self._runs[spec.job_id]
            run.live = live
            if run.is_cancelled:
                live.cancel()
            is_abandoned = run.is_abandoned
        if is_abandoned:
            live.abandon()
        try:
            with allowed():
                return live.wait()
        except KeyboardInterrupt:
            live.abandon()
            raise
        except JobFolderFailed as error:
            raise ProviderSide(str(error), code="storage") from error

    def _end(self, job_id: str, tell: Callable[[], Record]) -> None:
        """Tell the ledger how a job ended, unless it has ended there already (cancelled or expired meanwhile)."""
        pass_point("server:before-end")
        ended = self._job(job_id)
        if ended["state"] not in ENDED:
            try:
                ended = tell()
            except InTheWay:
                ended = self._job(job_id)
                if ended["state"] not in ENDED:
                    raise
        pass_point("server:after-end")
        _log.info("job ended", job_id=job_id, state=ended["state"], paid=ended["paid"], returned=ended["returned"])

    def _tell(self, job: Record, end: JobEnd, settlement: LedgerSettlement) -> Record:
        match end.state:
            case "completed":
                return self._complete(job, end, settlement)
            case "out_of_totem" | "cancelled":
                return self._halt(job, end, settlement)
            case "failed":
                if end.error is None:
                    raise InternalError(f"{job['job_id']} failed without an error")
                return settlement.fail("program", end.error["kind"], end.error["line"])
            case "provider_failed":
                kind = end.data_error["kind"] if end.data_error else "framework"
                self._trouble(job["job_id"], kind, end.reason or "no reason is known")
                return settlement.fail("provider", f"data_{kind}" if end.data_error else kind, None)

    def _complete(self, job: Record, end: JobEnd, settlement: LedgerSettlement) -> Record:
        if end.result is None:
            raise InternalError(f"{job['job_id']} is completed without a result file")
        if is_data_part(job):
            return settlement.complete(end.result)  # policies are about results, these are partial groups
        if excess := _excess(job["policy"], end):
            self._withheld(job["job_id"], excess)
            return settlement.too_large(end.result, end.result_rows)
        if job["policy"]["delivery"] == "file":
            return settlement.complete_in_file(end.result, end.result_rows)
        return settlement.complete(end.result)

    def _halt(self, job: Record, end: JobEnd, settlement: LedgerSettlement) -> Record:
        if end.result is not None and (excess := _excess(job["policy"], end)):
            self._withheld(job["job_id"], excess)
            return settlement.halt_too_large(end.result, end.result_rows)
        if end.result is not None and job["policy"]["delivery"] == "file":
            return settlement.halt_in_file(end.result, end.result_rows)
        return settlement.halt(end.result)

    def _withheld(self, job_id: str, excess: str) -> None:
        detail = f"the result is withheld: it has {excess}; the job is paid, the file stays in the job's folder"
        self._store.note_trouble(job_id, detail)
        _log.warning("result withheld", job_id=job_id, reason=excess)

    def _trouble(self, job_id: str, kind: str, detail: str) -> None:
        """Keep and log what is wrong on the provider's side: file and row, never a cell's value."""
        self._store.note_trouble(job_id, detail)
        _log.error("the provider's side failed", job_id=job_id, kind=kind, detail=detail)

    def _spec(self, job: Record) -> JobSpec:
        """Return what the framework needs, from the ledger and from what the provider holds.

        Raises:
            Missing: this server does not hold one of the datasets.
            ProviderSide: what it holds is not what was published.
        """
        source = self._session.query("jobs.source", job_id=job["job_id"])
        fragments = [fragment for holding in self._holdings(job) for fragment in self._published(holding)]
        combines = is_part(job) and not is_data_part(job)
        return JobSpec(
            job_id=job["job_id"],
            directory=self._store.job_folder(job["job_id"]),
            program=source["program"].encode(),
            table=source["table"],
            params=from_ledger(source["params"]),
            escrow=job["escrow"],
            fragments=fragments,
            workers=self._options.workers,
            executor=self._options.executor,
            precheck=job["policy"]["precheck"] != "none",
            estimate=job["estimate"]["lower"],
            audit=self._options.audit,
            part=job["part"] if is_part(job) else "whole",
            partials=self._partials(job, source["program"].encode()) if combines else (),
        )

    def _partials(self, job: Record, program: bytes) -> list[dict[str, Any]]:
        return fetch_partials(self._session, self._store, job, program, time.time() * 1_000)

    def _holdings(self, job: Record) -> list[Holding]:
        return [self._holding(item["dataset_id"], item["version"]) for item in job["datasets"]]

    def _holding(self, dataset_id: str, version: int) -> Holding:
        published = self._session.query("datasets.get", dataset_id=dataset_id, version=version)["fragments"]
        return self._store.holding(dataset_id, version, published)

    def _published(self, holding: Holding) -> tuple[Mapping[str, Any], ...]:
        """Return the fragments after comparing their digests with those on the ledger."""
        salt = bytes.fromhex(holding.salt)
        digests = [salted_digest(fragment["digest"], salt) for fragment in holding.fragments]
        if digests != list(holding.published):
            raise ProviderSide(
                f"what this server holds of {holding.dataset_id} is not what was published",
                code="data_changed",
                hint="publish a new version: `totem provider publish --revise`",
            )
        return holding.fragments


def _excess(policy: Mapping[str, Any], end: JobEnd) -> str:
    """Return in which a result is larger than the datasets' policies allow; empty where it is not."""
    return "" if end.result is None else excess_of(dict(policy), end.result_rows, end.result.stat().st_size)
