"""One job from end to end on this machine, with a throw-away consortium: what ``totem run`` does.

Nothing is a shortcut: the data are published, access is asked for and granted, the job is submitted through the
contracts, run by the provider's runner and settled phase by phase. So what was tried here is what runs in production.
Provider and consumer are one person here, so the result may be as large as it likes: it is handed over as a file, and
compared with the hash that is on the ledger.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from totem.interrupts import allowed, begin_end, held
from totem.ledger.bootstrap import Consortium
from totem.ledger.errors import LedgerError
from totem.services.by_line import billed_lines, estimated_lines, with_bill
from totem.services.consumer import Consumer, Submission
from totem.services.data import data_errors, delimiter_notes, lines_of, open_data
from totem.services.errors import BadInput, ProgramRefused, ProviderSide, ServiceError, from_ledger
from totem.services.handover import open_handed_over
from totem.services.inputs import read_job, read_params, read_table, with_files
from totem.services.pricing import bind_params, job_notes, price_job
from totem.services.publish import Publication, publish
from totem.services.report import Bounds, Report, Seconds, State
from totem.services.runner import JobRunner, RunnerOptions
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem_ccf.engines.local import LocalEngine, Progress
from totem_ccf.engines.local.processes import ProcessesGone
from totem_ccf.storage import Dataset
from totem_ccf.storage.profile import OWN, profile
from totem_chaincode.policy import read_policy
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError, Refusal
from totem_sdk.program import Program
from totem_sdk.types import Type

__all__ = ["DATASET", "Listener", "RunRequest", "run_job"]

DATASET = "data"
"""The name under which the data are published on the throw-away ledger."""

_PURPOSE = "to be tried on this machine"
_INTERRUPTED = "interrupted, nothing was charged: the throw-away ledger is removed"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run on what; ``totem`` None: the listener is asked. ``began``: since when time counts (monotonic)."""

    job: Path
    data: Sequence[str]
    schema: Path | None = None
    totem: int | None = None
    table: str = "standard-1"
    params: Sequence[str] = ()
    options: RunnerOptions = field(default_factory=RunnerOptions)
    precheck: bool = True
    by_line: bool = False
    began: float = field(default_factory=time.monotonic)


class Listener(Protocol):
    """Who is told what happens, and asked for what is not known."""

    def reading(self, data: Sequence[str]) -> None:
        """The data are going to be read, which takes as long as they are large."""

    def noted(self, note: str) -> None:
        """Something about the data that may not be as its owner thinks."""

    def accepted(self, program: Program) -> None:
        """The program is accepted; may raise BadInput."""

    def estimated(self, bounds: Bounds) -> None:
        """The price is known."""

    def audited(self, charges: int) -> None:
        """About so many charges will each be reported by themselves, which takes long."""

    def choose(self, bounds: Bounds) -> int:
        """Return the totem to put into escrow.

        Raises:
            BadInput: nobody can say.
        """

    def running(self, escrow: int) -> AbstractContextManager[Callable[[Progress], None]]:
        """Return what shows the framework's progress while the job runs."""


class Silent:
    """A listener that shows nothing, and puts the upper bound into escrow."""

    def reading(self, data: Sequence[str]) -> None:
        """See ``Listener``."""

    def noted(self, note: str) -> None:
        """See ``Listener``."""

    def accepted(self, program: Program) -> None:
        """See ``Listener``."""

    def estimated(self, bounds: Bounds) -> None:
        """See ``Listener``."""

    def audited(self, charges: int) -> None:
        """See ``Listener``."""

    def choose(self, bounds: Bounds) -> int:
        """See ``Listener``."""
        return upper_or_refuse(bounds)

    def running(self, escrow: int) -> AbstractContextManager[Callable[[Progress], None]]:
        """See ``Listener``."""
        del escrow
        return nullcontext(lambda _: None)


def _charges(priced: PricedProgram | None, bounds: Bounds) -> int:
    """Return about how many charges a run makes: what it will probably cost by what a block costs on average."""
    costs = [cost for cost in priced.block_cost if cost] if priced is not None else []
    return (bounds.expected or 0) * len(costs) // max(sum(costs), 1)


def upper_or_refuse(bounds: Bounds) -> int:
    """Return the upper bound as escrow: the one amount with which the job certainly completes.

    Raises:
        BadInput: there is none, or no account could hold it.
    """
    if bounds.enough is None:
        raise BadInput(
            "what the job can cost has no upper bound, so the escrow must be given",
            code="totem-needed",
            hint=f"--totem N; it needs at least {bounds.lower or 0:,}, probably about {bounds.expected or 0:,}",
        )
    return bounds.enough


def run_job(request: RunRequest, listener: Listener | None = None) -> Report:
    """Run a job from end to end; every end of it, refusals and interrupts included, is a report."""
    run = _Run(request, listener or Silent())
    try:
        with held():
            report = run.to_end()
    except ProgramRefused as error:
        report = replace(
            run.so_far, state="refused", refusals=error.refusals, detail=_detail(error), in_source=error.in_source
        )
    except (ServiceError, OSError, ProcessesGone, KeyboardInterrupt) as error:
        report = _ended_by(error, run.so_far)
    report.seconds = run.seconds
    report.seconds.total = time.monotonic() - request.began
    return report


def _ended_by(error: BaseException, so_far: Report) -> Report:
    """Return the report of a run that an error or an interrupt has ended.

    An interrupt reaches the processes of the run as well: what goes wrong while it ends is no failure of the provider.
    """
    causes: list[BaseException | None] = [error]
    while causes[-1] is not None and causes[-1].__context__ not in causes:
        causes.append(causes[-1].__context__)
    if any(isinstance(cause, KeyboardInterrupt) for cause in causes):
        begin_end()
        return replace(so_far, state="interrupted", escrow=0, detail=_INTERRUPTED)
    problem = (
        error
        if isinstance(error, ServiceError)
        else ProviderSide(f"this machine can't run the job: {error}", code="machine")
    )
    return replace(so_far, returned=so_far.escrow, **_as_end(problem))


def _as_end(error: ServiceError) -> dict[str, Any]:
    if error.exit_status == 5:
        return {"state": "provider_failed", "error": {"kind": error.code, "line": None}, "detail": _detail(error)}
    refusal = Refusal(1, 1, error.code.replace("_", "-"), error.message, error.hint)
    return {"state": "refused", "refusals": (refusal,), "detail": _detail(error)}


def _detail(error: ServiceError) -> str:
    return f"{error.message}\nhint: {error.hint}" if error.hint else error.message


def _publication(request: RunRequest, dataset: Dataset, priced: PricedProgram) -> Publication:
    """Return what is published on the throw-away ledger: exact statistics of the columns that the job pays for."""
    charged = [dataset.schema.columns[position].name for position in priced.columns_charged]
    with data_errors(), allowed():
        statistics = profile(dataset, columns=charged, options=OWN)
    return Publication(
        dataset_id=DATASET,
        title=DATASET,
        description="",
        locations=tuple(request.data),
        dataset=dataset,
        statistics=statistics,
        policy=read_policy(
            {"approval": "auto", "delivery": "file", "precheck": "lower" if request.precheck else "none"}
        ),
        salt=secrets.token_hex(32),
    )


def _trouble(store: ProviderStore, job_id: str) -> str:
    """Return what went wrong on the provider's side; the logs of its processes outlive the throw-away consortium."""
    logs = store.job_folder(job_id) / "logs"
    if not logs.is_dir():
        return store.trouble(job_id)
    kept = Path(tempfile.mkdtemp(prefix="totem-logs-"))
    shutil.copytree(logs, kept, dirs_exist_ok=True)
    return f"{store.trouble(job_id)} (logs: {kept})"


_STATES: Mapping[str, State] = {
    "completed": "completed",
    "out_of_totem": "out_of_totem",
    "failed": "failed",
    "provider_failed": "provider_failed",
}
_OTHER_ENDS: Mapping[str, tuple[State, str]] = {
    "cancelled": ("out_of_totem", "the job was cancelled: what it had used is paid, the rest returned"),
    "declined": ("provider_failed", "the provider declined the job: {reason}"),
    "expired": ("provider_failed", "the job's deadline passed before it ended"),
}
"""Ends that have no state of their own in a report: they are told as the error's kind, the rest as the detail."""


def _end_of(job: Record) -> tuple[State, dict[str, Any] | None, str]:
    """Return the state, the error and the detail with which a job's end is reported.

    Raises:
        InternalError: the job has not ended.
    """
    found = job["state"]
    if found in _STATES:
        return _STATES[found], job["error"], ""
    if found not in _OTHER_ENDS:
        raise InternalError(f"{job['job_id']} was run to its end and is {found}")
    state, detail = _OTHER_ENDS[found]
    return state, {"kind": found, "line": None}, detail.format(reason=job["reason"] or "it gave no reason")


class _Run:
    """One run; ``so_far`` is what a report can already say."""

    def __init__(self, request: RunRequest, listener: Listener) -> None:
        self.request = request
        self.listener = listener
        self.so_far = Report("refused")
        self.seconds = Seconds()
        self.emits: tuple[Type, Type] | None = None
        self.priced: PricedProgram | None = None

    def to_end(self) -> Report:
        request = self.request
        job = read_job(request.job)
        params = with_files(job, read_params(request.params))
        table = read_table(request.table)
        self.so_far.table_id = table.table_id
        self.listener.reading(request.data)
        with allowed():
            lines = lines_of(job)
            dataset = open_data(request.data, request.schema, lines=lines)
            for note in delimiter_notes(dataset) if request.schema is None else ():
                self.listener.noted(note)
        began = time.monotonic()
        priced = price_job(job, dataset.schema, table)
        for said in job_notes(job.source, job.filename):
            self.listener.noted(f"{job.filename}:{said['line']}:{said['column']}: {said['message']}")
        self.priced = priced
        self.so_far.program_id = priced.program.program_id
        bind_params(priced, params)  # rather than after all data are read
        self.seconds.compile = time.monotonic() - began
        self.listener.accepted(priced.program)
        self.emits = priced.program.steps[-1].result
        submission = Submission(job.source, job.filename, [DATASET], params, table.table_id)
        try:
            # The engine's processes start up while statistics are counted and the consortium is made.
            with LocalEngine() as engine:
                publication = _publication(request, dataset, priced)
                # The engine's processes are gone before the folder is in which they write.
                with Consortium.throw_away(tables=[table.to_json()]) as consortium, closing(engine):
                    return self._in(consortium, engine, publication, submission)
        except LedgerError as error:
            raise from_ledger(error) from error

    def _in(
        self, consortium: Consortium, engine: LocalEngine, publication: Publication, submission: Submission
    ) -> Report:
        provider = Session(consortium.gateway("provider"))
        consumer = Consumer(Session(consortium.gateway("consumer")))
        store = ProviderStore(consortium.folder / "provider")
        publish(provider, store, publication)
        consumer.request_access(DATASET, _PURPOSE)
        bounds = self.so_far.estimate = Bounds(**consumer.estimate(submission)["estimate"])
        self.listener.estimated(bounds)
        if self.request.options.audit:
            self.listener.audited(_charges(self.priced, bounds))
        with allowed():
            totem = self.request.totem if self.request.totem is not None else self.listener.choose(bounds)
        if totem:
            consortium.issue("consumer", totem, _PURPOSE)
        job_id = consumer.submit(replace(submission, totem=totem))["job_id"]
        self.so_far.escrow = totem
        runner = JobRunner(provider, store, engine, self.request.options)
        began = time.monotonic()
        with self.listener.running(totem) as show:
            record = runner.run(job_id, lambda _, progress: show(progress))
        self.seconds.run = time.monotonic() - began
        report = self._report(consumer, store, record, submission)
        if record["state"] == "provider_failed":
            report.detail = _trouble(store, job_id)
        return report

    def _report(self, consumer: Consumer, store: ProviderStore, job: Record, submission: Submission) -> Report:
        state, error, detail = _end_of(job)
        report = replace(
            self.so_far, state=state, used=job["paid"], returned=job["returned"], error=error, detail=detail
        )
        # What a provider has to give back is on no bill, settled or not.
        if state != "provider_failed" or report.used:
            report.bill = consumer.bill(job["job_id"])["bill"]
            if self.request.by_line:
                billed = billed_lines(consumer.session, job["job_id"])
                report.by_line = with_bill(estimated_lines(consumer, submission), billed)
        if job["result"] is not None:
            report.lines = open_handed_over(store, job).lines
            report.emits = self.emits
            report.partial = job["result"]["partial"]
        return report
