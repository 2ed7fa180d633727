"""Ports on 127.0.0.1 that are free, and stay a network's own while its nodes are stopped.

A reservation is written down per user of the machine, so that two networks that come up at once, or one whose node
is down for a moment, don't take each other's ports. Who is not told (another user, another program) is seen by
trying to bind.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from totem_network.errors import NetworkError

__all__ = ["is_free", "keep_only", "release", "reserve", "reserve_these"]

_FIRST, _LAST = 20_000, 32_000
"""Below the ports that the system gives to outgoing connections (Linux: from 32768 on)."""

_ATTEMPTS = 500


def reserve(folder: Path, count: int) -> list[int]:
    """Reserve ``count`` ports for the network in ``folder``, besides those that it has.

    Raises:
        NetworkError: there are not so many.
    """
    with _reservations() as taken:
        others = {port for ports in taken.values() for port in ports}
        for _ in range(_ATTEMPTS):
            first = random.randrange(_FIRST, _LAST - count)  # noqa: S311  # spreads networks, guards nothing
            ports = list(range(first, first + count))
            if others.isdisjoint(ports) and all(is_free(port) for port in ports):
                taken[str(folder)] = [*taken.get(str(folder), []), *ports]
                return ports
    raise NetworkError(f"no {count} free ports in a row between {_FIRST} and {_LAST} on 127.0.0.1: stop something")


def reserve_these(folder: Path, ports: list[int]) -> None:
    """Reserve the ports that a restored network must have: they are in its channel's configuration.

    Raises:
        NetworkError: somebody else has one of them.
    """
    with _reservations() as taken:
        own = taken.get(str(folder), [])
        others = {port: name for name, theirs in taken.items() for port in theirs if name != str(folder)}
        for port in ports:
            if port in others:
                raise NetworkError(f"port {port} belongs to the network in {others[port]}: take that one down first")
            if port not in own and not is_free(port):
                raise NetworkError(f"port {port} on 127.0.0.1 is in use: stop what listens there")
        taken[str(folder)] = list(ports)


def keep_only(folder: Path, ports: list[int]) -> None:
    """Write down that these are a network's ports, and no others are.

    It has them, and its nodes may listen on them; the book may have lost them with the system's folder for temporary
    files. A port that another network has reserved since then stays that one's.
    """
    with _reservations() as taken:
        others = {port for name, theirs in taken.items() for port in theirs if name != str(folder)}
        taken[str(folder)] = [port for port in ports if port not in others]


def release(folder: Path) -> None:
    """Give back all ports of a network."""
    with _reservations() as taken:
        taken.pop(str(folder), None)


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of 127.0.0.1 or of all addresses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def _reservations() -> Iterator[dict[str, list[int]]]:
    """Lock, read, and write back who has which ports; networks whose folder is gone have none."""
    place = Path(tempfile.gettempdir()) / f"totem-network-{getpass.getuser()}"
    place.mkdir(mode=0o700, exist_ok=True)
    if place.stat().st_uid != os.getuid():
        raise NetworkError(f"{place} belongs to somebody else: set TMPDIR to a folder of your own")
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        book = place / "ports.json"
        taken: dict[str, list[int]] = json.loads(book.read_text()) if book.exists() else {}
        taken = {name: ports for name, ports in taken.items() if Path(name).is_dir()}
        yield taken
        written = book.with_suffix(".new")
        written.write_text(json.dumps(taken))
        written.replace(book)
