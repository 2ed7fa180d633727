"""Joining nodes to the channel, and waiting until the network endorses."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import grpc

from totem.ledger.fabric import from_msp_folder
from totem_network import endorse, metrics
from totem_network.binaries import Binaries
from totem_network.errors import NetworkError
from totem_network.layout import DOMAIN, Network, Orderer, Organisation
from totem_network.nodes import each, wait_until

__all__ = ["READY_TIMEOUT", "height", "join_all", "join_orderer", "join_peer", "leader", "wait_listening", "wait_ready"]

READY_TIMEOUT = 120.0
"""Seconds: many times what thirty organisations need on two cores."""

_JOIN_TIMEOUT = 60.0


def join_all(network: Network, binaries: Binaries) -> None:
    """Join every orderer as soon as it listens, and every peer as soon as all of them do.

    A peer that joins calls the others' anchor peers; one that does not listen yet costs it five seconds.
    """
    for organisation in network.organisations:
        wait_listening(network, organisation.peer)
    nodes: list[Orderer | Organisation] = [*network.orderers, *network.organisations]

    def join(node: Orderer | Organisation) -> None:
        if isinstance(node, Orderer):
            join_orderer(network, binaries, node)
        else:
            join_peer(network, node, network.genesis)

    each(join, nodes)


def join_orderer(network: Network, binaries: Binaries, orderer: Orderer) -> None:
    """Make an orderer one of the channel's.

    Raises:
        NetworkError: it does not listen, or refuses.
    """
    wait_listening(network, orderer.name, port=orderer.admin_port)
    admin = network.orderer_crypto / "users" / f"Admin@orderer.{DOMAIN}" / "tls"
    said = binaries.run(
        "osnadmin",
        *("channel", "join", "--channelID", network.channel, "--config-block", str(network.genesis)),
        *("-o", f"127.0.0.1:{orderer.admin_port}", "--ca-file", str(network.orderer_tls_ca)),
        *("--client-cert", str(admin / "client.crt"), "--client-key", str(admin / "client.key")),
    ).decode()
    # osnadmin's exit status is 0 whatever the orderer answered.
    if not re.search(r"Status: 201", said):
        raise NetworkError(f"{orderer.name} does not join channel {network.channel}: {said.strip()}")


def join_peer(network: Network, organisation: Organisation, block: Path) -> None:
    """Make an organisation's peer join the channel by its first block.

    Raises:
        NetworkError: it does not listen, or refuses.
    """
    wait_listening(network, organisation.peer)
    administrator = from_msp_folder(network.admin_crypto(organisation) / "msp", organisation.msp_id)
    arguments = [b"JoinChain", block.read_bytes()]
    try:
        # As `peer channel join` does; among thirty organisations its thirty processes are what takes time.
        status, said, _ = endorse.ask(
            network, organisation, "cscc", arguments, identity=administrator, channel="", timeout=_JOIN_TIMEOUT
        )
    except grpc.RpcError as error:
        raise NetworkError(f"{organisation.peer} does not join channel {network.channel}: {error.details()}") from None
    # A peer whose organisation's joining was interrupted may be in the channel.
    if status != endorse.OK and "already exists with state" not in said:
        raise NetworkError(f"{organisation.peer} does not join channel {network.channel}: {said}")


def wait_listening(network: Network, node: str, *, port: int | None = None, timeout: float = 60.0) -> None:
    """Wait until a node accepts connections, on the port on which it does its work unless another one is given.

    Raises:
        NetworkError: it has ended, or does not in time.
    """
    asked = network.port(node) if port is None else port

    def condition() -> str:
        with socket.socket() as probe:
            probe.settimeout(1)
            return "" if probe.connect_ex(("127.0.0.1", asked)) == 0 else f"{node} does not listen on port {asked}"

    wait_until(condition, timeout=timeout, node_folders={node: network.node_folder(node)})


def height(network: Network, organisation: Organisation) -> int:
    """Return how many of the channel's blocks an organisation's peer has; 0 where it does not answer."""
    return metrics.channel_height(metrics.read(organisation.operations_port), network.channel, orderer=False)


def leader(network: Network) -> str | None:
    """Return the name of the orderer that leads the channel, or None while there is none."""
    for orderer in network.orderers:
        if metrics.is_leader(metrics.read(orderer.operations_port), network.channel):
            return orderer.name
    return None


def wait_ready(network: Network, *, timeout: float = READY_TIMEOUT) -> None:
    """Wait until somebody leads, every peer knows every other one, and all organisations endorse.

    Until there is a chaincode, what they endorse is a question to the peer's own `qscc`.

    Raises:
        NetworkError: something is missing after ``timeout`` seconds, or a node has ended.
    """
    orderers = {orderer.name: network.node_folder(orderer.name) for orderer in network.orderers}
    peers = {organisation.peer: network.node_folder(organisation.peer) for organisation in network.organisations}
    wait_until(
        lambda: "" if leader(network) else "no orderer leads the channel", timeout=timeout, node_folders=orderers
    )
    others = len(network.organisations) - 1

    def strangers() -> str:
        lonely = [
            f"{organisation.peer} knows {known} of {others}"
            for organisation in network.organisations
            if (known := metrics.known_peers(metrics.read(organisation.operations_port), network.channel)) < others
        ]
        return "not all peers know each other: " + ", ".join(lonely) if lonely else ""

    wait_until(strangers, timeout=timeout, node_folders=peers)

    def silent() -> str:
        refused = endorse.refusals(network, "qscc", [b"GetChainInfo", network.channel.encode()])
        return "no endorsement by " + ", ".join(f"{name}: {why}" for name, why in refused.items()) if refused else ""

    wait_until(silent, timeout=timeout, node_folders=peers)
