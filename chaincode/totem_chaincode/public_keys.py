"""Public keys of certificates: those to which results can be sealed."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["p256_bytes", "p256_key"]


def p256_key(certificate: x509.Certificate) -> bytes:
    """Return a certificate's P-256 key as SubjectPublicKeyInfo (DER); empty where its key is of another kind."""
    try:
        return p256_bytes(certificate.public_key())
    except (UnsupportedAlgorithm, ValueError):
        return b""


def p256_bytes(key: object) -> bytes:
    """Return a public key as SubjectPublicKeyInfo (DER); empty where it is not of P-256."""
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
