"""Deploying and upgrading a chaincode: every organisation installs, approves and serves its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from totem_network import endorse, join, nodes, processes, profile, server
from totem_network.binaries import Binaries
from totem_network.errors import NetworkError
from totem_network.layout import Chaincode, Network, Organisation

__all__ = ["approve", "deploy", "install", "orderer_arguments", "upgrade", "wait_answering"]

_PROBE = [b"network.probe", b"{}"]
"""A function that no chaincode has: who refuses it has been asked."""

# What a peer says for itself, not for the chaincode.
_PEERS_OWN = re.compile(r"error in simulation|make sure the chaincode|failed to|error validating")


def deploy(network: Network, binaries: Binaries, name: str, version: str, command: Sequence[str]) -> None:
    """Install, approve, serve and commit a chaincode, and wait until every organisation's peer gets answers of it.

    Raises:
        NetworkError: there is one already, or a step failed.
    """
    if network.chaincode is not None:
        raise NetworkError(f"chaincode {network.chaincode.name} is deployed: `network/network upgrade` brings another")
    _bring(network, binaries, Chaincode(name, version, 1, list(command), {}))


def upgrade(network: Network, binaries: Binaries, version: str, command: Sequence[str] | None) -> None:
    """Bring the next version of the chaincode: all approve it, then the servers are exchanged and it is committed.

    Between the exchange and the commit (some tenths of a second) the chaincode answers nobody; clients try again.

    Raises:
        NetworkError: there is none yet, or a step failed.
    """
    old = network.chaincode
    if old is None:
        raise NetworkError("no chaincode yet: `network/network deploy` brings the first")
    _bring(network, binaries, Chaincode(old.name, version, old.sequence + 1, list(command or old.command), {}))


def install(network: Network, binaries: Binaries, organisation: Organisation, chaincode: Chaincode) -> str:
    """Install an organisation's package on its peer; return the package id."""
    made = server.package(network, organisation, f"{chaincode.name}_{chaincode.version}")
    file = network.folder / "packages" / f"{made.label}.{organisation.name}.tar.gz"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_bytes(made.data)
    try:
        config = network.admin_config(organisation)
        binaries.run("peer", "lifecycle", "chaincode", "install", str(file), config=config)
    except NetworkError as error:
        # An upgrade that was interrupted, or one that only changes the server.
        if "already successfully installed" not in str(error):
            raise
    return made.package_id


def approve(network: Network, binaries: Binaries, organisation: Organisation, chaincode: Chaincode) -> None:
    """Approve a chaincode's definition for an organisation."""
    package = chaincode.packages[organisation.name]
    arguments = ["--package-id", package, *_definition(network, chaincode)]
    config = network.admin_config(organisation)
    binaries.run("peer", "lifecycle", "chaincode", "approveformyorg", *arguments, config=config)


def wait_answering(network: Network, *, timeout: float = 60.0) -> None:
    """Wait until the chaincode, through every organisation's peer, answers.

    Raises:
        NetworkError: some peer has no answer of it in time; the message has the peer's reason.
    """
    chaincode = network.chaincode
    if chaincode is None:
        return

    def silent() -> str:
        refused = endorse.refusals(network, chaincode.name, _PROBE)
        unanswered = [f"{name}: {why}" for name, why in refused.items() if _PEERS_OWN.match(why)]
        return f"{chaincode.name} does not answer: " + "; ".join(unanswered) if unanswered else ""

    servers = [network.node_folder(chaincode.node(organisation)) for organisation in network.organisations]
    nodes.wait_until(silent, timeout=timeout, node_folders=servers)


def _bring(network: Network, binaries: Binaries, planned: Chaincode) -> None:
    old = network.chaincode
    ids = nodes.each(lambda each: install(network, binaries, each, planned), network.organisations)
    names = [organisation.name for organisation in network.organisations]
    chaincode = Chaincode(
        planned.name, planned.version, planned.sequence, planned.command, dict(zip(names, ids, strict=True))
    )
    nodes.each(lambda each: approve(network, binaries, each, chaincode), network.organisations)
    if old is not None:
        nodes.each(lambda each: processes.stop(network.node_folder(old.node(each))), network.organisations)
    network.chaincode = chaincode
    network.save()
    profile.write_all(network)
    nodes.each(lambda each: server.start(network, each, chaincode), network.organisations)
    for organisation in network.organisations:
        join.wait_listening(network.node_folder(chaincode.node(organisation)), organisation.chaincode_port)
    peers: list[str] = []
    for organisation in network.organisations:
        peers += ["--peerAddresses", f"127.0.0.1:{organisation.port}"]
        peers += ["--tlsRootCertFiles", str(network.tls_ca(organisation))]
    config = network.admin_config(network.organisations[0])
    arguments = [*_definition(network, chaincode), *peers]
    binaries.run("peer", "lifecycle", "chaincode", "commit", *arguments, config=config)
    wait_answering(network)


def _definition(network: Network, chaincode: Chaincode) -> list[str]:
    return [
        *("--channelID", network.channel, "--name", chaincode.name),
        *("--version", chaincode.version, "--sequence", str(chaincode.sequence)),
        *orderer_arguments(network),
    ]


def orderer_arguments(network: Network) -> list[str]:
    """Return the arguments that tell `peer` of an orderer: the one that leads.

    Raises:
        NetworkError: none leads.
    """
    leader = join.leader(network)
    if leader is None:
        raise NetworkError("no orderer leads the channel: see `network/network status`")
    return ["-o", f"127.0.0.1:{network.port(leader)}", "--tls", "--cafile", str(network.orderer_tls_ca)]
