"""Certificates: how an identity's organisation, name and role stand in X.509, and how they are checked.

The layout is Fabric's, so that the same certificates work there: common name = name, organisation = MSP id, and the
CA's attributes (the role among them) as JSON in extension 1.2.3.4.5.6.7.8.1. Keys are ECDSA P-256.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from totem.ledger.errors import ProposalRefused
from totem_chaincode.public_keys import p256_key
from totem_chaincode.stub import Creator

__all__ = ["ATTRIBUTES", "Trust", "attributes_of", "creator_of", "load", "verify_signature"]

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
"""Fabric's extension for the attributes that a CA writes into a certificate."""


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turn everything that a damaged certificate can make its reader raise into one error.

    Raises:
        ProposalRefused: code ``authority``.
    """
    try:
        yield
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise ProposalRefused("authority", f"{what} can't be read: {error}") from None


@lru_cache(maxsize=1024)
def load(pem: str) -> x509.Certificate:
    """Return a certificate from PEM; whatever is asked of it later can be read.

    Raises:
        ProposalRefused: code ``authority``: not a certificate.
    """
    with _reading("the certificate"):
        certificate = x509.load_pem_x509_certificate(pem.encode())
        # The library reads these when they are asked for: what is wrong with them shall be found here.
        for part in ("subject", "issuer", "not_valid_before_utc", "not_valid_after_utc", "extensions"):
            getattr(certificate, part)
        certificate.public_key()
        return certificate


def attributes_of(certificate: x509.Certificate) -> Mapping[str, str]:
    """Return the attributes that the CA wrote into a certificate (none: an empty mapping).

    Raises:
        ProposalRefused: code ``authority``: they can't be read.
    """
    try:
        extension = certificate.extensions.get_extension_for_oid(ATTRIBUTES)
    except x509.ExtensionNotFound:
        return {}
    value = extension.value
    if not isinstance(value, x509.UnrecognizedExtension):
        return {}
    with _reading("the certificate's attributes"):
        document = json.loads(value.value)
        if not isinstance(document, dict) or not isinstance(attributes := document.get("attrs", {}), dict):
            raise TypeError('expected {"attrs": {…}}')
    return {str(name): str(text) for name, text in attributes.items()}


def _one(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if len(found) == 1 else ""


@lru_cache(maxsize=1024)
def creator_of(msp_id: str, pem: str) -> Creator:
    """Return what contracts see of a certificate's holder.

    Raises:
        ProposalRefused: the certificate can't be read, or names another organisation.
    """
    certificate = load(pem)
    if _one(certificate.subject, NameOID.ORGANIZATION_NAME) != msp_id:
        raise ProposalRefused("organisation", f"the certificate is not of the organisation {msp_id!r}")
    return Creator(
        msp_id=msp_id,
        common_name=_one(certificate.subject, NameOID.COMMON_NAME),
        attributes=attributes_of(certificate),
        certificate=certificate.public_bytes(serialization.Encoding.DER),
        public_key=p256_key(certificate),
    )


def verify_signature(pem: str, signature: bytes, data: bytes) -> None:
    """Check an ECDSA P-256 signature (SHA-256) by a certificate's key.

    Raises:
        ProposalRefused: code ``signature``.
    """
    key = load(pem).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise ProposalRefused("signature", "the certificate's key is not ECDSA P-256")
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise ProposalRefused("signature", "the signature is not one by the certificate's key") from None


class Trust:
    """The authorities that a channel trusts and what they have revoked; immutable.

    ``authorities`` are PEM certificates, ``crl`` a PEM revocation list or None, ``number`` that list's number.

    Raises:
        ProposalRefused: code ``authority``: one of them can't be used.
    """

    def __init__(self, authorities: Sequence[str], crl: str | None = None) -> None:
        self.authorities = tuple(authorities)
        self.crl = crl
        with _reading("an authority's certificate"):
            self._certificates = [load(pem) for pem in authorities]
            keys = [cert.extensions.get_extension_for_class(x509.SubjectKeyIdentifier) for cert in self._certificates]
            self._key_ids = [key.value.digest for key in keys]
        self._revoked = frozenset[int]()
        self.number = 0
        if crl is not None:
            with _reading("the revocation list"):
                list_ = self._checked(crl)
                self._revoked = frozenset(entry.serial_number for entry in list_)
                self.number = list_.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        self._issued: set[str] = set()

    def check(self, pem: str, moment: int) -> None:
        """Check that a certificate is issued by an authority, valid at ``moment`` (milliseconds) and not revoked.

        Raises:
            ProposalRefused: codes ``authority``, ``not_valid_now``, ``revoked``.
        """
        certificate = load(pem)
        if pem not in self._issued:
            self._check_issuer(certificate)
            self._issued.add(pem)
        at = datetime.datetime.fromtimestamp(moment / 1_000, datetime.UTC)
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise ProposalRefused(
                "not_valid_now",
                f"the certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} to"
                f" {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, not now: ask the CA for a new one",
            )
        if certificate.serial_number in self._revoked:
            raise ProposalRefused("revoked", f"the certificate {certificate.serial_number:x} is revoked")

    def with_crl(self, crl: str) -> Trust:
        """Return this trust with a newer revocation list.

        Raises:
            ProposalRefused: code ``authority``: the list names no authority (it would lock everybody out), is signed
                by another key (it would revoke nobody), or is not newer than the one in force.
        """
        newer = Trust(self.authorities, crl)
        if newer.number <= self.number:
            raise ProposalRefused("authority", f"the revocation list {newer.number} is not newer than {self.number}")
        return newer

    def _check_issuer(self, certificate: x509.Certificate) -> None:
        for authority in self._certificates:
            try:
                certificate.verify_directly_issued_by(authority)
            except (ValueError, TypeError, InvalidSignature):
                continue
            with _reading("the certificate"):
                basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
            if basic.ca:
                raise ProposalRefused("authority", "the certificate is a CA's, not an identity's")
            return
        raise ProposalRefused("authority", "the certificate is not issued by an authority that this ledger trusts")

    def _checked(self, crl: str) -> x509.CertificateRevocationList:
        list_ = x509.load_pem_x509_crl(crl.encode())
        named = list_.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        for authority, own in zip(self._certificates, self._key_ids, strict=True):
            key = authority.public_key()
            if own == named and isinstance(key, ec.EllipticCurvePublicKey) and list_.is_signature_valid(key):
                return list_
        raise ProposalRefused("authority", "the revocation list is not signed by an authority that this ledger trusts")
