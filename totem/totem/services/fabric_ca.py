"""Identities from an organisation's fabric-ca: certified into MSP folders, from which ``join`` takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from totem.ledger import LedgerError
from totem.ledger.certificates import attributes_of, load
from totem.ledger.errors import RevocationRefused
from totem.ledger.fabric.ca import CaRefused, FabricCa
from totem.ledger.fabric.identities import from_msp_folder, to_msp_folder
from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.fabric.revocation import Pushed, push_list
from totem.ledger.files import write_private
from totem.ledger.identities import Identity
from totem.services.errors import BadInput, InTheWay, NotAllowed, from_ledger

__all__ = ["CaAt", "CaIdentities", "push_revocation_list"]


@dataclass(frozen=True, slots=True)
class CaAt:
    """Where a CA is: an address with its organisation, or a common connection profile that says both.

    ``name`` is the CA's name on its server, or in the profile; ``tls_ca`` what its TLS certificate is checked with.
    """

    url: str | None = None
    profile: Path | None = None
    msp_id: str | None = None
    name: str = ""
    tls_ca: Path | None = None

    def open(self) -> FabricCa:
        """Return the client of the CA.

        Raises:
            BadInput: not exactly one of address and profile is given, or what belongs to it is missing.
            LedgerError: the profile or the address can't be used.
        """
        if (self.url is None) == (self.profile is None):
            raise BadInput("give either --url or --profile", code="usage")
        if self.profile is not None:
            if self.msp_id is not None or self.tls_ca is not None:
                raise BadInput("--msp-id and --tls-ca stand in the profile", code="usage")
            return FabricCa.from_profile(self.profile, self.name)
        if self.msp_id is None:
            raise BadInput("--url needs --msp-id: which organisation the CA certifies for", code="usage")
        try:
            tls_ca = self.tls_ca.read_bytes() if self.tls_ca is not None else None
        except OSError as error:
            raise BadInput(f"{self.tls_ca}: {error.strerror}", code="file") from None
        return FabricCa(self.url or "", self.msp_id, name=self.name, tls_ca=tls_ca)


class CaIdentities:
    """What an organisation's people and its registrar do at its CA. All raise ServiceError."""

    def __init__(self, at: CaAt) -> None:
        with _said():
            self._ca = at.open()

    def enrol(self, name: str, secret: str, folder: Path) -> dict[str, Any]:
        """Have a new key certified for somebody who is registered, into an MSP folder that is not there yet."""
        if folder.exists() and any(folder.iterdir()):
            raise InTheWay(f"{folder} is not empty", code="exists", hint="another --out, or `totem admin ca renew`")
        with _said():
            return self._kept(self._ca.enrol(name, secret), folder)

    def renew(self, folder: Path) -> dict[str, Any]:
        """Have a new key certified for the identity of an MSP folder, in its place."""
        with _said():
            return self._kept(self._ca.reenrol(from_msp_folder(folder, self._ca.msp_id)), folder)

    def register(self, registrar: Path, name: str, role: str, attributes: Mapping[str, str]) -> str:
        """Register somebody with a role and further attributes; return the secret to enrol with, once."""
        with _said():
            signer = from_msp_folder(registrar, self._ca.msp_id)
            return self._ca.register(signer, name, attributes={**attributes, "role": role})

    def revoke(self, registrar: Path, name: str, reason: str) -> list[str]:
        """Revoke all certificates of somebody; return their serial numbers. Peers learn of it from the list."""
        with _said():
            signer = from_msp_folder(registrar, self._ca.msp_id)
            return [each.serial for each in self._ca.revoke(signer, name, reason=reason)]

    def revocation_list(self, registrar: Path, file: Path) -> None:
        """Write the CA's revocation list into a file."""
        with _said():
            list_ = self._ca.revocation_list(from_msp_folder(registrar, self._ca.msp_id))
        try:
            write_private(file, list_.encode())
        except OSError as error:
            raise BadInput(f"{file}: {error.strerror}", code="file") from None

    @staticmethod
    def _kept(identity: Identity, folder: Path) -> dict[str, Any]:
        try:
            to_msp_folder(identity, folder)
        except OSError as error:
            raise BadInput(f"{folder}: {error.strerror}: the certificate is lost, enrol again", code="file") from None
        certificate = load(identity.certificate)
        return {
            "participant": identity.id,
            "role": identity.role,
            "attributes": dict(attributes_of(certificate)),
            "expires_at": int(certificate.not_valid_after_utc.timestamp() * 1_000),
            "msp_folder": str(folder),
        }


def push_revocation_list(file: Path, profile: Path, administrator: Path, msp_id: str | None) -> Pushed:
    """Put an organisation's revocation list in force on the channel, from any CA; raises ServiceError.

    ``administrator`` is the MSP folder of somebody with the organisation's admin role; ``msp_id`` None stands for the
    organisation of the profile's first peer.
    """
    try:
        list_ = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no PEM"
        raise BadInput(f"{file}: {why}", code="file", hint="a revocation list in PEM") from None
    with _said():
        connection = ConnectionProfile.load(profile)
        organisation = msp_id or connection.peers[0].msp_id
        signer = from_msp_folder(administrator, organisation)
        try:
            return push_list(connection, signer, organisation, list_)
        except RevocationRefused as error:
            raise BadInput(f"{file}: {error}", code="revocation_list") from error


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except CaRefused as error:
        if error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise NotAllowed(str(error), code="ca_refused") from error
        raise BadInput(str(error), code="ca_refused") from error
    except LedgerError as error:
        raise from_ledger(error) from error
