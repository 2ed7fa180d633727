"""What the consortium and its members do together: participants, totem, estimator tables, the ledger's format."""

from __future__ import annotations

from typing import Any

from totem.services.errors import BadInput
from totem.services.session import Record, Session

__all__ = ["Consortium"]


class Consortium:
    """The consortium's business, as one of its participants sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def enrol(self, participant: str, role: str) -> Record:
        """Enrol a certificate's holder (``name@msp``) as consumer, provider or consortium."""
        return self._session.submit("participants.enrol", participant=participant, role=role)

    def suspend(self, participant: str, reason: str) -> Record:
        """Suspend a participant: nothing it signs is accepted until it is reinstated."""
        return self._session.submit("participants.suspend", participant=participant, reason=reason)

    def reinstate(self, participant: str) -> Record:
        """Let a suspended participant act again."""
        return self._session.submit("participants.reinstate", participant=participant)

    def participants(self, role: str | None = None) -> list[Record]:
        """Return all participants, or those of one role."""
        return list(self._session.pages("participants.list", "participants", role=role))

    def issue(
        self, account: str, amount: int, reason: str, *, reference: str = "", request_id: str | None = None
    ) -> Record:
        """Make totem for an account, with the reason; ``request_id`` answers its request."""
        return self._session.submit(
            "accounts.issue",
            account=account,
            amount=amount,
            reason=reason,
            reference=reference or None,
            request_id=request_id,
        )

    def decline(self, request_id: str, reason: str) -> Record:
        """Decline a request for totem."""
        return self._session.submit("accounts.decline", request_id=request_id, reason=reason)

    def requests(self) -> list[Record]:
        """Return requests for totem, newest first: everybody's for the consortium, else the caller's own."""
        return list(self._session.pages("accounts.requests", "requests"))

    def audit(self) -> Record:
        """Add up every account; ``balanced`` tells whether Σ accounts = Σ issued."""
        return self._session.query("accounts.audit", detail="accounts")

    def migrate(self) -> Record:
        """Bring the ledger's records into the contracts' format; return it, and how many records were changed.

        It may be interrupted and called again; where nothing is to be done nothing is.
        """
        changed = 0
        found = self._session.query("consortium.format")
        while found["version"] < found["needed"]:
            page = self._session.submit("consortium.migrate")
            changed += page["changed"]
            found = {name: page[name] for name in found}
        return {**found, "changed": changed}

    def propose_table(self, document: Any) -> Record:
        """Propose an estimator table; its hash becomes its id."""
        return self._session.submit("tables.propose", document=document)

    def approve_table(self, table: str) -> Record:
        """Approve a proposed table, named by id or name, as a provider."""
        return self._session.submit("tables.approve", table_id=self.table_id(table, "proposed"))

    def activate_table(self, table: str, *, default: bool = True) -> Record:
        """Activate a table that enough providers have approved."""
        return self._session.submit("tables.activate", table_id=self.table_id(table, "proposed"), default=default)

    def retire_table(self, table: str) -> Record:
        """Retire an active table that is not the default."""
        return self._session.submit("tables.retire", table_id=self.table_id(table, "active"))

    def tables(self) -> list[Record]:
        """Return all tables in every state, without their documents."""
        return list(self._session.pages("tables.list", "tables"))

    def table(self, table: str | None = None) -> Record:
        """Return one table with document and approvals, by id or name; the default one where none is named."""
        return self._session.query("tables.get", table_id=None if table is None else self.table_id(table))

    def table_id(self, table: str, state: str | None = None) -> str:
        """Return the id of the table of this id or name (in ``state``, where several share the name).

        Raises:
            BadInput: no table on the ledger, or more than one, is called so.
        """
        known = self.tables()
        if any(item["table_id"] == table for item in known):
            return table
        found = [item for item in known if item["name"] == table]
        if len(found) > 1 and state is not None:
            found = [item for item in found if item["state"] == state]
        if len(found) == 1:
            return str(found[0]["table_id"])
        names = ", ".join(sorted({item["name"] for item in known})) or "none yet"
        problem = "several tables are" if found else "no table on the ledger is"
        raise BadInput(
            f"{problem} called {table!r}", code="unknown-table", hint=f"give its id; tables by name: {names}"
        )
