"""Signatures as Fabric wants them: ECDSA over SHA-256, DER, the smaller of the two possible ``s``."""

from __future__ import annotations

from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.msp import identities_pb2

from totem.ledger.certificates import load
from totem.ledger.errors import IdentityProblem

__all__ = ["Signer", "is_signature", "low_s", "read_creator", "serialized", "sign"]

_ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
}


class Signer(Protocol):
    """Somebody who can sign: a ``totem.ledger.Identity`` is one."""

    @property
    def msp_id(self) -> str:
        """The organisation."""

    @property
    def certificate(self) -> str:
        """PEM."""

    def sign(self, data: bytes) -> bytes:
        """Return an ECDSA signature (SHA-256, DER)."""


def low_s(signature: bytes, curve: str = "secp256r1") -> bytes:
    """Return the same signature with the smaller ``s``: peers refuse the other one.

    Raises:
        IdentityProblem: not an ECDSA signature in DER, or a curve that Fabric does not take.
    """
    order = _ORDERS.get(curve)
    if order is None:
        raise IdentityProblem(f"keys on the curve {curve} can't sign for Fabric: P-256 or P-384 are expected")
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        raise IdentityProblem("not an ECDSA signature in DER") from None
    return encode_dss_signature(r, min(s, order - s))


def sign(signer: Signer, data: bytes) -> bytes:
    """Return the signer's signature as Fabric wants it."""
    return low_s(signer.sign(data), curve_of(signer.certificate))


def curve_of(certificate: str) -> str:
    """Return the name of the curve of a certificate's key (empty: not an elliptic curve key)."""
    key = load(certificate).public_key()
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else ""


def is_signature(certificate: str, signature: bytes, data: bytes) -> bool:
    """Return whether the signature is one by the certificate's key."""
    key = load(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def serialized(signer: Signer) -> bytes:
    """Return who the signer is, as it stands in proposals."""
    identity = identities_pb2.SerializedIdentity(mspid=signer.msp_id, id_bytes=signer.certificate.encode())
    data: bytes = identity.SerializeToString(deterministic=True)
    return data


def read_creator(data: bytes) -> tuple[str, str]:
    """Return MSP id and certificate (PEM) of a serialized identity."""
    identity: Any = identities_pb2.SerializedIdentity.FromString(data)
    return identity.mspid, identity.id_bytes.decode("utf-8", "replace")
