"""Checking a revocation list before a channel gets it: Fabric takes almost anything, also what locks everybody out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from totem.ledger.certificates import load
from totem.ledger.errors import RevocationRefused

__all__ = ["check_list", "is_by", "lists_after", "newest_of", "serials_by", "serials_of"]


def check_list(pem: str, issuers: Sequence[str], in_force: Iterable[str], administrator: str = "") -> frozenset[int]:
    """Check a revocation list (PEM) that is to be an organisation's; return the serial numbers that it revokes.

    ``issuers`` are the certificates of the organisation's CAs, ``in_force`` the lists that the channel has for it,
    ``administrator`` is the certificate of who signs the change.

    Raises:
        RevocationRefused: it can't be read, names no authority (Fabric would refuse everybody of the organisation),
            names or is signed by another one (it would revoke nobody), forgets somebody who is revoked, or revokes
            the administrator (who could not take it back).
    """
    list_ = _read(pem)
    named = _authority_key(list_)
    if named is None:
        raise RevocationRefused(
            "the revocation list has no AuthorityKeyIdentifier: Fabric would take it, and from then on refuse everybody"
            " of the organisation; make it with the extension (2.5.29.35)"
        )
    issuer = next((issuer for issuer in issuers if _key_id(issuer) == named), None)
    if issuer is None:
        raise RevocationRefused(
            f"the revocation list is of the authority {named.hex()}, which is no CA of the organisation on this"
            " channel: it would revoke nobody"
        )
    if not _is_signed_by(list_, issuer):
        raise RevocationRefused(
            "the revocation list is not signed by the key of the CA that it names: it would revoke nobody"
        )
    serials = frozenset(entry.serial_number for entry in list_)
    forgotten = {serial for old in in_force if is_by(old, issuer) for serial in serials_of(old)} - serials
    if forgotten:
        some = ", ".join(f"{serial:x}" for serial in sorted(forgotten)[:5])
        raise RevocationRefused(
            f"the revocation list takes the place of the one in force, but lacks {len(forgotten)} of the certificates"
            f" that are revoked ({some}): they would be accepted again"
        )
    if administrator and (own := load(administrator)).serial_number in serials and _is_of(own, issuer):
        raise RevocationRefused(
            "the revocation list revokes the administrator who is to sign it: nobody could take it back; let another"
            " administrator of the organisation sign"
        )
    return serials


def lists_after(pem: str, in_force: Iterable[str]) -> list[str]:
    """Return what an organisation's lists are with this one: it takes the place of those of the same authority."""
    named = _authority_key(_read(pem))
    return [*(old for old in in_force if _authority_key(_read(old)) != named), pem]


def newest_of(issuer: str, in_force: Iterable[str]) -> str | None:
    """Return the list (PEM) that a CA has on the channel, or None."""
    return next((pem for pem in in_force if is_by(pem, issuer)), None)


def is_by(pem: str, issuer: str) -> bool:
    """Return whether a list names a CA as its authority and is signed by its key."""
    list_ = _read(pem)
    return _authority_key(list_) == _key_id(issuer) and _is_signed_by(list_, issuer)


def serials_by(pem: str, authority: bytes | None) -> frozenset[int]:
    """Return the serial numbers on a list that names this key as its authority's; none where it names another."""
    list_ = _read(pem)
    return serials_of(pem) if authority and _authority_key(list_) == authority else frozenset()


def serials_of(pem: str) -> frozenset[int]:
    """Return the serial numbers on a list."""
    return frozenset(entry.serial_number for entry in _read(pem))


def _read(pem: str) -> x509.CertificateRevocationList:
    try:
        list_ = x509.load_pem_x509_crl(pem.encode())
        for part in ("issuer", "extensions", "signature_hash_algorithm"):
            getattr(list_, part)  # the library reads them when they are asked for
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise RevocationRefused(f"the revocation list can't be read (expected PEM): {error}") from None
    return list_


def _authority_key(list_: x509.CertificateRevocationList) -> bytes | None:
    try:
        return list_.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None


def _key_id(issuer: str) -> bytes | None:
    try:
        return load(issuer).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _is_signed_by(list_: x509.CertificateRevocationList, issuer: str) -> bool:
    key: Any = load(issuer).public_key()
    try:
        return list_.is_signature_valid(key)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _is_of(subject: x509.Certificate, issuer: str) -> bool:
    return subject.issuer == load(issuer).subject
