"""Purging at a provider: results that have expired, and what is left at home and in the store of those that are gone.

A result is gone when the ledger says so: its consumer has purged it, or it has expired and this has. Everything here
may be interrupted and done again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from totem.logs import logger
from totem.services.consumer import ENDED
from totem.services.errors import InTheWay, Missing, ServiceError
from totem.services.sealing import Sealing
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem_chaincode.job_states import OPEN, is_data_part, is_joint

__all__ = ["Purging"]

_log = logger("provider")

_AWAY = ("no_ledger", "fate_unknown")
"""Nobody has answered, or not in time; everything else is an answer to one transaction."""


class Purging:
    """Purges and tidies the results of one provider."""

    def __init__(self, session: Session, store: ProviderStore) -> None:
        self._session = session
        self._store = store
        self._sealing = Sealing(store)

    def purge_expired(self, now: float) -> None:
        """Purge every result of this provider's jobs that has expired by ``now`` (milliseconds since 1970).

        Raises:
            ServiceError: ledger or store do not answer now.
            OSError: a file can't be deleted.
        """
        endorsed = _Endorsed(self._session)
        for result in self._session.pages("results.kept", "results"):
            if result["expires_at"] > now:
                break  # they come in this order
            purge = partial(self._purge, result["job_id"])
            endorsed.make(result["job_id"], purge, by_consumer=result["sealed"] is None)
        endorsed.check()

    def _purge(self, job_id: str) -> None:
        with suppress(InTheWay):  # its consumer has purged it meanwhile
            self._session.submit("results.purge", job_id=job_id)
            _log.info("expired result purged", job_id=job_id)
        self.forget(job_id)

    def tidy(self) -> None:
        """Delete, here and in the result store, what belongs to results that are gone or were never delivered.

        Raises:
            ServiceError: ledger or store do not answer now.
            OSError: a file can't be deleted.
        """
        for job_id in sorted({*self._store.with_results(), *(job_id for job_id, _ in self._sealing.held())}):
            with suppress(Missing):  # it is not a job of this ledger
                self.forget(job_id)
        self._sealing.tidy()

    def tidy_partials(self) -> None:
        """Delete the ciphertexts of partial groups whose joint job has ended; otherwise as ``tidy``."""
        for job_id, name in self._sealing.held():
            if name == "partial":
                with suppress(Missing):
                    self.forget(job_id)

    def show_receipts(self) -> None:
        """Hand over the receipts of phases that were settled without the consumer's organisation.

        Raises:
            ServiceError: ledger or that organisation do not answer now.
        """
        endorsed = _Endorsed(self._session)
        for item in list(self._session.pages("results.unshown", "receipts")):
            endorsed.make(item["job_id"], partial(self._show, item))
        endorsed.check()

    def _show(self, item: Record) -> None:
        job_id, index = item["job_id"], item["phase_index"]
        transient = {"receipt": item["receipt"], "salt": item["salt"]}
        self._session.submit("results.show_receipt", transient=transient, job_id=job_id, phase_index=index)
        _log.info("receipt handed over", job_id=job_id, phase=index)

    def forget(self, job_id: str) -> None:
        """Ask the ledger about a job, then ``settle``."""
        self.settle(self._session.query("jobs.get", job_id=job_id))

    def settle(self, job: Record) -> None:
        """Delete what is left of a job's result where that is gone or was never delivered; nothing while it runs.

        Of a joint job that are this provider's parts: the partial groups of a data part are gone when it has ended.

        Raises:
            ServiceError: ledger or store do not answer now.
            OSError: a file can't be deleted.
        """
        if is_joint(job):
            for part in job["parts"]:
                if part["provider"] == self._session.participant:
                    self.settle(part)
            return
        if job["state"] not in ENDED:
            return
        if is_data_part(job):
            self._settle_partials(job)
            return
        job_id = job["job_id"]
        for _, name in self._sealing.held(job_id):
            self._sealing.settle(job_id, name, _known(job.get(name)))
        if job["result"] is not None and job["result"]["purged_at"] is not None:
            self._store.result_file(job_id).unlink(missing_ok=True)

    def _settle_partials(self, part: Record) -> None:
        job_id, file = part["job_id"], self._store.partials_file(part["job_id"])
        held = self._sealing.held(job_id)
        if not held and not file.exists():
            return
        is_open = self._session.query("jobs.get", job_id=part["joint"])["state"] in OPEN
        told = part["result"] if is_open else None
        for _, name in held:
            self._sealing.settle(job_id, name, told and told["sealed"] and told["sealed"]["ciphertext"])
        if not is_open:
            file.unlink(missing_ok=True)


class _Endorsed:
    """The transactions of one look that consumers' organisations have to endorse.

    One that is gone keeps nothing from the others, and takes its caller's patience only once.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._gone: set[str] = set()
        self._failed: ServiceError | None = None

    def make(self, job_id: str, transaction: Callable[[], None], *, by_consumer: bool = True) -> None:
        """Make a transaction, unless the organisation of the job's consumer is gone and must endorse it.

        Raises:
            ServiceError: it is not known whose consumer's job it is: the ledger itself does not answer.
        """
        if by_consumer and self._gone and self._consumer_of(job_id) in self._gone:
            return
        try:
            transaction()
        except ServiceError as error:
            self._failed = error
            if by_consumer and error.code in _AWAY:
                self._gone.add(self._consumer_of(job_id))

    def check(self) -> None:
        """Check that all could be made.

        Raises:
            ServiceError: why one, the last that failed, could not.
        """
        if self._failed is not None:
            raise self._failed

    def _consumer_of(self, job_id: str) -> str:
        return str(self._session.query("jobs.get", job_id=job_id)["consumer_msp"])


def _known(told: Record | None) -> str | None:
    """Return the ciphertext that the ledger says may still be fetched."""
    if told is None or told["purged_at"] is not None or told["sealed"] is None:
        return None
    found: str = told["sealed"]["ciphertext"]
    return found
