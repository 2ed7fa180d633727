"""Purging at a provider: results that have expired, and what is left at home and in the store of those that are gone.

A result is gone when the ledger says so: its consumer has purged it, or it has expired and this has. Everything here
may be interrupted and done again.
"""

from __future__ import annotations

from contextlib import suppress

from totem.logs import logger
from totem.services.consumer import ENDED
from totem.services.errors import InTheWay, Missing
from totem.services.sealing import Sealing
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem_chaincode.job_states import is_data_part

__all__ = ["Purging"]

_log = logger("provider")


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
        for result in list(self._session.pages("results.kept", "results")):
            if result["expires_at"] > now:
                break  # they come in this order
            with suppress(InTheWay):  # its consumer has purged it meanwhile
                self._session.submit("results.purge", job_id=result["job_id"])
                _log.info("expired result purged", job_id=result["job_id"])
            self.forget(result["job_id"])

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
            if name == "partials":
                with suppress(Missing):
                    self.forget(job_id)

    def forget(self, job_id: str) -> None:
        """Ask the ledger about a job (and, of a joint one, about this provider's parts), then ``settle``."""
        job = self._session.query("jobs.get", job_id=job_id)
        for item in (job, *job.get("parts", ())):
            if item["provider"] == self._session.participant:
                self.settle(item)

    def settle(self, job: Record) -> None:
        """Delete what is left of a job's result where that is gone or was never delivered; nothing while it runs.

        Raises:
            ServiceError: the store does not answer now.
            OSError: a file can't be deleted.
        """
        if job["state"] not in ENDED:
            return
        job_id = job["job_id"]
        for _, name in self._sealing.held(job_id):
            self._sealing.settle(job_id, name, None if self._is_gone(job) else _ciphertext(job))
        if job["result"] is not None and self._is_gone(job):
            self._store.result_file(job_id).unlink(missing_ok=True)

    def _is_gone(self, job: Record) -> bool:
        """Return whether nobody may fetch any more what a job has delivered."""
        if is_data_part(job):
            joint = self._session.query("jobs.get", job_id=job["joint"])
            return joint["state"] in ENDED
        return job["result"] is None or job["result"]["purged_at"] is not None


def _ciphertext(job: Record) -> str | None:
    """Return the ciphertext of what a job has delivered, as the ledger has it."""
    found: str | None = job["result"] and job["result"]["sealed"] and job["result"]["sealed"]["ciphertext"]
    return found
