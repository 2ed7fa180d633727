"""The members of a consortium on Fabric whose identities are in one folder's wallet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from totem.ledger.errors import IdentityProblem, LedgerUnavailable, NoOrganisation
from totem.ledger.fabric.identities import from_wallet
from totem.ledger.fabric.in_step import InStep, Newest
from totem.ledger.fabric.ledger import FabricLedger
from totem.ledger.fabric.membership import FILE, Membership, Organisation
from totem.ledger.fabric.probe import probe
from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.files import read_text
from totem.ledger.identities import CertificateAuthority, Identity
from totem.ledger.members import Members
from totem.ledger.port import Gateway
from totem.ledger.wallet import Wallet

__all__ = ["FabricConsortium", "FabricWallet"]


class FabricWallet(Wallet):
    """A wallet in which an identity's organisation is what its MSP says, not what its certificate says."""

    def get(self, label: str) -> Identity:
        """See ``Wallet.get``."""
        return from_wallet(self, label) if label in self.labels() else super().get(label)


class FabricConsortium(Members):
    """See ``Members``; each identity has a connection of its own, made when it is first used.

    ``viewer`` says in whose name blocks are looked at (None: nobody's who is chosen; then the wallet's first one's).
    """

    def __init__(
        self,
        folder: Path,
        membership: Membership,
        *,
        viewer: Callable[[], str | None] = lambda: None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self.folder = folder
        self.membership = membership
        self.wallet = FabricWallet(folder / "wallet")
        self._viewer = viewer
        self._clock = clock
        self._lock = threading.Lock()
        self._newest = Newest()
        self._open: dict[str, tuple[Identity, InStep]] = {}
        self._is_ending = False

    @property
    def view(self) -> InStep:
        """See ``Members.view``."""
        name = self._viewer() or next(iter(self.wallet.labels()), None)
        if name is None:
            raise IdentityProblem(f"{self.wallet.folder} has no identity: Fabric shows blocks to members only")
        return self._opened(name)[1]

    def gateway(self, name: str) -> Gateway:
        """See ``Members.gateway``."""
        identity, ledger = self._opened(name)
        return Gateway(ledger, identity)

    def organisation_for(self, name: str, by: str) -> str:
        """Return the MSP id of who enrols: newcomers belong to the same organisation unless it is said otherwise."""
        del name
        return self.identity(by).msp_id

    def check_free(self, name: str, msp_id: str, by: str) -> None:
        """Say nothing: on Fabric an organisation has any number of participants."""

    def check_organisation(self, msp_id: str, by: str) -> None:
        """See ``Members.check_organisation``: those of the channel's configuration."""
        known = self._opened(by)[1].fabric.organisations()
        if msp_id not in known:
            raise NoOrganisation(msp_id, known)

    def certifies(self, msp_id: str) -> bool:
        """See ``Members.certifies``."""
        organisation = self.membership.organisations.get(msp_id)
        return organisation is not None and organisation.certifies

    def certify(self, name: str, role: str, msp_id: str | None = None) -> Identity | None:
        """See ``Members.certify``."""
        organisation = self.membership.organisations.get(msp_id or "")
        if organisation is None or not organisation.certifies:
            return None
        identity = _authority(organisation).issue(name, organisation.msp_id, role)
        self.wallet.put(name, identity)
        return identity

    def break_off(self, seconds: float) -> bool:
        """See ``Members.break_off``: connections that wait are closed, and then no others are made."""
        with self._lock:
            waiting = [ledger for _, ledger in self._open.values() if ledger.longest_wait() >= seconds]
            self._is_ending = self._is_ending or bool(waiting)
            for ledger in waiting:
                ledger.close()
        return bool(waiting)

    def close(self) -> None:
        """See ``Members.close``."""
        with self._lock:
            for _, ledger in self._open.values():
                ledger.close()
            self._open.clear()

    def _opened(self, name: str) -> tuple[Identity, InStep]:
        with self._lock:
            found = self._open.get(name)
        if found is None:
            # Not under the lock: where the network does not answer, others must not wait for this one's patience.
            self._check_open()
            made = self._connect(name)
            with self._lock:
                found = self._open.setdefault(name, made)
            try:
                self._check_open()
            except LedgerUnavailable:
                found[1].close()  # it was not there yet when all others were
                raise
            if found is not made:
                made[1].close()
        return found

    def _check_open(self) -> None:
        """Check that connections may be made still.

        Raises:
            LedgerUnavailable: ``break_off`` was called.
        """
        if self._is_ending:
            raise LedgerUnavailable("the ledger is closed: this process ends")

    def _connect(self, name: str) -> tuple[Identity, InStep]:
        identity = self.wallet.get(name)
        profile = ConnectionProfile.load(self._organisation(identity.msp_id).profile)
        probe(profile, identity, clock=self._clock)
        return identity, InStep(FabricLedger(profile, identity, clock=self._clock), self._newest)

    def _organisation(self, msp_id: str) -> Organisation:
        """Return one of the folder's organisations, also one that has joined after this was opened.

        Raises:
            LedgerUnavailable: the folder has none of this id.
        """
        if msp_id not in self.membership.organisations and (self.folder / FILE).exists():
            self.membership = Membership.load(self.folder)
        return self.membership.organisation(msp_id)


def _authority(organisation: Organisation) -> CertificateAuthority:
    """Return an organisation's CA.

    Raises:
        IdentityProblem: its files can't be read.
    """
    if organisation.ca_certificate is None or organisation.ca_key is None:
        raise IdentityProblem(f"the CA of {organisation.msp_id} is not here")
    try:
        key = serialization.load_pem_private_key(read_text(organisation.ca_key).encode(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return CertificateAuthority(read_text(organisation.ca_certificate), key)
    except (ValueError, TypeError):
        pass  # said below, as for a key of another kind
    raise IdentityProblem(
        f"{organisation.ca_key} and {organisation.ca_certificate} are not an unencrypted ECDSA key and its certificate"
    )
