"""Bringing a network up and down, and single nodes."""

from __future__ import annotations

import shutil
from pathlib import Path

from totem_network import channel, configuration, crypto, join, lifecycle, nodes, ports, processes, profile
from totem_network.binaries import Binaries, find
from totem_network.errors import NetworkError
from totem_network.layout import Network
from totem_network.progress import Say, Steps

__all__ = ["create", "create_anew", "down", "kill", "programs", "restart", "resume", "start"]


def create(network: Network, binaries: Binaries, say: Say) -> None:
    """Make keys and channel of a planned network, start all nodes, and wait until it endorses.

    Raises:
        NetworkError: something failed; what was started runs on, so that its logs can be read and `down` ends it.
    """
    network.save()
    steps = Steps(say)
    crypto.generate(network, binaries)
    channel.make_genesis(network, binaries)
    for organisation in network.organisations:
        configuration.write_admin(network, organisation)
    profile.write_all(network)
    steps.done("keys and channel")
    nodes.start_all(network, binaries)
    join.join_all(network, binaries)
    steps.done("nodes joined")
    join.wait_ready(network)
    network.is_made = True
    network.save()
    steps.done("all organisations endorse")


def create_anew(network: Network, binaries: Binaries, say: Say) -> None:
    """Make a network again whose making failed or was interrupted: what there is of it is half, and goes.

    Raises:
        NetworkError: as ``create``.
    """
    nodes.stop_all(network, force=True)
    for part in network.folder.iterdir():
        if part.is_dir():
            shutil.rmtree(part)
    ports.keep_only(network.folder, network.all_ports())
    say("the network was not made to its end: it is made anew")
    create(network, binaries, say)


def resume(network: Network, binaries: Binaries, say: Say) -> None:
    """Start the nodes of an existing network that don't run, and wait until it endorses."""
    steps = Steps(say)
    ports.keep_only(network.folder, network.all_ports())
    for organisation in network.organisations:
        configuration.write_admin(network, organisation)
    profile.write_all(network)
    start(network, binaries, steps)


def start(network: Network, binaries: Binaries, steps: Steps) -> None:
    """Start all nodes that don't run, end or take back a deployment that was interrupted, and wait for endorsements.

    Raises:
        NetworkError: a node does not come up, or an organisation does not endorse.
    """
    started = nodes.start_all(network, binaries)
    steps.done(f"{len(started)} nodes started: {', '.join(started)}" if started else "all nodes run")
    for organisation in network.organisations:
        join.wait_listening(network, organisation.peer)
    if (newcomer := network.unfinished()) is not None:
        raise NetworkError(
            f"{newcomer.name}'s joining was interrupted: `network/network add-org` finishes it; all nodes run for that"
        )
    join.wait_ready(network)
    lifecycle.settle(network, steps)
    if settled := nodes.start_all(network, binaries):
        steps.done(f"{len(settled)} nodes started: {', '.join(settled)}")
    lifecycle.wait_answering(network)
    steps.done("all organisations endorse")


def programs(network: Network) -> Binaries:
    """Return Fabric's programs in the version that the network was made with.

    Raises:
        NetworkError: there are none of this minor version.
    """
    return find(".".join(network.version.split(".")[:2]))


def down(folder: Path, *, keep: bool = False) -> list[str]:
    """End all nodes; delete the network unless ``keep``. Returns which nodes ran.

    Raises:
        NetworkError: there is no network, or a node can't be ended.
    """
    network = Network.load(folder)
    ended = nodes.stop_all(network)
    if not keep:
        shutil.rmtree(network.folder)
        ports.release(network.folder)
    return ended


def kill(network: Network, node: str) -> None:
    """Kill a node, as a crash would.

    Raises:
        NetworkError: there is no such node, or it does not run.
    """
    network.port(node)  # refuses a name that no node has
    if not processes.stop(network.node_folder(node), name=node, force=True):
        raise NetworkError(f"{node} does not run; `network/network restart {node}` starts it")


def restart(network: Network, binaries: Binaries, node: str) -> None:
    """End a node where it runs, start it, and wait until it listens.

    Raises:
        NetworkError: there is no such node, or it does not come up.
    """
    network.port(node)  # refuses a name that no node has
    processes.stop(network.node_folder(node), name=node)
    nodes.start(network, binaries, node)
    join.wait_listening(network, node)
