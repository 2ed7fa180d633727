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
from totem.ledger.members import ADMIN, Members
from totem.ledger.port import Gateway
from totem.ledger.wallet import Wallet
from totem_chaincode.dispatcher import Chaincode
from totem_sdk.table import BUNDLED, load

__all__ = ["ADMIN", "Consortium", "bundled_tables", "msp_of"]

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
class Consortium(Members):
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
        made.establish(
            providers=dict.fromkeys(providers),
            consumers=dict.fromkeys(consumers),
            table_approval=table_approval,
            tables=bundled_tables() if tables is None else tables,
        )
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

    @property
    def view(self) -> EmbeddedLedger:
        """See ``Members.view``."""
        return self.ledger

    def gateway(self, name: str) -> Gateway:
        """See ``Members.gateway``."""
        return Gateway(self.ledger, self.identity(name))

    def organisation_for(self, name: str, by: str) -> str:
        """Return the MSP id made from the name: here everybody is an organisation."""
        del by
        return msp_of(name)

    def certifies(self, msp_id: str) -> bool:  # noqa: ARG002 -- the port asks for each organisation
        """See ``Members.certifies``: the one CA is that of all organisations."""
        return True

    def certify(self, name: str, role: str, msp_id: str | None = None) -> Identity:
        """See ``Members.certify``."""
        identity = self.authority.issue(name, msp_id or msp_of(name), role)
        self.wallet.put(name, identity)
        return identity

    def check_free(self, name: str, msp_id: str, by: str) -> None:
        """See ``Members.check_free``."""
        for there in self.participants(by):
            if there["msp_id"] == msp_id and there["name"] != name:
                raise NameTaken(
                    f"{name!r} can't be enrolled: its organisation {msp_id} is that of {there['participant']}"
                )

    def check_organisation(self, msp_id: str, by: str) -> None:
        """Say nothing: the one CA is that of all organisations, whatever they are called."""

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
