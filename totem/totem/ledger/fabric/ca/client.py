"""The calls of fabric-ca: enrol, renew, register, revoke, revocation list."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from totem.ledger.errors import IdentityProblem, LedgerError, LedgerUnavailable
from totem.ledger.fabric.ca.wire import CaServer, basic
from totem.ledger.fabric.common_profile import CommonProfile, read_document
from totem.ledger.fabric.identities import MspIdentity
from totem.ledger.fabric.signing import Signer
from totem.ledger.identities import Identity

__all__ = ["REASONS", "CaInfo", "FabricCa", "RevokedCertificate"]

REASONS = (
    "unspecified",
    "keycompromise",
    "cacompromise",
    "affiliationchanged",
    "superseded",
    "cessationofoperation",
    "certificatehold",
    "removefromcrl",
    "privilegewithdrawn",
    "aacompromise",
)
"""Why a certificate may be revoked, in fabric-ca's words. It takes any other word for "unspecified"."""

_BY_DEFAULT = ("hf.Affiliation", "hf.EnrollmentID", "hf.Type")


@dataclass(frozen=True, slots=True)
class CaInfo:
    """What a CA says of itself: its name, its certificate chain (PEM), its version."""

    name: str
    chain: str
    version: str


@dataclass(frozen=True, slots=True)
class RevokedCertificate:
    """A certificate as fabric-ca names it: serial number and key identifier of its authority, both hexadecimal."""

    serial: str
    authority: str


class FabricCa:
    """A CA of the organisation ``msp_id`` on a fabric-ca server.

    ``address`` is ``https://host:port``; plain http only on this machine. ``name`` is needed where one server has
    several CAs. All calls raise:

        CaRefused: the CA does not do it.
        LedgerUnavailable: it can't be reached.
        LedgerError: what answered is not fabric-ca, or gives what was not asked for.
    """

    def __init__(
        self, address: str, msp_id: str, *, name: str = "", tls_ca: bytes | None = None, timeout: float = 30.0
    ) -> None:
        self.msp_id = msp_id
        self._name = name
        self._server = CaServer(address, tls_ca=tls_ca, timeout=timeout)

    @classmethod
    def from_profile(cls, path: Path, name: str = "") -> FabricCa:
        """Return a CA that a common connection profile names: ``name``, or the first one of the client's organisation.

        Raises:
            LedgerUnavailable: the profile can't be read, or has no such CA.
        """
        try:
            found = CommonProfile(read_document(path), path.parent).authorities()
        except (OSError, ValueError) as error:
            raise LedgerUnavailable(f"the connection profile {path} can't be read: {error}") from None
        if not found or (name and name not in found):
            known = ", ".join(found) or "none"
            raise LedgerUnavailable(
                f"{path}: no CA {name!r} under certificateAuthorities of its organizations ({known})"
            )
        at = found[name] if name else next(iter(found.values()))
        return cls(at.address, at.msp_id, name=at.name, tls_ca=at.tls_ca)

    def info(self) -> CaInfo:
        """Return what the CA says of itself; anybody may ask."""
        query = {"ca": self._name} if self._name else {}
        found = self._server.call("GET", "cainfo", None, who="", query=query)
        return CaInfo(str(found["CAName"]), _unpacked(found["CAChain"]), str(found.get("Version") or ""))

    def enrol(self, name: str, secret: str, *, attributes: Sequence[str] = (), profile: str = "") -> MspIdentity:
        """Have a new key certified for somebody who is registered.

        The certificate has the attributes that were registered for certificates; with ``attributes`` those, which must
        be registered, and none else.
        """
        _check_name(name)
        return self._certified("enroll", name, basic(name, secret), attributes, profile)

    def reenrol(self, identity: Identity, *, attributes: Sequence[str] = (), profile: str = "") -> MspIdentity:
        """Have a new key certified for somebody who has a certificate; the old one stays valid until it expires."""
        return self._certified("reenroll", identity.name, identity, attributes, profile)

    def register(
        self,
        registrar: Signer,
        name: str,
        *,
        attributes: Mapping[str, str] | None = None,
        kind: str = "client",
        secret: str = "",
        affiliation: str = "",
        enrolments: int = 1,
    ) -> str:
        """Make somebody known, with attributes that will stand in certificates; return the secret to enrol with.

        ``enrolments`` is how often the secret works (-1: as often as the CA allows). Without ``secret`` the CA makes
        one.
        """
        _check_name(name)
        body: dict[str, Any] = {
            "id": name,
            "type": kind,
            "affiliation": affiliation,
            "max_enrollments": enrolments,
            "attrs": [{"name": key, "value": value, "ecert": True} for key, value in (attributes or {}).items()],
        }
        found = self._call("register", {**body, **({"secret": secret} if secret else {})}, registrar)
        return str(found["secret"])

    def revoke(self, revoker: Signer, name: str, *, reason: str = "unspecified") -> list[RevokedCertificate]:
        """Revoke all certificates of somebody, who can't enrol any more either.

        Peers learn of it only by the revocation list in the channel's configuration.
        """
        return self._revoked(revoker, {"id": name}, reason)

    def revoke_certificate(
        self, revoker: Signer, certificate: str, *, reason: str = "unspecified"
    ) -> list[RevokedCertificate]:
        """Revoke one certificate (PEM); its holder can enrol again."""
        read = x509.load_pem_x509_certificate(certificate.encode())
        try:
            issuer = read.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        except x509.ExtensionNotFound:
            issuer = None
        if issuer is None:
            raise IdentityProblem("the certificate does not say whose key has signed it: it is not one of fabric-ca's")
        return self._revoked(revoker, {"serial": f"{read.serial_number:x}", "aki": issuer.hex()}, reason)

    def revocation_list(self, revoker: Signer) -> str:
        """Return the list (PEM) of all revoked certificates that have not expired."""
        text = _unpacked(self._call("gencrl", {}, revoker)["CRL"])
        try:
            x509.load_pem_x509_crl(text.encode())
        except ValueError:
            raise LedgerError("the CA gives something that is no revocation list") from None
        return text

    def _certified(
        self, call: str, name: str, who: Signer | str, attributes: Sequence[str], profile: str
    ) -> MspIdentity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
        body: dict[str, Any] = {"certificate_request": request.public_bytes(Encoding.PEM).decode()}
        if profile:
            body["profile"] = profile
        if attributes:
            # Asking for some means none of the others; what peers expect of a client is always there.
            needed = [{"name": each, "optional": False} for each in attributes]
            body["attr_reqs"] = [*needed, *({"name": each, "optional": True} for each in _BY_DEFAULT)]
        certificate = _unpacked(self._call(call, body, who)["Cert"])
        try:
            read = x509.load_pem_x509_certificate(certificate.encode())
        except ValueError:
            raise LedgerError("the CA gives something that is no certificate") from None
        identity = MspIdentity(certificate, key, self.msp_id)
        if read.public_key() != key.public_key() or identity.name != name:
            raise LedgerError(f"the CA gives a certificate of another key or name than asked for ({name})")
        return identity

    def _revoked(self, revoker: Signer, what: Mapping[str, str], reason: str) -> list[RevokedCertificate]:
        if reason not in REASONS:
            raise IdentityProblem(f"{reason!r} is no reason to revoke (known: {', '.join(REASONS)})")
        found = self._call("revoke", {**what, "reason": reason}, revoker)
        return [RevokedCertificate(str(each["Serial"]), str(each["AKI"])) for each in found["RevokedCerts"] or ()]

    def _call(self, name: str, body: Mapping[str, Any], who: Signer | str) -> Any:
        named = {"caname": self._name} if self._name else {}
        return self._server.call("POST", name, {**body, **named}, who=who, query={})


def _check_name(name: str) -> None:
    # Enrolling, the server takes everything up to the first colon for the name; registering, it takes any name.
    if not name or ":" in name:
        raise IdentityProblem(f"{name!r}: a name at fabric-ca is not empty and has no colon")


def _unpacked(text: Any) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (ValueError, TypeError):
        raise LedgerError(
            "the CA's answer has something else than base64 where a certificate or list should be"
        ) from None
