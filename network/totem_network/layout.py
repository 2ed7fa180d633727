"""What a network consists of, where its files are, and ``network.json``, which remembers it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from totem.ledger.bootstrap import msp_of
from totem_network import ports
from totem_network.errors import NetworkError
from totem_network.locking import LOCK

__all__ = ["DOMAIN", "ORDERER_MSP", "Chaincode", "Network", "Orderer", "Organisation", "check_free"]

DOMAIN = "totem.test"
ORDERER_MSP = "OrdererMSP"
EXPLICIT_FROM = 10
"""Organisations from which on policies are spelled out: implicit ones check signatures once for each."""

_ORDERER_PORTS = 3
_PEER_PORTS = 4

_BY_HAND = "delete the folder, or bring it back from a backup; nodes of it that still run are for you to end"


@dataclass(frozen=True, slots=True)
class Orderer:
    """One Raft orderer and its ports on 127.0.0.1."""

    name: str
    port: int
    admin_port: int
    operations_port: int

    @property
    def host(self) -> str:
        """Its name in its certificates."""
        return f"{self.name}.orderer.{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation with one peer; ``chaincode_port`` is where the first server of its chaincode listens."""

    name: str
    msp_id: str
    port: int
    peer_chaincode_port: int
    operations_port: int
    chaincode_port: int

    @property
    def domain(self) -> str:
        """Its name in its certificates."""
        return f"{self.name}.{DOMAIN}"

    @property
    def peer(self) -> str:
        """The name of its peer as a node of this network."""
        return f"peer.{self.name}"


@dataclass(frozen=True, slots=True)
class Chaincode:
    """A chaincode that is committed on the channel, or is to be.

    ``command`` starts an organisation's server, ``packages`` are the package ids by organisation. ``ports`` are the
    ports of an upgrade's servers by organisation, which run beside those that they replace; the first servers listen
    on their organisation's ``chaincode_port``.
    """

    name: str
    version: str
    sequence: int
    command: list[str]
    packages: dict[str, str]
    ports: dict[str, int] = field(default_factory=dict)

    def node(self, organisation: Organisation) -> str:
        """Return the name of an organisation's server as a node of this network, whatever its version."""
        return f"{self.name}.{organisation.name}"

    def own_node(self, organisation: Organisation) -> str:
        """Return the name of an organisation's server that no server of another version has: its folder's."""
        return f"{self.node(organisation)}.{self.sequence}" if self.ports else self.node(organisation)

    def port(self, organisation: Organisation) -> int:
        """Return the port of an organisation's server."""
        return self.ports.get(organisation.name, organisation.chaincode_port)


@dataclass
class Network:
    """A network in ``folder``: everything that is needed to start its nodes again.

    ``chaincode`` is the one that clients get, ``coming`` one that is being brought or whose bringing was interrupted;
    ``joining`` is an organisation that is on its way in, and ``is_made`` says whether the network once endorsed.
    """

    folder: Path
    version: str
    channel: str
    batch_timeout: str
    explicit_policy: bool
    orderers: list[Orderer]
    organisations: list[Organisation]
    chaincode: Chaincode | None = field(default=None)
    coming: Chaincode | None = field(default=None)
    joining: str | None = None
    is_made: bool = True

    @classmethod
    def plan(
        cls,
        folder: Path,
        *,
        version: str,
        organisations: int | Sequence[str],
        orderers: int,
        channel: str = "totem",
        batch_timeout: str = "100ms",
        explicit_policy: bool | None = None,
    ) -> Network:
        """Decide on names and ports; ``organisations`` are their names, or how many (org1, org2, …).

        ``explicit_policy`` None: by the number of organisations.

        Raises:
            NetworkError: a number or name that Fabric or this machine doesn't take.
        """
        names = _names(organisations)
        if not 1 <= len(names) <= 60:
            raise NetworkError(f"--orgs {len(names)}: give 1 to 60 organisations")
        if not 1 <= orderers <= 9:
            raise NetworkError(f"--orderers {orderers}: give 1 to 9 orderers (Raft goes on while most of them run)")
        if not re.fullmatch(r"[a-z][a-z0-9.-]{0,248}", channel):
            raise NetworkError(f"--channel {channel!r}: small letters, digits, dots and dashes, a letter first")
        if not re.fullmatch(r"[1-9][0-9]*(ms|s)", batch_timeout):
            raise NetworkError(f"--batch-timeout {batch_timeout!r}: give it like 100ms or 2s")
        folder = folder.resolve()
        check_free(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = iter(ports.reserve(folder, _ORDERER_PORTS * orderers + _PEER_PORTS * len(names)))
        return cls(
            folder,
            version,
            channel,
            batch_timeout,
            len(names) >= EXPLICIT_FROM if explicit_policy is None else explicit_policy,
            [Orderer(f"orderer{n}", next(free), next(free), next(free)) for n in range(1, orderers + 1)],
            [_organisation(name, [next(free) for _ in range(_PEER_PORTS)]) for name in names],
            is_made=False,
        )

    def further_organisation(self) -> Organisation:
        """Return the next organisation, with ports of its own; it is not part of the network yet."""
        taken = {organisation.name for organisation in self.organisations}
        name = next(name for n in range(len(taken) + 1, 2 * len(taken) + 2) if (name := f"org{n}") not in taken)
        return _organisation(name, ports.reserve(self.folder, _PEER_PORTS))

    def unfinished(self) -> Organisation | None:
        """Return the organisation whose joining was interrupted: its peer may lack the channel, or it a package."""
        for organisation in self.organisations:
            lacks_package = self.chaincode is not None and organisation.name not in self.chaincode.packages
            if organisation.name == self.joining or lacks_package:
                return organisation
        return None

    def organisation(self, name: str) -> Organisation:
        """Return an organisation by its name or MSP id.

        Raises:
            NetworkError: there is none of this name.
        """
        for organisation in self.organisations:
            if name in {organisation.name, organisation.msp_id}:
                return organisation
        raise NetworkError(f"no organisation {name!r}; there are {', '.join(o.name for o in self.organisations)}")

    def nodes(self) -> list[str]:
        """Return the names of all nodes: orderers, peers, chaincode servers."""
        return [*(o.name for o in self.orderers), *(o.peer for o in self.organisations), *self.servers()]

    def servers(self) -> dict[str, tuple[Organisation, Chaincode]]:
        """Return the chaincode servers by name; those that are still to replace others have a number in theirs.

        An organisation that has no package yet has no server.
        """
        return {
            self.server(organisation, chaincode): (organisation, chaincode)
            for chaincode in (self.chaincode, self.coming)
            if chaincode is not None
            for organisation in self.organisations
            if organisation.name in chaincode.packages
        }

    def port(self, node: str) -> int:
        """Return the port on which a node does its work.

        Raises:
            NetworkError: there is no such node.
        """
        for orderer in self.orderers:
            if orderer.name == node:
                return orderer.port
        for organisation in self.organisations:
            if organisation.peer == node:
                return organisation.port
        if node in (servers := self.servers()):
            organisation, chaincode = servers[node]
            return chaincode.port(organisation)
        raise NetworkError(f"no node {node!r}; there are {', '.join(self.nodes())}")

    def all_ports(self) -> list[int]:
        """Return every port that belongs to the network."""
        nodes: list[Any] = [*self.orderers, *self.organisations]
        fixed = [value for node in nodes for value in dataclasses.asdict(node).values() if isinstance(value, int)]
        of_servers = [chaincode.port(organisation) for organisation, chaincode in self.servers().values()]
        return list(dict.fromkeys([*fixed, *of_servers]))

    # Where files are.

    @property
    def crypto(self) -> Path:
        """Keys and certificates, as cryptogen lays them out."""
        return self.folder / "crypto"

    @property
    def genesis(self) -> Path:
        """The channel's first block."""
        return self.folder / "channel" / "genesis.block"

    def node_folder(self, node: str) -> Path:
        """Return where a node has its configuration, process id, log and data.

        Servers of different versions have different folders: two of them run at once during an upgrade.
        """
        if node in (servers := self.servers()):
            return self.server_folder(*servers[node])
        return self.folder / "nodes" / node

    def server(self, organisation: Organisation, chaincode: Chaincode) -> str:
        """Return the name under which commands know an organisation's server of a chaincode."""
        return chaincode.own_node(organisation) if chaincode == self.coming else chaincode.node(organisation)

    def server_folder(self, organisation: Organisation, chaincode: Chaincode) -> Path:
        """Return where an organisation's server of a chaincode in a certain version has its process id and log."""
        return self.folder / "nodes" / chaincode.own_node(organisation)

    def organisation_crypto(self, organisation: Organisation) -> Path:
        """Return an organisation's part of ``crypto``."""
        return self.crypto / "peerOrganizations" / organisation.domain

    def peer_crypto(self, organisation: Organisation) -> Path:
        """Return where the organisation's peer has its ``msp`` and ``tls``."""
        return self.organisation_crypto(organisation) / "peers" / f"peer.{organisation.domain}"

    def admin_crypto(self, organisation: Organisation) -> Path:
        """Return where the organisation's administrator has ``msp`` and ``tls``."""
        return self.organisation_crypto(organisation) / "users" / f"Admin@{organisation.domain}"

    def admin_config(self, organisation: Organisation) -> Path:
        """Return the configuration folder with which `peer` acts as the organisation's administrator."""
        return self.folder / "admins" / organisation.name

    @property
    def orderer_crypto(self) -> Path:
        """The orderers' part of ``crypto``."""
        return self.crypto / "ordererOrganizations" / f"orderer.{DOMAIN}"

    @property
    def orderer_tls_ca(self) -> Path:
        """The certificate that vouches for the orderers' TLS."""
        return self.orderer_crypto / "tlsca" / f"tlsca.orderer.{DOMAIN}-cert.pem"

    def tls_ca(self, organisation: Organisation) -> Path:
        """Return the certificate that vouches for an organisation's TLS."""
        return self.organisation_crypto(organisation) / "tlsca" / f"tlsca.{organisation.domain}-cert.pem"

    def wallet(self, organisation: Organisation) -> Path:
        """Return the folder of an organisation's client identities."""
        return self.folder / "wallets" / organisation.name

    def issued(self, organisation: Organisation) -> Path:
        """Return the folder of every certificate that an organisation's CA has issued to a client, by name."""
        return self.folder / "issued" / organisation.name

    def revocation_list(self, organisation: Organisation) -> Path:
        """Return the file of the organisation's newest revocation list; there is none while nobody is revoked."""
        return self.folder / "profiles" / f"{organisation.name}-revoked.pem"

    def profile(self, organisation: Organisation) -> Path:
        """Return an organisation's connection profile."""
        return self.folder / "profiles" / f"{organisation.name}.json"

    # network.json

    def save(self) -> None:
        """Write ``network.json``."""
        document = dataclasses.asdict(self)
        del document["folder"]
        written = self.folder / "network.json.new"
        written.write_text(json.dumps(document, indent=2) + "\n")
        written.replace(self.folder / "network.json")

    @classmethod
    def load(cls, folder: Path) -> Network:
        """Read the network of a folder.

        Raises:
            NetworkError: there is none, or it can't be read.
        """
        path = folder.resolve() / "network.json"
        try:
            document = json.loads(path.read_text())
        except FileNotFoundError:
            raise NetworkError(f"no network in {folder}: make one with `network/network up`") from None
        except (OSError, ValueError) as error:
            raise NetworkError(f"{path} can't be read ({error}): {_BY_HAND}") from None
        try:
            chaincode, coming = document.pop("chaincode"), document.pop("coming", None)
            return cls(
                folder.resolve(),
                orderers=[Orderer(**each) for each in document.pop("orderers")],
                organisations=[Organisation(**each) for each in document.pop("organisations")],
                chaincode=Chaincode(**chaincode) if chaincode else None,
                coming=Chaincode(**coming) if coming else None,
                **document,
            )
        except (AttributeError, KeyError, TypeError):
            raise NetworkError(f"{path} does not describe a network: {_BY_HAND}") from None


def check_free(folder: Path) -> None:
    """Refuse a folder in which there is something already: bringing a network down deletes all that is in its folder.

    Raises:
        NetworkError: it is not empty, or no folder.
    """
    if folder.exists() and (not folder.is_dir() or any(each.name != LOCK for each in folder.iterdir())):
        raise NetworkError(f"{folder} has something else in it, which `down` would delete: give another --state")


def _names(organisations: int | Sequence[str]) -> list[str]:
    """Return the organisations' names.

    Raises:
        NetworkError: a name can't be one, or two have the same MSP id.
    """
    if isinstance(organisations, int):
        return [f"org{number}" for number in range(1, organisations + 1)]
    for name in organisations:
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > 40:
            raise NetworkError(f"organisation {name!r}: small letters, digits and single dashes, a letter first")
    if len({msp_of(name) for name in organisations}) < len(organisations):
        raise NetworkError(f"two of the organisations {', '.join(organisations)} would have the same MSP id")
    return list(organisations)


def _organisation(name: str, free: list[int]) -> Organisation:
    return Organisation(name, msp_of(name), *free)
