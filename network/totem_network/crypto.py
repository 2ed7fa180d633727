"""Keys and certificates: cryptogen for nodes and administrators, each organisation's own CA key for its clients."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from totem.ledger.identities import CertificateAuthority
from totem.ledger.wallet import Wallet
from totem_network.binaries import Binaries
from totem_network.errors import NetworkError
from totem_network.layout import DOMAIN, Network, Organisation

__all__ = ["ROLES", "authority", "describe", "generate", "generate_organisation", "issue", "issued"]

ROLES = ("provider", "consumer")
"""Roles of which each organisation gets one client when the network comes up; the first one also the consortium's."""

_SANS = ["127.0.0.1", "localhost"]


def generate(network: Network, binaries: Binaries) -> None:
    """Make the keys of all orderers, peers and administrators, and the first clients of each organisation."""
    orderers = {
        "Name": "Orderer",
        "Domain": f"orderer.{DOMAIN}",
        "EnableNodeOUs": True,
        "Specs": [{"Hostname": orderer.name, "SANS": _SANS} for orderer in network.orderers],
    }
    _cryptogen(network, binaries, {"OrdererOrgs": [orderers], "PeerOrgs": _specs(network.organisations)})
    for organisation in network.organisations:
        _first_clients(network, organisation)


def generate_organisation(network: Network, binaries: Binaries, organisation: Organisation) -> None:
    """Make the keys of one further organisation."""
    _cryptogen(network, binaries, {"PeerOrgs": _specs([organisation])})
    _first_clients(network, organisation)


def authority(network: Network, organisation: Organisation) -> CertificateAuthority:
    """Return an organisation's CA, with its key."""
    certificate, key = _authority_files(network, organisation)
    return CertificateAuthority(certificate.read_text(), _key(key))


def describe(network: Network, organisation: Organisation) -> dict[str, str]:
    """Return where an organisation's clients find what they need: connection profile, wallet, and its CA's files."""
    certificate, key = _authority_files(network, organisation)
    return {
        "name": organisation.name,
        "msp_id": organisation.msp_id,
        "profile": str(network.profile(organisation)),
        "wallet": str(network.wallet(organisation)),
        "ca_certificate": str(certificate),
        "ca_key": str(key),
    }


def issue(
    network: Network, organisation: Organisation, name: str, role: str, attributes: Mapping[str, str] | None = None
) -> Path:
    """Certify a client of an organisation, with its role and further attributes, and put it into its wallet.

    The certificate is what Fabric's MSP wants of a client: P-256, OU=client, AuthorityKeyIdentifier; attributes are in
    extension 1.2.3.4.5.6.7.8.1, as texts.

    Raises:
        NameTaken: the wallet has this name for another participant.
    """
    identity = authority(network, organisation).issue(name, organisation.msp_id, role, attributes=attributes)
    path = Wallet(network.wallet(organisation)).put(name, identity)
    # The wallet has the newest certificate only; the earlier ones are as good until they are revoked too.
    folder = network.issued(organisation) / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{identity.fingerprint}.pem").write_text(identity.certificate)
    return path


def issued(network: Network, organisation: Organisation, name: str) -> list[str]:
    """Return every certificate (PEM) that was issued to a client of an organisation.

    Raises:
        NetworkError: none was.
    """
    folder = network.issued(organisation)
    found = sorted((folder / name).glob("*.pem")) if "/" not in name else []
    if not found:
        known = ", ".join(sorted(each.name for each in folder.iterdir())) if folder.is_dir() else ""
        raise NetworkError(f"{organisation.name} has certified no {name!r} (it has: {known or 'nobody'})")
    return [path.read_text() for path in found]


def _first_clients(network: Network, organisation: Organisation) -> None:
    first = organisation == network.organisations[0]
    for role in (*ROLES, "consortium") if first else ROLES:
        issue(network, organisation, role, role)


def _specs(organisations: Iterable[Organisation]) -> list[dict[str, Any]]:
    return [
        {
            "Name": organisation.name,
            "Domain": organisation.domain,
            "EnableNodeOUs": True,
            "Specs": [{"Hostname": "peer", "SANS": _SANS}],
            "Users": {"Count": 0},
        }
        for organisation in organisations
    ]


def _cryptogen(network: Network, binaries: Binaries, document: Mapping[str, Any]) -> None:
    # JSON is YAML: no second serialiser is needed to write Fabric's configuration.
    config = network.folder / "crypto-config.yaml"
    config.write_text(json.dumps(document, indent=2))
    binaries.run("cryptogen", "generate", f"--config={config}", f"--output={network.crypto}")


def _authority_files(network: Network, organisation: Organisation) -> tuple[Path, Path]:
    folder = network.organisation_crypto(organisation) / "ca"
    return folder / f"ca.{organisation.domain}-cert.pem", folder / "priv_sk"


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} is not an ECDSA key, which cryptogen makes")
    return key
