"""The network's nodes by name: their configuration and command, starting and ending one or all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from totem_network import configuration, processes, server
from totem_network.binaries import Binaries, environment
from totem_network.errors import NetworkError
from totem_network.layout import Network

__all__ = ["each", "running", "start", "start_all", "stop_all", "wait_until"]

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 8
_POLL = 0.05


def start(network: Network, binaries: Binaries, node: str) -> None:
    """Write a node's configuration and start it.

    Raises:
        NetworkError: there is no such node, it runs already, or it can't be started.
    """
    folder = network.node_folder(node)
    for orderer in network.orderers:
        if orderer.name == node:
            config = configuration.write_orderer(network, orderer)
            processes.start(folder, [binaries.path("orderer")], environment(config), name=node)
            return
    for organisation in network.organisations:
        if organisation.peer == node:
            config = configuration.write_peer(network, organisation)
            processes.start(folder, [binaries.path("peer"), "node", "start"], environment(config), name=node)
            return
    if node in (servers := network.servers()):
        server.start(network, *servers[node])
        return
    raise NetworkError(f"no node {node!r}; there are {', '.join(network.nodes())}")


def start_all(network: Network, binaries: Binaries) -> list[str]:
    """Start every node that does not run; return which ones.

    A chaincode that is coming is left alone: its servers may be what did not work.
    """
    waiting = {name for name, (_, chaincode) in network.servers().items() if chaincode == network.coming}
    stopped = [node for node in network.nodes() if node not in waiting and not _runs(network, node)]
    each(lambda node: start(network, binaries, node), stopped)
    return stopped


def running(network: Network) -> list[str]:
    """Return the names of the nodes that run."""
    return [node for node in network.nodes() if _runs(network, node)]


def stop_all(network: Network, *, force: bool = False) -> list[str]:
    """End every node; return which ones ran. Servers and peers first: orderers deliver to them until the end."""
    ended: list[str] = []
    for group in (network.nodes()[len(network.orderers) :], [orderer.name for orderer in network.orderers]):
        ran = each(
            lambda node: processes.stop(network.node_folder(node), name=node, force=force),
            group,
            at_once=len(group) or 1,
        )
        ended += [node for node, was_running in zip(group, ran, strict=True) if was_running]
    return ended


def each(what: Callable[[T], R], things: Iterable[T], *, at_once: int = _AT_ONCE) -> list[R]:
    """Do something for each thing, some at once; return the answers in order. The first error is raised."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(what, things))


def wait_until(condition: Callable[[], str], *, timeout: float, node_folders: Mapping[str, Path] | None = None) -> None:
    """Wait until a condition says "" instead of what is missing; ``node_folders`` are those of nodes it needs, by name.

    Raises:
        NetworkError: something is missing after ``timeout`` seconds, or one of the nodes has ended meanwhile; the
            message has the last lines of its log.
    """
    end = time.monotonic() + timeout
    while missing := condition():
        for name, folder in (node_folders or {}).items():
            if processes.pid(folder) is None:
                raise NetworkError(
                    f"{name} has ended; its log {processes.log(folder)} closes with\n{processes.last_lines(folder, 5)}"
                )
        if time.monotonic() > end:
            raise NetworkError(f"after {timeout:g} s: {missing}; see `network/network status` and `logs NODE`")
        time.sleep(_POLL)


def _runs(network: Network, node: str) -> bool:
    return processes.pid(network.node_folder(node)) is not None
