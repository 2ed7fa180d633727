"""A real network with the contracts, founded, and people of its organisations: for tests that run Fabric's nodes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from totem.ledger.errors import LedgerError
from totem.ledger.fabric import ConnectionProfile, FabricLedger, from_wallet
from totem.ledger.wallet import Wallet
from totem_chaincode.registry import REGISTRY
from totem_chaincode.testing import PEOPLE_OF_TWO as PEOPLE
from totem_chaincode.testing import Person, Story
from totem_network.layout import Network

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "tests" / "totem" / "ledger" / "fabric" / "toy_server.py"


def organisation_of(person: Person) -> str:
    return person.msp_id.removesuffix("MSP").lower()


class RealSite:
    """A network of some organisations with the contracts; people with the profile of their own organisation."""

    def __init__(
        self,
        state: Path,
        *,
        people=PEOPLE,
        orgs: int = 2,
        orderers: int = 3,
        server=(sys.executable, str(SERVER)),
        options=(),
    ) -> None:
        self.state = state
        self.who = people
        self.ledgers: dict[str, FabricLedger] = {}
        self.people: dict = {}
        self.story = Story(self.invoke)
        self.story.people = people
        try:
            self.call("up", "--orgs", str(orgs), "--orderers", str(orderers), *options)
            self.call("deploy", *(("--server", *server) if server else ()))
            for person in people.values():
                self.enrol(person)
        except BaseException:
            self.close()
            raise

    def call(self, *arguments, status=0):
        command = [ROOT / "network" / "network", "--state", self.state, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def network(self) -> Network:
        return Network.load(self.state)

    def enrol(self, person: Person):
        """Certify somebody, and connect the person's organisation where nobody of it is connected yet."""
        self.call("enrol", organisation_of(person), person.name, person.role)
        return self.adopt(person)

    def adopt(self, person: Person):
        """Take a person's identity from the wallet, and connect the organisation where nobody of it is yet."""
        organisation = organisation_of(person)
        self.who = self.story.people = {**self.who, person.name: person}
        self.people[person.name] = self.identity(organisation, person.name)
        if organisation not in self.ledgers:
            self.ledgers[organisation] = self.connect(organisation, self.people[person.name])
        return self.people[person.name]

    def identity(self, organisation: str, name: str):
        return from_wallet(Wallet(self.state / "wallets" / organisation), name)

    def connect(self, organisation: str, reader) -> FabricLedger:
        return FabricLedger(ConnectionProfile.load(self.state / "profiles" / f"{organisation}.json"), reader)

    def ledger(self, person: str) -> FabricLedger:
        return self.ledgers[organisation_of(self.who[person])]

    def invoke(self, person, function, args, transient=None):
        declared = REGISTRY.get(function)
        if declared is not None and declared.read_only:
            return self.ledger(person).evaluate(self.people[person], function, args, transient)
        submitted = self.ledger(person).submit(self.people[person], function, args, transient)
        self.wait_for(submitted.block)
        return submitted.result

    def wait_for(self, block):
        """Wait until every organisation's peer has a block: the caller's own has it, others' may be behind."""
        end = time.monotonic() + 10
        while any(ledger.height() <= block for ledger in self.ledgers.values()):
            assert time.monotonic() < end, f"a peer does not get block {block}"
            time.sleep(0.01)

    def transfer(self, count, threads):
        """Have peter send paula one totem, many times at once; return the transactions' ids."""
        args = {"to": self.who["paula"].id, "amount": 1, "reason": "x"}
        peter = self.people["peter"]

        def send(_):
            return self.ledger("peter").submit(peter, "accounts.transfer", args).tx_id

        with ThreadPoolExecutor(threads) as pool:
            return set(pool.map(send, range(count)))

    def leader(self) -> str:
        return next(line.split()[0] for line in self.call("status").splitlines() if "leader" in line)

    def close(self) -> None:
        for ledger in self.ledgers.values():
            ledger.close()
        if (self.state / "network.json").exists():
            self.call("down")


class Follower:
    """Somebody who follows events in a thread of its own until it is stopped or refused."""

    def __init__(self, ledger, start: int = 0) -> None:
        self.seen: list = []
        self.error: LedgerError | None = None
        self._stop = threading.Event()
        self.thread = threading.Thread(target=self._follow, args=(ledger, start), daemon=True)
        self.thread.start()

    def _follow(self, ledger, start) -> None:
        try:
            self.seen.extend(ledger.events(start, follow=True, stop=self._stop))
        except LedgerError as error:
            self.error = error

    def ended(self, seconds: float) -> bool:
        self.thread.join(seconds)
        return not self.thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self.thread.join(5)


def until(condition, seconds: float = 10.0):
    """Wait until a condition is true; return its value."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)
    return found
