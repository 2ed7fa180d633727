"""Bootstrap: a whole consortium in a folder: CA, identities, embedded ledger, founded, enrolled, tables agreed.

``totem run`` makes a throw-away one, ``totem dev`` and `totem admin init` one that stays. The folder has ``ca/``,
``wallet/`` and ``ledger/``; who holds it can act as everybody in it, so it is for one operator or for trying.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem.ledger.embedded import EmbeddedLedger
from totem.ledger.errors import LedgerUnavailable, NameTaken
from totem.ledger.identities import CertificateAuthority, Identity
from totem.ledger.port import Gateway
from totem.ledger.wallet import Wallet
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Conflict
from totem_sdk.table import BUNDLED, load

__all__ = ["ADMIN", "Consortium", "bundled_tables", "msp_of"]

ADMIN = "admin"
"""Wallet label of the consortium's first member."""

CHANNEL = "totem"
_CONSORTIUM_MSP = "ConsortiumMSP"


def msp_of(name: str) -> str:
    """Return the MSP id of an organisation that has one participant: ``north-grid`` → ``NorthGridMSP``.

    Different names can lead to one id (``north.grid``); who enrols must refuse the second (``Consortium.enrol``).
    """
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_.]+", name) if part) + "MSP"


def bundled_tables() -> list[dict[str, Any]]:
    """Return the documents of the estimator tables that come with the SDK; the last one is the default."""
    return [load(name).to_json() for name in BUNDLED]


@dataclass
class Consortium:
    """A consortium in a folder, opened: its ledger, its CA and everybody's identities by name."""

    folder: Path
    ledger: EmbeddedLedger
    authority: CertificateAuthority
    wallet: Wallet

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        providers: Sequence[str] = ("provider",),
        consumers: Sequence[str] = ("consumer",),
        table_approval: str = "all",
        tables: Sequence[Mapping[str, Any]] | None = None,
        chaincode: Chaincode | None = None,
        clock: Callable[[], int] | None = None,
        durable: bool = True,
    ) -> Consortium:
        """Make a consortium: everybody certified and enrolled, ``tables`` (default: the bundled ones) agreed on.

        The last table becomes the default. Without providers no table can be agreed on, so none is proposed.

        Raises:
            LedgerUnavailable: the folder has a ledger already.
            NameTaken: two names lead to the same organisation; nothing is made.
        """
        if (folder / "ledger" / "ledger.db").exists():
            raise LedgerUnavailable(f"{folder} has a consortium already")
        _check_organisations([*providers, *consumers])
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = CertificateAuthority.create()
        authority.save(folder / "ca")
        wallet = Wallet(folder / "wallet")
        wallet.put(ADMIN, authority.issue(ADMIN, _CONSORTIUM_MSP, "consortium"))
        ledger = EmbeddedLedger.create(
            folder / "ledger",
            channel=CHANNEL,
            authority=authority.certificate,
            node=authority.issue("node", _CONSORTIUM_MSP, "node"),
            chaincode=chaincode,
            clock=clock,
            durable=durable,
        )
        made = cls(folder, ledger, authority, wallet)
        made.gateway(ADMIN).submit("participants.found", {"table_approval": table_approval})
        for role, names in (("provider", providers), ("consumer", consumers)):
            for name in names:
                made.enrol(name, role)
        if providers:
            documents = bundled_tables() if tables is None else tables
            for document in documents:
                made.agree_on(document, providers)
        return made

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        chaincode: Chaincode | None = None,
        clock: Callable[[], int] | None = None,
    ) -> Consortium:
        """Open a consortium that was made before.

        Raises:
            LedgerUnavailable: the folder has none.
            IdentityProblem: its CA can't be read.
        """
        ledger = EmbeddedLedger.open(folder / "ledger", chaincode=chaincode, clock=clock)
        try:
            return cls(folder, ledger, CertificateAuthority.load(folder / "ca"), Wallet(folder / "wallet"))
        except BaseException:
            ledger.close()
            raise

    @classmethod
    @contextmanager
    def throw_away(cls, **options: Any) -> Iterator[Consortium]:
        """Make a consortium in a temporary folder and delete it afterwards; ``options`` as for ``create``."""
        folder = Path(tempfile.mkdtemp(prefix="totem-"))
        try:
            made = cls.create(folder, **{"durable": False, **options})
            try:
                yield made
            finally:
                made.close()
        finally:
            shutil.rmtree(folder)

    def identity(self, name: str) -> Identity:
        """Return somebody's identity from the wallet.

        Raises:
            IdentityProblem: the wallet has none of this name.
        """
        return self.wallet.get(name)

    def gateway(self, name: str) -> Gateway:
        """Return the ledger as somebody in the wallet uses it."""
        return Gateway(self.ledger, self.identity(name))

    def certify(self, name: str, role: str, msp_id: str | None = None) -> Identity:
        """Issue a certificate and keep it in the wallet; the ledger is told by ``enrol`` only."""
        identity = self.authority.issue(name, msp_id or msp_of(name), role)
        self.wallet.put(name, identity)
        return identity

    def enrol(self, name: str, role: str, msp_id: str | None = None, *, by: str = ADMIN) -> Identity:
        """Enrol a participant in the name of ``by``, issue its certificate and keep it in the wallet.

        May be repeated after a crash in between: who is enrolled in this role, but has no certificate here, gets one.
        An ``msp_id`` that is given may have several participants; one made from the name is this participant's alone.

        Raises:
            NameTaken: the wallet has another participant of this name, or the organisation is another one's.
            Conflict: this participant is enrolled already, and has its certificate or another role.
        """
        gateway = self.gateway(by)
        participant = f"{name}@{msp_id or msp_of(name)}"
        self.wallet.check(name, participant)
        if msp_id is None:
            _check_free(gateway, name)
        # First the ledger: a refused enrolment leaves no certificate behind.
        try:
            gateway.submit("participants.enrol", {"participant": participant, "role": role})
        except Conflict as error:
            if error.code != "already_enrolled" or name in self.wallet.labels():
                raise
            if gateway.evaluate("participants.get", {"participant": participant})["role"] != role:
                raise
        return self.certify(name, role, msp_id)

    def issue(self, name: str, amount: int, reason: str) -> None:
        """Issue totem to somebody in the wallet."""
        args = {"account": self.identity(name).id, "amount": amount, "reason": reason}
        self.gateway(ADMIN).submit("accounts.issue", args)

    def agree_on(self, document: Mapping[str, Any], providers: Sequence[str]) -> str:
        """Propose an estimator table, have these providers approve it and activate it as default; return its id."""
        table_id: str = self.gateway(ADMIN).submit("tables.propose", {"document": dict(document)})["table_id"]
        for provider in providers:
            self.gateway(provider).submit("tables.approve", {"table_id": table_id})
        self.gateway(ADMIN).submit("tables.activate", {"table_id": table_id})
        return table_id

    def revoke(self, name: str) -> None:
        """Revoke the certificate that somebody has in the wallet, here and on the ledger."""
        crl = self.authority.revoke(self.identity(name).certificate)
        # First the CA: a list that the ledger never got is replaced by the next one, a list that the CA forgot is not.
        self.authority.save(self.folder / "ca")
        self.ledger.revoke(crl)

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()


def _check_organisations(names: Sequence[str]) -> None:
    """Check that no two names of a new consortium lead to the same organisation."""
    taken = {_CONSORTIUM_MSP: ADMIN}
    for name in names:
        if (there := taken.setdefault(msp_of(name), name)) != name:
            raise NameTaken(f"{name!r} can't be enrolled: its organisation {msp_of(name)} would be that of {there!r}")


def _check_free(gateway: Gateway, name: str) -> None:
    """Check that the organisation made from a name is no other participant's."""
    bookmark = ""
    while True:
        page = gateway.evaluate("participants.list", {"limit": 100, "bookmark": bookmark})
        for there in page["participants"]:
            if there["msp_id"] == msp_of(name) and there["name"] != name:
                raise NameTaken(
                    f"{name!r} can't be enrolled: its organisation {msp_of(name)} is that of {there['participant']}"
                )
        bookmark = page["bookmark"]
        if not bookmark:
            return
