"""Ledgers for the suite of the port: each implementation is a factory here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.totem.ledger.fabric.small_site import FabricSite
from totem.ledger import CertificateAuthority, EmbeddedLedger, Identity, Ledger
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.registry import REGISTRY
from totem_chaincode.testing import PEOPLE, Story, ToyEvaluator


class Clock:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead


class Site:
    """One ledger with its CA and people, and further connections to the same ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.authority = CertificateAuthority.create()
        self.people = {
            person.name: self.authority.issue(person.name, person.msp_id, person.role) for person in PEOPLE.values()
        }
        self.chaincode = Chaincode(ToyEvaluator())
        self.ledger = EmbeddedLedger.create(
            folder,
            channel="totem",
            authority=self.authority.certificate,
            node=self.authority.issue("node", "ConsortiumMSP", "node"),
            chaincode=self.chaincode,
            clock=self.clock,
        )
        self.opened: list[Ledger] = [self.ledger]
        self.story = Story(self.invoke)

    def open(self) -> EmbeddedLedger:
        """Open the same ledger once more, as another process would."""
        ledger = EmbeddedLedger.open(self.folder, chaincode=self.chaincode, clock=self.clock)
        self.opened.append(ledger)
        return ledger

    def identity(self, person: str) -> Identity:
        return self.people[person]

    def revoke(self, person: str) -> None:
        self.ledger.revoke(self.authority.revoke(self.people[person].certificate))

    def invoke(self, person, function, args, transient=None):
        declared = REGISTRY.get(function)
        if declared is not None and declared.read_only:
            return self.ledger.evaluate(self.people[person], function, args, transient)
        return self.ledger.submit(self.people[person], function, args, transient).result


FACTORIES = {"embedded": Site, "fabric": FabricSite}


@pytest.fixture(params=sorted(FACTORIES))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site | FabricSite]:
    made = FACTORIES[request.param](tmp_path / "ledger")
    yield made
    for ledger in made.opened:
        ledger.close()


@pytest.fixture(scope="session")
def make_site() -> type[Site]:
    """Give what makes a site, for fixtures that live longer than one test."""
    return Site


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Site]:
    """The embedded ledger, for what only it has."""
    made = Site(tmp_path / "ledger")
    yield made
    for ledger in made.opened:
        ledger.close()
