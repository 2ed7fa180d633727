"""Deploying and upgrading a chaincode: every organisation installs, approves and serves its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import grpc
from fabric_protos.peer.lifecycle import lifecycle_pb2

from totem.ledger.fabric import from_msp_folder
from totem_network import endorse, join, metrics, nodes, ports, processes, profile, server
from totem_network.binaries import Binaries
from totem_network.errors import NetworkError
from totem_network.layout import Chaincode, Network, Organisation
from totem_network.progress import Say, Steps

__all__ = ["approve", "deploy", "install", "orderer_arguments", "settle", "upgrade", "wait_answering", "wait_committed"]

_PROBE = [b"network.probe", b"{}"]
"""A function that no chaincode has: who refuses it has been asked."""

# What a peer says for itself, not for the chaincode.
_PEERS_OWN = re.compile(r"error in simulation|make sure the chaincode|failed to|error validating")


def deploy(
    network: Network, binaries: Binaries, name: str, version: str, command: Sequence[str], *, say: Say = print
) -> None:
    """Install, approve, serve and commit a chaincode, and wait until every organisation's peer gets answers of it.

    Raises:
        NetworkError: there is one already, or a step failed.
    """
    steps = Steps(say)
    settle(network, steps)
    if network.chaincode is not None:
        raise NetworkError(f"chaincode {network.chaincode.name} is deployed: `network/network upgrade` brings another")
    _bring(network, binaries, Chaincode(name, version, _next(network, name), list(command), {}), steps)


def upgrade(
    network: Network, binaries: Binaries, version: str, command: Sequence[str] | None, *, say: Say = print
) -> None:
    """Bring the next version of the chaincode: its servers start beside the old ones, which end after the commit.

    Clients get answers all the while, of the old version until their peer has the commit, and of the new one then.
    Both listen on ports of their own: a new server in an old one's place would refuse to be what a peer that is asked
    before the commit looks for there, and the peer would wait for `startuptimeout` (30 s) with its ledger locked.

    Raises:
        NetworkError: there is none yet, or a step failed.
    """
    steps = Steps(say)
    settle(network, steps)
    old = network.chaincode
    if old is None:
        raise NetworkError("no chaincode yet: `network/network deploy` brings the first")
    sequence = _next(network, old.name)
    free = ports.reserve(network.folder, len(network.organisations))
    try:
        names = [organisation.name for organisation in network.organisations]
        own_ports = dict(zip(names, free, strict=True))
        coming = Chaincode(old.name, version, sequence, list(command or old.command), {}, own_ports)
        _bring(network, binaries, coming, steps)
    except BaseException:  # Ctrl-C too: ports that no server has got are given back
        if network.coming is None:
            _save(network)
        raise


def settle(network: Network, steps: Steps) -> None:
    """Bring a deployment or upgrade that was interrupted to its end, or, where it was not committed, take it back.

    Whether the servers of one that was committed answer is not asked: one that does not is for an upgrade to replace.

    Raises:
        NetworkError: a peer does not answer, or a server can't be ended.
    """
    coming = network.coming
    if coming is None:
        return
    _wait_in_step(network)
    if max(_sequences(network, coming.name)) >= coming.sequence:
        wait_committed(network)
        _replace_old(network)
        steps.done(f"{coming.name} {coming.version}, which was interrupted, is ended")
    else:
        nodes.each(
            lambda each: processes.stop(network.server_folder(each, coming), name=network.server(each, coming)),
            network.organisations,
        )
        network.coming = None
        _save(network)
        steps.done(f"{coming.name} {coming.version}, which was interrupted, is taken back: it was not committed")


def install(network: Network, binaries: Binaries, organisation: Organisation, chaincode: Chaincode) -> str:
    """Install an organisation's package on its peer; return the package id."""
    made = server.package(network, organisation, chaincode)
    file = network.folder / "packages" / f"{made.label}.{organisation.name}.tar.gz"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_bytes(made.data)
    try:
        config = network.admin_config(organisation)
        binaries.run("peer", "lifecycle", "chaincode", "install", str(file), config=config)
    except NetworkError as error:
        # A first deployment or an organisation's joining that was interrupted; upgrades have packages of their own.
        if "already successfully installed" not in str(error):
            raise
    return made.package_id


def approve(network: Network, binaries: Binaries, organisation: Organisation, chaincode: Chaincode) -> None:
    """Approve a chaincode's definition for an organisation, unless it has: Fabric refuses what changes nothing."""
    if _has_approved(network, organisation, chaincode):
        return
    package = chaincode.packages[organisation.name]
    arguments = ["--package-id", package, *_definition(network, chaincode)]
    config = network.admin_config(organisation)
    binaries.run("peer", "lifecycle", "chaincode", "approveformyorg", *arguments, config=config)


def wait_committed(network: Network, *, timeout: float = 60.0) -> None:
    """Wait until every organisation's peer has the chaincode's definition; the coming one's where there is one.

    Raises:
        NetworkError: some peer does not have it in time.
    """
    chaincode = network.coming or network.chaincode
    if chaincode is None:
        return

    def behind() -> str:
        try:
            sequences = _sequences(network, chaincode.name)
        except NetworkError as error:
            return str(error)
        found = zip(network.organisations, sequences, strict=True)
        late = [organisation.peer for organisation, sequence in found if sequence < chaincode.sequence]
        return f"{chaincode.name} {chaincode.version} is not committed at {', '.join(late)}" if late else ""

    nodes.wait_until(behind, timeout=timeout)


def wait_answering(network: Network, *, timeout: float = 60.0) -> None:
    """Wait until the chaincode, through every organisation's peer, answers; the coming one where there is one.

    Raises:
        NetworkError: some peer has no answer of it in time; the message has the peer's reason.
    """
    chaincode = network.coming or network.chaincode
    if chaincode is None:
        return
    wait_committed(network, timeout=timeout)

    def silent() -> str:
        refused = endorse.refusals(network, chaincode.name, _PROBE)
        unanswered = [f"{name}: {why}" for name, why in refused.items() if _PEERS_OWN.match(why)]
        return f"{chaincode.name} does not answer: " + "; ".join(unanswered) if unanswered else ""

    servers = {
        network.server(organisation, chaincode): network.server_folder(organisation, chaincode)
        for organisation in network.organisations
    }
    nodes.wait_until(silent, timeout=timeout, node_folders=servers)


def _bring(network: Network, binaries: Binaries, planned: Chaincode, steps: Steps) -> None:
    ids = nodes.each(lambda each: install(network, binaries, each, planned), network.organisations)
    steps.done(f"{planned.name} {planned.version} installed")
    names = [organisation.name for organisation in network.organisations]
    chaincode = replace(planned, packages=dict(zip(names, ids, strict=True)))
    nodes.each(lambda each: approve(network, binaries, each, chaincode), network.organisations)
    steps.done("approved")
    network.coming = chaincode
    network.save()
    nodes.each(lambda each: server.start(network, each, chaincode), network.organisations)
    for organisation in network.organisations:
        join.wait_listening(network, network.server(organisation, chaincode))
    steps.done("servers started")
    peers: list[str] = []
    for organisation in network.organisations:
        peers += ["--peerAddresses", f"127.0.0.1:{organisation.port}"]
        peers += ["--tlsRootCertFiles", str(network.tls_ca(organisation))]
    config = network.admin_config(network.organisations[0])
    arguments = [*_definition(network, chaincode), *peers]
    binaries.run("peer", "lifecycle", "chaincode", "commit", *arguments, config=config)
    steps.done("committed")
    wait_answering(network)
    steps.done("answers through all peers")
    if _replace_old(network):
        steps.done("old servers stopped")


def _replace_old(network: Network) -> bool:
    """Make the coming chaincode the network's, and end the servers of the one before; return whether there was one."""
    old = network.chaincode
    if old is not None:
        nodes.each(
            lambda each: processes.stop(network.server_folder(each, old), name=network.server(each, old)),
            network.organisations,
        )
    network.chaincode, network.coming = network.coming, None
    _save(network)
    profile.write_all(network)
    return old is not None


def _save(network: Network) -> None:
    network.save()
    ports.keep_only(network.folder, network.all_ports())  # gives back those of servers that have ended


def _wait_in_step(network: Network, *, timeout: float = 60.0) -> None:
    """Wait until every peer has all blocks: what one that lags does not have may be committed.

    Raises:
        NetworkError: a peer lags all the while, or no orderer answers.
    """

    def behind() -> str:
        ordered = [metrics.read(each.operations_port) for each in network.orderers]
        blocks = max(metrics.channel_height(said, network.channel, orderer=True) for said in ordered)
        if blocks == 0:
            return "no orderer says how many blocks the channel has"
        late = [
            f"{organisation.peer} has {height}"
            for organisation in network.organisations
            if (height := join.height(network, organisation)) < blocks
        ]
        return f"of the channel's {blocks} blocks {', '.join(late)}" if late else ""

    peers = {organisation.peer: network.node_folder(organisation.peer) for organisation in network.organisations}
    nodes.wait_until(behind, timeout=timeout, node_folders=peers)


def _next(network: Network, name: str) -> int:
    """Return the sequence number of a chaincode's next definition, by what peers have: they know of every commit."""
    return max(_sequences(network, name)) + 1


def _sequences(network: Network, name: str) -> list[int]:
    return nodes.each(lambda each: _sequence(network, each, name), network.organisations)


def _sequence(network: Network, organisation: Organisation, name: str) -> int:
    """Return which definition of a chaincode an organisation's peer has: 0 for none, 1 for the first.

    Raises:
        NetworkError: the peer does not answer.
    """
    question = lifecycle_pb2.QueryChaincodeDefinitionArgs(name=name).SerializeToString()
    try:
        status, said, payload = endorse.ask(
            network, organisation, "_lifecycle", [b"QueryChaincodeDefinition", question]
        )
    except grpc.RpcError as error:
        raise NetworkError(f"{organisation.peer} does not say which {name} it has: {error.details()}") from None
    if status == endorse.OK:
        return int(lifecycle_pb2.QueryChaincodeDefinitionResult.FromString(payload).sequence)
    if "is not defined" in said:
        return 0
    raise NetworkError(f"{organisation.peer} does not say which {name} it has: {said}")


def _has_approved(network: Network, organisation: Organisation, chaincode: Chaincode) -> bool:
    """Whether an organisation has approved this definition with this package: a call that was interrupted did it."""
    question = lifecycle_pb2.QueryApprovedChaincodeDefinitionArgs(name=chaincode.name, sequence=chaincode.sequence)
    arguments = [b"QueryApprovedChaincodeDefinition", question.SerializeToString()]
    administrator = from_msp_folder(network.admin_crypto(organisation) / "msp", organisation.msp_id)
    try:
        status, said, payload = endorse.ask(network, organisation, "_lifecycle", arguments, identity=administrator)
    except grpc.RpcError as error:
        raise NetworkError(f"{organisation.peer} does not say what it has approved: {error.details()}") from None
    if "could not fetch approved chaincode definition" in said:
        return False
    if status != endorse.OK:
        raise NetworkError(f"{organisation.peer} does not say what it has approved: {said}")
    found = lifecycle_pb2.QueryApprovedChaincodeDefinitionResult.FromString(payload)
    return bool(found.source.local_package.package_id == chaincode.packages[organisation.name])


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
