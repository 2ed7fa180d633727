"""Identities: a certificate with its private key, and the local CA that issues them.

Keys are written with mode 0600 and never appear in a repr, an error or a log.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from totem.ledger import hpke
from totem.ledger.certificates import ATTRIBUTES, creator_of
from totem.ledger.errors import IdentityProblem, ProposalRefused
from totem.ledger.files import read_text, write_private
from totem_chaincode.public_keys import p256_bytes

__all__ = ["CertificateAuthority", "Identity"]

_SHA256 = hashes.SHA256()


class Identity:
    """Somebody who can sign: certificate (PEM), private key, and what the certificate says.

    ``id`` is ``name@msp``, as participants are called.
    """

    def __init__(self, certificate: str, key: ec.EllipticCurvePrivateKey, msp_id: str) -> None:
        try:
            creator = creator_of(msp_id, certificate)
        except ProposalRefused as error:
            raise IdentityProblem(str(error)) from None
        self.certificate = certificate
        self.msp_id = msp_id
        self.name = creator.common_name
        self.role = creator.attributes.get("role", "")
        self.fingerprint = creator.fingerprint
        self._key = key

    @property
    def id(self) -> str:
        """``name@msp``."""
        return f"{self.name}@{self.msp_id}"

    def sign(self, data: bytes) -> bytes:
        """Return an ECDSA signature (SHA-256, DER) of the data."""
        return self._key.sign(data, ec.ECDSA(_SHA256))

    @property
    def public_key(self) -> bytes:
        """The certificate's P-256 key (SubjectPublicKeyInfo, DER; empty: it has another one), as contracts see it."""
        return p256_bytes(self._key.public_key())

    def decrypt(self, encrypted: bytes, info: bytes) -> bytes:
        """Return what was encrypted to this identity's key (``hpke.encrypt``).

        Raises:
            hpke.CannotOpen: it was encrypted to another key or with another ``info``, or it is damaged.
        """
        return hpke.decrypt(self._key, encrypted, info)

    def key_pem(self) -> str:
        """Return the private key as unencrypted PKCS#8 PEM: for wallets only."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @classmethod
    def from_pem(cls, certificate: str, key: str, msp_id: str) -> Identity:
        """Read an identity.

        Raises:
            IdentityProblem: certificate or key can't be read, or don't belong together.
        """
        try:
            private = serialization.load_pem_private_key(key.encode(), password=None)
            public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        except (ValueError, TypeError):
            raise IdentityProblem("certificate or key can't be read (expected PEM, the key not encrypted)") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != public:
            raise IdentityProblem("the key is not the certificate's ECDSA key")
        return cls(certificate, private, msp_id)

    def __repr__(self) -> str:
        return f"Identity({self.id!r}, role={self.role!r}, fingerprint={self.fingerprint[:16]!r})"


class CertificateAuthority:
    """A local CA: one key that certifies everybody on a ledger of one machine."""

    def __init__(self, certificate: str, key: ec.EllipticCurvePrivateKey, crl: str | None = None) -> None:
        self.certificate = certificate
        self.crl = crl
        self._key = key
        self._x509 = x509.load_pem_x509_certificate(certificate.encode())

    def __repr__(self) -> str:
        return f"CertificateAuthority({self._x509.subject.rfc4514_string()!r})"

    @classmethod
    def create(cls, name: str = "TOTEM CA", *, days: int = 3650) -> CertificateAuthority:
        """Make a CA with a new key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = _now()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, _SHA256)
        )
        return cls(certificate.public_bytes(serialization.Encoding.PEM).decode(), key)

    def issue(
        self,
        name: str,
        msp_id: str,
        role: str,
        *,
        days: int = 825,
        starts: datetime.datetime | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> Identity:
        """Make a key and certify it for ``name`` of an organisation, with a role (consumer, provider, consortium).

        ``attributes`` are further ones (a quota, for example); name and role are not theirs to change.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        # Fabric checks a certificate's chain at the certificate's own beginning, when the CA's must be valid already.
        begin = starts or max(_now() - _BACKDATED, self._x509.not_valid_before_utc)
        written = {"attrs": {**(attributes or {}), "hf.EnrollmentID": name, "role": role}}
        extension = x509.UnrecognizedExtension(ATTRIBUTES, json.dumps(written, sort_keys=True).encode())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(
                x509.Name(
                    [
                        x509.NameAttribute(NameOID.ORGANIZATION_NAME, msp_id),
                        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "client"),
                        x509.NameAttribute(NameOID.COMMON_NAME, name),
                    ]
                )
            )
            .issuer_name(self._x509.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(self._authority_key(), critical=False)
            .add_extension(extension, critical=False)
            .sign(self._key, _SHA256)
        )
        return Identity(certificate.public_bytes(serialization.Encoding.PEM).decode(), key, msp_id)

    def revoke(self, certificate: str) -> str:
        """Add a certificate (PEM) to the revocation list; return the new list (PEM), which a ledger must be told."""
        earlier = x509.load_pem_x509_crl(self.crl.encode()) if self.crl else None
        number = _number(earlier)
        now = _now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._x509.subject)
            .last_update(now)
            .next_update(now + datetime.timedelta(days=3650))
            .add_extension(x509.CRLNumber(number + 1), critical=False)
            .add_extension(self._authority_key(), critical=False)
        )
        for entry in earlier or ():
            builder = builder.add_revoked_certificate(entry)
        serial = x509.load_pem_x509_certificate(certificate.encode()).serial_number
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        list_ = builder.add_revoked_certificate(revoked).sign(self._key, _SHA256)
        self.crl = list_.public_bytes(serialization.Encoding.PEM).decode()
        return self.crl

    def save(self, folder: Path) -> None:
        """Write certificate, key (0600) and revocation list into a folder."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(folder / "ca-key.pem", key)
        write_private(folder / "ca-cert.pem", self.certificate.encode())
        if self.crl is not None:
            write_private(folder / "ca-crl.pem", self.crl.encode())

    @classmethod
    def load(cls, folder: Path) -> CertificateAuthority:
        """Read what ``save`` wrote.

        Raises:
            IdentityProblem: the folder has no CA, or its files can't be read.
        """
        certificate, pem = read_text(folder / "ca-cert.pem"), read_text(folder / "ca-key.pem")
        crl_file = folder / "ca-crl.pem"
        try:
            key = serialization.load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError):
            raise IdentityProblem(f"{folder}: ca-key.pem is not an unencrypted PEM key") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise IdentityProblem(f"{folder}: ca-key.pem is not an ECDSA key")
        return cls(certificate, key, read_text(crl_file) if crl_file.exists() else None)

    def _authority_key(self) -> x509.AuthorityKeyIdentifier:
        own = self._x509.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


_BACKDATED = datetime.timedelta(minutes=5)
"""Certificates begin a little earlier, so that clocks need not agree to the second."""


def _number(list_: x509.CertificateRevocationList | None) -> int:
    """Return a revocation list's number; other CAs' tools (fabric-ca) write none."""
    try:
        return list_.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number if list_ else 0
    except x509.ExtensionNotFound:
        return 0


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
