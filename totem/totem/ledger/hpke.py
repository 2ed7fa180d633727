"""Encryption to the key of a certificate: HPKE (RFC 9180) in base mode, as the library has it.

The suite is DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM: an ephemeral key agrees with the recipient's, the
agreed secret is expanded, and what it gives encrypts. It is for keys and other short texts; ``info`` is bound in.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

__all__ = ["CannotOpen", "decrypt", "encrypt"]

_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class CannotOpen(Exception):
    """It was not encrypted to this key, or under other circumstances, or it is damaged: which, can't be told."""


def encrypt(public_key: bytes, plain: bytes, info: bytes) -> bytes:
    """Return the ephemeral key (65 bytes) and what is encrypted to a P-256 key (SubjectPublicKeyInfo, DER).

    Raises:
        ValueError: it is not the key of one.
    """
    key = serialization.load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a P-256 key")  # noqa: TRY004  # the bytes are wrong, not their type
    return _SUITE.encrypt(plain, key, info)


def decrypt(key: ec.EllipticCurvePrivateKey, encrypted: bytes, info: bytes) -> bytes:
    """Return what ``encrypt`` was given.

    Raises:
        CannotOpen: it was encrypted to another key or with another ``info``, or it is damaged.
    """
    try:
        return _SUITE.decrypt(encrypted, key, info)
    except (InvalidTag, ValueError, TypeError):  # TypeError: a key of another curve
        raise CannotOpen from None
