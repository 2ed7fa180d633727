"""Identities for Fabric: from an MSP folder, from a wallet.

On Fabric the MSP that issued a certificate makes the organisation; the certificate's own ``O`` may say anything.
"""

from __future__ import annotations

import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from totem.ledger.certificates import attributes_of, load
from totem.ledger.errors import IdentityProblem, ProposalRefused
from totem.ledger.files import read_text, write_private
from totem.ledger.identities import Identity
from totem.ledger.wallet import Wallet

__all__ = ["MspIdentity", "from_msp_folder", "from_wallet", "to_msp_folder"]


class MspIdentity(Identity):
    """An identity whose organisation is what its MSP says; otherwise as ``Identity``."""

    def __init__(self, certificate: str, key: ec.EllipticCurvePrivateKey, msp_id: str) -> None:
        try:
            read = load(certificate)
            self.role = attributes_of(read).get("role", "")
        except ProposalRefused as error:
            raise IdentityProblem(str(error)) from None
        names = read.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if len(names) != 1:
            raise IdentityProblem("the certificate has no common name, or several")
        self.certificate = certificate
        self.msp_id = msp_id
        self.name = str(names[0].value)
        self.fingerprint = read.fingerprint(hashes.SHA256()).hex()
        self._key = key


def from_msp_folder(folder: Path, msp_id: str) -> Identity:
    """Return the identity of an MSP folder (``signcerts/`` and ``keystore/``), as cryptogen and fabric-ca make them.

    Raises:
        IdentityProblem: the folder has not exactly one certificate and its key, or they can't be read.
    """
    if not folder.is_dir():
        raise IdentityProblem(f"there is no folder {folder}", hint="give the folder that has signcerts/ and keystore/")
    certificates = sorted(path for path in (folder / "signcerts").glob("*") if path.is_file())
    if not certificates:
        raise IdentityProblem(
            f"{folder} has no signcerts/*.pem: give the folder that has signcerts/ and keystore/", hint=""
        )
    if len(certificates) > 1:
        raise IdentityProblem(
            f"{folder / 'signcerts'}: one certificate is expected, there are {len(certificates)}",
            hint="keep the newest one there, move the others away",
        )
    certificate = read_text(certificates[0])
    public = _public(certificate, certificates[0])
    keys = sorted(path for path in (folder / "keystore").glob("*") if path.is_file())
    for path in keys:
        try:
            key = serialization.load_pem_private_key(read_text(path).encode(), password=None)
        except (ValueError, TypeError):
            continue  # fabric-ca keeps keys of earlier enrolments beside, and whatever else is there is no key
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == public:
            return MspIdentity(certificate, key, msp_id)
    raise IdentityProblem(
        f"{folder / 'keystore'}: none of {len(keys)} files is the unencrypted ECDSA key of {certificates[0].name}",
        hint="put the key there that the certificate was made for (cryptogen and fabric-ca do)",
    )


def to_msp_folder(identity: Identity, folder: Path) -> None:
    """Write an identity as an MSP folder, in place of the one that was there; what else the folder has is kept.

    Keys of earlier certificates stay beside: an interruption leaves the old identity or the new one.
    """
    for name in ("signcerts", "keystore"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    # The certificate is what says which key counts, so it comes last.
    write_private(folder / "keystore" / f"{identity.fingerprint[:16]}_sk", identity.key_pem().encode())
    certificates = [path for path in (folder / "signcerts").glob("*") if path.is_file()]
    target = certificates[0] if len(certificates) == 1 else folder / "signcerts" / "cert.pem"
    write_private(target, identity.certificate.encode())


def from_wallet(wallet: Wallet, label: str) -> Identity:
    """Return the identity of a wallet's label, whatever organisation its certificate names.

    Raises:
        IdentityProblem: there is none, or its file can't be used.
    """
    if label not in wallet.labels():
        return wallet.get(label)  # says which there are
    path = wallet.folder / f"{label}.id"
    try:
        document = json.loads(read_text(path))
        credentials = document["credentials"]
        certificate, pem, msp_id = credentials["certificate"], credentials["privateKey"], document["mspId"]
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise IdentityProblem(f"{path}: not a wallet file (credentials, mspId, type, version)") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != _public(certificate, path):
        raise IdentityProblem(f"{path}: the key is not the certificate's ECDSA key")
    return MspIdentity(certificate, key, msp_id)


def _public(certificate: str, path: Path) -> object:
    try:
        return x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except ValueError:
        raise IdentityProblem(f"{path}: not a certificate in PEM") from None
