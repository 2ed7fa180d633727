"""Members: who can act at a ledger from one folder, whichever ledger it is, and how a consortium is founded there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from totem.ledger.identities import Identity
from totem.ledger.port import Gateway, Ledger
from totem.ledger.wallet import Wallet
from totem_chaincode.errors import Conflict
from totem_chaincode.sdk_evaluator import SdkEvaluator

__all__ = ["ADMIN", "Members"]

ADMIN = "admin"
"""Wallet label of the consortium's first member."""

_PAGE = 100


class Members(ABC):
    """The identities of a folder's wallet at their ledger."""

    folder: Path
    wallet: Wallet

    @property
    @abstractmethod
    def view(self) -> Ledger:
        """The ledger for whoever only looks: blocks, events, verification.

        Raises:
            IdentityProblem: it shows itself to members only, and the wallet has none.
        """

    @abstractmethod
    def gateway(self, name: str) -> Gateway:
        """Return the ledger as somebody in the wallet uses it.

        Raises:
            IdentityProblem: the wallet has none of this name.
        """

    @abstractmethod
    def organisation_for(self, name: str, by: str) -> str:
        """Return the MSP id of the organisation that a newcomer of this name, enrolled by ``by``, belongs to."""

    @abstractmethod
    def certifies(self, msp_id: str) -> bool:
        """Whether an organisation's CA is here, so that ``certify`` can issue its certificates."""

    @abstractmethod
    def certify(self, name: str, role: str, msp_id: str | None = None) -> Identity | None:
        """Issue a certificate and keep it in the wallet; None where the organisation's CA is not here.

        The ledger is told by ``enrol`` only.
        """

    def break_off(self, seconds: float) -> bool:
        """End the calls that a ledger has not answered for ``seconds``, in an error; return whether there were any.

        Nobody waits any more for a ledger that did not answer. What was sent is sent: of a transaction it is then not
        known whether it is committed (``FateUnknown``). Most ledgers have nothing that is waited for.
        """
        del seconds
        return False

    @abstractmethod
    def close(self) -> None:
        """Close the ledger."""

    def identity(self, name: str) -> Identity:
        """Return somebody's identity from the wallet.

        Raises:
            IdentityProblem: the wallet has none of this name.
        """
        return self.wallet.get(name)

    def participants(self, by: str) -> Iterator[dict[str, Any]]:
        """Yield the records of all participants, as ``by`` may see them."""
        gateway = self.gateway(by)
        bookmark = ""
        while True:
            page = gateway.evaluate("participants.list", {"limit": _PAGE, "bookmark": bookmark})
            yield from page["participants"]
            bookmark = page["bookmark"]
            if not bookmark:
                return

    @abstractmethod
    def check_free(self, name: str, msp_id: str, by: str) -> None:
        """Check that a newcomer may have the organisation that ``organisation_for`` gave it.

        Raises:
            NameTaken: it is another participant's alone.
        """

    @abstractmethod
    def check_organisation(self, msp_id: str, by: str) -> None:
        """Check that an organisation that was named can have participants, as ``by`` may see it.

        Raises:
            NoOrganisation: the ledger has none of this id.
        """

    def enrol(self, name: str, role: str, msp_id: str | None = None, *, by: str = ADMIN) -> Identity | None:
        """Enrol a participant in the name of ``by``, issue its certificate and keep it in the wallet.

        May be repeated after a crash in between: who is enrolled in this role, but has no certificate here, gets one.
        Returns None where the organisation's CA is not here: then its own administrator must certify it.

        Raises:
            NoOrganisation: the ledger has no organisation of ``msp_id``.
            NameTaken: the wallet has another participant of this name, or the organisation is another one's.
            Conflict: this participant is enrolled already, and has its certificate or another role.
        """
        organisation = msp_id or self.organisation_for(name, by)
        participant = f"{name}@{organisation}"
        if self.certifies(organisation):  # else nothing is put into the wallet, which may have a namesake
            self.wallet.check(name, participant)
        if msp_id is None:
            self.check_free(name, organisation, by)
        else:
            self.check_organisation(msp_id, by)
        gateway = self.gateway(by)
        # First the ledger: a refused enrolment leaves no certificate behind.
        try:
            gateway.submit("participants.enrol", {"participant": participant, "role": role})
        except Conflict as error:
            if error.code != "already_enrolled" or name in self.wallet.labels():
                raise
            if gateway.evaluate("participants.get", {"participant": participant})["role"] != role:
                raise
        return self.certify(name, role, organisation)

    def establish(
        self,
        *,
        providers: Mapping[str, str | None],
        consumers: Mapping[str, str | None],
        table_approval: str,
        tables: Sequence[Mapping[str, Any]],
        by: str = ADMIN,
    ) -> None:
        """Found the consortium and enrol everybody, by name with the MSP id where it is given; agree on ``tables``.

        May be repeated after an interruption: what is done already stays. No table is proposed without providers, or
        where not all of them are here to approve it.
        """
        self._unless_done(by, "participants.found", {"table_approval": table_approval}, {"already_founded"})
        for role, names in (("provider", providers), ("consumer", consumers)):
            for name, msp_id in names.items():
                try:
                    self.enrol(name, role, msp_id, by=by)
                except Conflict as error:
                    if error.code != "already_enrolled":
                        raise
        can_agree = providers and set(providers) <= set(self.wallet.labels())
        for document in tables if can_agree else ():
            self.agree_on(document, list(providers), by=by)

    def issue(self, name: str, amount: int, reason: str) -> None:
        """Issue totem to somebody in the wallet."""
        args = {"account": self.identity(name).id, "amount": amount, "reason": reason}
        self.gateway(ADMIN).submit("accounts.issue", args)

    def agree_on(self, document: Mapping[str, Any], providers: Sequence[str], *, by: str = ADMIN) -> str:
        """Propose an estimator table, have these providers approve it and activate it as default; return its id.

        May be repeated after an interruption.
        """
        gateway = self.gateway(by)
        try:
            table_id: str = gateway.submit("tables.propose", {"document": dict(document)})["table_id"]
        except Conflict as error:
            if error.code != "already_proposed":
                raise
            table_id = SdkEvaluator().table_id(dict(document))
        named = {"table_id": table_id}
        for provider in providers:
            self._unless_done(provider, "tables.approve", named, {"already_approved", "table_state"})
        self._unless_done(by, "tables.activate", named, {"table_state"})
        return table_id

    def _unless_done(self, name: str, function: str, args: Mapping[str, Any], done: set[str]) -> None:
        try:
            self.gateway(name).submit(function, args)
        except Conflict as error:
            if error.code not in done:
                raise
