"""The home folder: a place at one consortium, the identities in its wallet, what its providers keep.

::

    ca/ wallet/ ledger/    a consortium on the embedded ledger (``totem.ledger.bootstrap``), or
    fabric.json wallet/    a place on a Fabric network (``totem.ledger.fabric.membership``)
    identity               name of the identity that commands act as
    providers/NAME/        what a provider's server keeps (``store``)
    tokens.json            the REST API's tokens, hashed
    unknown-fates/         transactions of which it is not known whether they are committed (``unknown_fates``)

Whoever can read the folder can act as everybody in its wallet: it is made for its owner's eyes only.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from totem.ledger.bootstrap import ADMIN, Consortium
from totem.ledger.errors import LedgerError, LedgerUnavailable, TransactionVoid
from totem.ledger.files import write_private
from totem.ledger.members import Members
from totem.ledger.port import Ledger
from totem.services.directory import Directory
from totem.services.errors import BadInput, OutcomeUnknown, Unauthorised, from_contract, from_ledger
from totem.services.explorer import Explorer
from totem.services.session import Record, Session
from totem.services.store import ProviderStore
from totem.services.tokens import TokenStore
from totem.services.unknown_fates import UnknownFates
from totem_chaincode.errors import ContractError

__all__ = ["Home"]

_PARTS = ("ca", "wallet", "ledger")
"""What a consortium's folder consists of."""


class Home:
    """A home folder; nothing is opened before it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def found(
        self,
        *,
        providers: Sequence[str] = (),
        consumers: Sequence[str] = (),
        table_approval: str = "all",
        totem: Mapping[str, int] | None = None,
    ) -> Session:
        """Make a consortium here, with ``totem`` on its members' accounts; commands then act as its first member.

        Raises:
            Missing: there is one already, or the folder can't be used.
            BadInput: a name is there twice, or is not one that a participant can have.
        """
        names = [ADMIN, *providers, *consumers]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadInput(f"the name {twice[0]!r} is there twice", code="bad-name")
        try:
            with self._founding() as folder:
                made = Consortium.create(
                    folder, providers=providers, consumers=consumers, table_approval=table_approval
                )
                with closing(made):
                    for name, amount in (totem or {}).items():
                        made.issue(name, amount, "to begin with")
        except LedgerError as error:
            raise from_ledger(error) from error
        except OSError as error:
            raise BadInput(f"{self.root}: {error.strerror}", code="not-writable") from None
        return self.use(ADMIN)

    @property
    def is_on_fabric(self) -> bool:
        """Whether this folder's ledger is a Fabric network's."""
        return (self.root / "fabric.json").exists()

    @property
    def is_founded(self) -> bool:
        """Whether there is a consortium in this folder, with all that was to be founded with it."""
        return self.is_on_fabric or (self.root / "ledger" / "ledger.db").exists()

    def finish_founding(self) -> None:
        """Finish a founding that was interrupted when the consortium was whole, but not yet in its place."""
        folder = self.root / "founding"
        if (self.root / _PARTS[0]).exists() and (folder / _PARTS[-1]).exists() and not (folder / _PARTS[0]).exists():
            self._settle_in(folder)

    @contextmanager
    def _founding(self) -> Iterator[Path]:
        """Give a folder in which to make a consortium, and move what was made to its place when it is whole.

        Whatever interrupts it, there is no consortium then, and the next one who founds begins anew.

        Raises:
            LedgerUnavailable: there is one already, or there are keys of one.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.root / "founding.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.finish_founding()
            if self.is_founded:
                raise LedgerUnavailable(f"{self.root} has a consortium already")
            if kept := [part for part in _PARTS if (self.root / part).exists()]:
                what = f"{self.root} has {' and '.join(kept)} of a consortium, but not its ledger"
                raise LedgerUnavailable(f"{what}: restore it, or move them away")
            folder = self.root / "founding"
            shutil.rmtree(folder, ignore_errors=True)
            try:
                yield folder
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            self._settle_in(folder)

    def _settle_in(self, folder: Path) -> None:
        for part in _PARTS:  # the ledger last: with it the consortium is there
            if (folder / part).exists():
                (folder / part).rename(self.root / part)
        folder.rmdir()

    @cached_property
    def consortium(self) -> Members:
        """The consortium, as far as its members are here.

        Raises:
            Missing: there is none in this folder.
        """
        try:
            if self.is_on_fabric:
                return self._open_on_fabric()
            return Consortium.open(self.root)
        except LedgerError as error:
            raise from_ledger(error) from error

    def forget(self) -> None:
        """Close the consortium, where it is open: its files have changed."""
        opened = self.__dict__.pop("consortium", None)
        if opened is not None:
            opened.close()

    def _open_on_fabric(self) -> Members:
        from totem.ledger.fabric.consortium import FabricConsortium  # noqa: PLC0415  # brings Fabric's messages
        from totem.ledger.fabric.membership import Membership  # noqa: PLC0415  # as above

        return FabricConsortium(self.root, Membership.load(self.root), viewer=self._in_use)

    def session(self, name: str | None = None) -> Session:
        """Return the session of an identity, by default of the one in use.

        Raises:
            Unauthorised: the wallet has no such identity, or none is in use.
        """
        try:
            return Session(self.consortium.gateway(name or self.current()), self.fates)
        except LedgerError as error:
            raise from_ledger(error) from error

    def current(self) -> str:
        """Return the name of the identity in use.

        Raises:
            Unauthorised: none is in use.
        """
        if (name := self._in_use()) is None:
            known = ", ".join(self.consortium.wallet.labels()) or "none"
            raise Unauthorised(
                f"no identity is in use (the wallet has: {known})",
                code="no_identity",
                hint="give --as NAME, or choose one with `totem admin use NAME`",
            )
        return name

    def _in_use(self) -> str | None:
        try:
            return (self.root / "identity").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def use(self, name: str) -> Session:
        """Act as this identity from now on."""
        session = self.session(name)
        write_private(self.root / "identity", f"{name}\n".encode())
        return session

    def identities(self) -> list[dict[str, Any]]:
        """Return the identities of the wallet."""
        wallet = self.consortium.wallet
        in_use = self._in_use()
        found = []
        for name in wallet.labels():
            identity = wallet.get(name)
            found.append({"name": name, "participant": identity.id, "role": identity.role, "in_use": name == in_use})
        return found

    def enrol(self, name: str, role: str, msp_id: str | None = None, *, by: str | None = None) -> Record:
        """Enrol a participant in the name of ``by``, and put its certificate into the wallet; return its record.

        Without ``msp_id`` the organisation is one made for the name, on Fabric that of ``by``. Where the CA of the
        organisation is not here (``holds`` says so afterwards), the participant is enrolled and not certified.

        Raises:
            BadInput: on Fabric, the channel has no such organisation, or the certificate here says another role.
            InTheWay: the name is another participant's, or it is enrolled and has its certificate.
            NotAllowed: ``by`` may not enrol.
        """
        session = self.session(by)
        enroller = by or self.current()
        try:
            organisation = msp_id or self.consortium.organisation_for(name, enroller)
            if self.is_on_fabric:  # else certificates are made by enrolling
                self._check_role(f"{name}@{organisation}", role)
            self.consortium.enrol(name, role, msp_id, by=enroller)
        except ContractError as error:
            raise from_contract(error) from error
        except LedgerError as error:
            raise from_ledger(error) from error
        return session.query("participants.get", participant=f"{name}@{organisation}")

    def _check_role(self, participant: str, role: str) -> None:
        """Check that a certificate that is here says the role in which its holder is to be enrolled, for good.

        Raises:
            BadInput: it says another one.
        """
        says = next((item["role"] for item in self.identities() if item["participant"] == participant), role)
        if says != role:
            raise BadInput(
                f"the certificate of {participant} says role={says}, not {role}: it could do nothing",
                code="role_mismatch",
                hint=f"enrol it with `--role {says}`, or have its CA certify another name as {role}",
            )

    def holds(self, participant: str) -> bool:
        """Whether the wallet has this participant's (``name@msp``) identity."""
        return any(item["participant"] == participant for item in self.identities())

    def directory(self, by: str | None = None) -> Directory:
        """Return who is enrolled, as ``by`` (by default the identity in use) sees it."""
        return Directory(self.session(by), {item["name"]: str(item["participant"]) for item in self.identities()})

    def participant(self, name: str, *, by: str | None = None, role: str | None = None) -> str:
        """Return ``name@msp`` for what names a participant who is enrolled (``Directory.find``), as ``by`` sees it.

        Raises:
            BadInput: nobody, several, or somebody of another role than ``role`` is called so.
        """
        return self.directory(by).find(name, role)

    def explorer(self, by: str | None = None) -> Explorer:
        """Return the ledger's explorer, for whoever is in use, or for ``by``."""
        return Explorer(self._view() if by is None else self.session(by).gateway.ledger)

    def _view(self) -> Ledger:
        try:
            return self.consortium.view
        except LedgerError as error:
            raise from_ledger(error) from error

    def store(self, name: str) -> ProviderStore:
        """Return what the provider of this name keeps here."""
        return ProviderStore(self.root / "providers" / name)

    def store_of(self, name: str | None) -> ProviderStore:
        """Return what the provider that commands act as keeps here."""
        return self.store(self.session(name).name)

    @property
    def fates(self) -> UnknownFates:
        """Transactions of which it is not known whether they are committed."""
        return UnknownFates(self.root / "unknown-fates")

    def resume(self) -> list[dict[str, Any]]:
        """Find out what became of every transaction in ``fates``; return them with their ``outcome``.

        ``committed``, ``void`` (not done, and never will be), ``unknown`` still, or ``no identity`` (the wallet
        does not have the one whose transaction it is).
        """
        names = {item["participant"]: item["name"] for item in self.identities()}
        found = []
        for kept in self.fates.all():
            outcome = "no identity"
            if kept.participant in names:
                try:
                    self.session(names[kept.participant]).settle_fate(kept)
                    outcome = "committed"
                except TransactionVoid:
                    outcome = "void"
                except OutcomeUnknown:
                    outcome = "unknown"
            fields = {name: getattr(kept, name) for name in ("tx_id", "participant", "function", "since")}
            found.append({**fields, "outcome": outcome})
        return found

    @property
    def tokens(self) -> TokenStore:
        """The tokens of the REST API."""
        return TokenStore(self.root / "tokens.json")

    @property
    def has_chosen(self) -> bool:
        """Whether an identity is in use."""
        return self._in_use() is not None
