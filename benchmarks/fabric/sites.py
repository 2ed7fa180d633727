"""A test network for as long as a measurement takes, and TOTEM's client to each of its organisations."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from totem.ledger import Identity
from totem.ledger.fabric import ConnectionProfile, FabricLedger
from totem.ledger.fabric.consortium import FabricWallet
from totem_network import processes
from totem_network.errors import NetworkError
from totem_network.layout import Network

__all__ = ["ROOT", "Site", "site"]

ROOT = Path(__file__).resolve().parents[2]
_NETWORK = ROOT / "network" / "network"


@dataclass
class Site:
    """A network with a chaincode: how many seconds until all organisations endorsed, and for the chaincode."""

    state: Path
    up_seconds: float
    deploy_seconds: float
    _ledgers: dict[str, FabricLedger] = field(default_factory=dict)
    _people: dict[tuple[str, str], Identity] = field(default_factory=dict)

    def person(self, organisation: str, name: str) -> Identity:
        """Return an identity of an organisation's wallet; read once."""
        found = self._people.get((organisation, name))
        if found is None:
            found = self._people[organisation, name] = FabricWallet(self.state / "wallets" / organisation).get(name)
        return found

    def enrol(self, organisation: str, name: str, role: str) -> Identity:
        """Have somebody certified."""
        _run(self.state, "enrol", organisation, name, role)
        return self.person(organisation, name)

    def ledger(self, organisation: str) -> FabricLedger:
        """Return the client that asks an organisation's peer, in the name of its consumer; opened once."""
        if organisation not in self._ledgers:
            profile = ConnectionProfile.load(self.state / "profiles" / f"{organisation}.json")
            self._ledgers[organisation] = FabricLedger(profile, self.person(organisation, "consumer"))
        return self._ledgers[organisation]

    def put(self, key: str, organisation: str = "org1") -> Any:
        """Submit the small contract's write and wait for the commit; return its answer."""
        args = {"key": key, "value": "x" * 100}
        return self.ledger(organisation).submit(self._consumer(organisation), "put", args).result

    def get(self, key: str, organisation: str = "org1") -> Any:
        """Evaluate the small contract's read."""
        return self.ledger(organisation).evaluate(self._consumer(organisation), "get", {"key": key})

    def server_seconds(self) -> float:
        """Return the processor time that the chaincode's servers of all organisations have used so far."""
        network = Network.load(self.state)
        if network.chaincode is None:
            raise NetworkError("no chaincode is deployed")
        nodes = [network.chaincode.node(organisation) for organisation in network.organisations]
        return sum(_processor_seconds(processes.pid(network.node_folder(node))) for node in nodes)

    def close(self) -> None:
        """Close the clients."""
        for ledger in self._ledgers.values():
            ledger.close()
        self._ledgers.clear()

    def _consumer(self, organisation: str) -> Identity:
        return self.person(organisation, "consumer")


@contextmanager
def site(
    server: Sequence[str], *, name: str, organisations: int = 2, orderers: int = 3, batch: str = "100ms"
) -> Iterator[Site]:
    """Bring up a network with a chaincode, and take it down at the end.

    Raises:
        NetworkError: the network can't be brought up, in its own words.
    """
    with TemporaryDirectory(prefix="totem-bench-") as place:
        state = Path(place) / "network"
        started = time.perf_counter()
        try:
            made = ("--orgs", str(organisations), "--orderers", str(orderers), "--batch-timeout", batch)
            _run(state, "up", *made)
            up = time.perf_counter()
            _run(state, "deploy", "--name", name, "--server", *server)
            found = Site(state, up - started, time.perf_counter() - up)
            try:
                yield found
            finally:
                found.close()
        finally:
            if (state / "network.json").exists():
                _run(state, "down")


def _processor_seconds(process: int | None) -> float:
    if process is None:
        raise NetworkError("a chaincode server has ended while it was measured")
    # The second field, the program's name, is in brackets and may have anything in it.
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _run(state: Path, *arguments: str) -> None:
    command = [str(_NETWORK), "--state", str(state), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NetworkError(f"network {arguments[0]}: {done.stderr.strip()}")
