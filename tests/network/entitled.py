"""Who may have a planted secret: in which of a network's files, and in which of a home folder's, it may be found."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.network.planted import Secret

ENDORSERS = frozenset({"north", "researcher", "consortium"})
"""Who endorses in the story, by the profiles of its organisations."""

COLLECTIONS = ("ledgersData/pvtdataStore", "ledgersData/stateLeveldb")
"""What a peer keeps its organisation's own collection in."""

_NODES = "network/nodes/peer."
_ON_FIRST_LINE = 12
"""Bytes of a private key that PEM may have on the line before the others, which are what is looked for."""


@dataclass(frozen=True)
class Planted:
    """A secret; ``peers``: in whose organisations' collections it is; ``seen``: by whose peers when they endorsed.

    ``files`` are those besides that are there to keep it, as patterns of paths in the home folder. ``is_purged``: it
    was purged from the collections.
    """

    secret: Secret
    peers: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    files: tuple[str, ...] = field(default=())
    is_purged: bool = False

    def may_be_at(self, place: str) -> bool:
        """Whether it may be found in a file, given by its path in the home folder."""
        if any(place.startswith(f"{_NODES}{peer}/data/transientstore/") for peer in self.seen):
            return True
        return self.collection_of(place) in self.peers or any(fnmatchcase(place, file) for file in self.files)

    @staticmethod
    def collection_of(place: str) -> str:
        """Return whose peer keeps its collection in a file; empty: it is none of these."""
        for collection in COLLECTIONS:
            head, found, _ = place.partition(f"/data/{collection}/")
            if found and head.startswith(_NODES):
                return head.removeprefix(_NODES)
        return ""


def written(
    secret: Secret, *peers: str, with_: Iterable[str] = (), files: tuple[str, ...] = (), is_purged: bool = False
) -> Planted:
    """Return a secret in private data, which those saw who endorse by the policy, as docs/fabric.md says.

    These are the profiles' endorsers, and in addition only those into whose collections the transaction writes: this
    secret, or something else (``with_``).
    """
    return Planted(secret, frozenset(peers), ENDORSERS | {*peers, *with_}, files, is_purged)


def keys_of(home: Path) -> dict[str, Planted]:
    """Return every private key of a development home and its network, each at home in its own file only.

    The key that a peer has for TLS is in its organisation's package of the chaincode too, with which its own peer
    dials its own server.
    """
    found: dict[str, Planted] = {}
    crypto = home / "network" / "crypto"
    files = [*home.glob("wallet/*.id"), *home.glob("network/wallets/*/*.id")]
    for path in (*files, *crypto.rglob("priv_sk"), *crypto.rglob("*.key")):
        text = path.read_text()
        pem = json.loads(text)["credentials"]["privateKey"] if path.suffix == ".id" else text
        key = load_pem_private_key(pem.encode(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        place = str(path.relative_to(home))
        places = [place]
        if "/peers/" in place and path.name == "server.key":
            name = path.relative_to(crypto / "peerOrganizations").parts[0].partition(".")[0]
            places += [f"{_NODES}{name}/data/{kind}/*" for kind in ("externalbuilder", "lifecycle/chaincodes")]
            places += [f"network/packages/*.{name}.tar.gz"]
        number = key.private_numbers().private_value.to_bytes(32, "big")[_ON_FIRST_LINE:]
        found[f"key {place}"] = Planted(number, files=tuple(places))
    for path in home.glob("providers/*/secret.key"):
        place = str(path.relative_to(home))
        found[place] = Planted(path.read_bytes(), files=(place,))
    return found
