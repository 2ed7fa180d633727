"""What a provider does at the ledger: answer requests for access, look at its jobs. Publishing is in ``publish``."""

from __future__ import annotations

import secrets

from totem.services.errors import BadInput
from totem.services.session import Record, Session

__all__ = ["Provider"]

_DAY = 86_400


class Provider:
    """One provider at the ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def session(self) -> Session:
        """The identity that this provider acts with."""
        return self._session

    def requests(self, state: str | None = "requested") -> list[Record]:
        """Return requests for access to the provider's datasets, newest first; state None: grants and denials too."""
        return list(self._session.pages("access.list", "access", state=state))

    def approve(self, access_id: str, *, days: int = 30, quota: int | None = None) -> Record:
        """Grant a request for so many days and, with a quota, so much totem.

        Raises:
            BadInput: days or quota are not positive.
        """
        if days < 1 or (quota is not None and quota < 1):
            raise BadInput("a grant lasts at least a day, and a quota is at least 1 totem", code="bad-grant")
        return self._session.submit(
            "access.grant",
            transient={"access_key": secrets.token_hex(32)},
            access_id=access_id,
            seconds=days * _DAY,
            quota=quota,
        )

    def deny(self, access_id: str, reason: str) -> Record:
        """Deny a request, with the reason."""
        return self._session.submit("access.deny", access_id=access_id, reason=reason)

    def revoke(self, access_id: str, reason: str) -> Record:
        """Take a grant back: no new jobs under it."""
        return self._session.submit("access.revoke", access_id=access_id, reason=reason)

    def withdraw(self, dataset_id: str, reason: str) -> Record:
        """Take a dataset out of the catalogue."""
        return self._session.submit("datasets.withdraw", dataset_id=dataset_id, reason=reason)

    def jobs(self, *, open_only: bool = False) -> list[Record]:
        """Return the jobs on the provider's datasets, newest first, or those that are still open."""
        return list(self._session.pages("jobs.list", "jobs", open=open_only or None))

    def job(self, job_id: str) -> Record:
        """Return a job with what it has used and its settled phases."""
        return self._session.query("jobs.get", job_id=job_id)

    def decline(self, job_id: str, reason: str) -> Record:
        """Decline a submitted job; everything is returned."""
        return self._session.submit("jobs.decline", job_id=job_id, reason=reason)

    def give_up(self, job_id: str, kind: str) -> Record:
        """End a job that this provider can't bring to its end; everything is returned."""
        error = {"kind": kind, "line": None}
        return self._session.submit("jobs.fail", job_id=job_id, side="provider", error=error)

    def announce_key(self) -> None:
        """Have others seal what only this provider may read to the key of the certificate in use, if they don't yet."""
        key = self._session.gateway.identity.public_key.hex()
        if key and self._session.query("participants.get")["public_key"] != key:
            self._session.submit("participants.announce_key")

    def bill(self, job_id: str) -> Record:
        """Return a job's itemised bill."""
        return self._session.query("results.bill", job_id=job_id)
