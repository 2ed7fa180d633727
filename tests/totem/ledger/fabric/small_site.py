"""The port's suite over Fabric: the same site as the embedded ledger's, on a small network."""

from __future__ import annotations

import time

from tests.totem.ledger.fabric.small_network import CHAINCODE, CHANNEL, SmallNetwork
from tests.totem.ledger.fabric.small_peer import SmallPeer
from totem.ledger import CertificateAuthority, Ledger
from totem.ledger.fabric import ConnectionProfile, Deadlines, FabricLedger, PeerAddress
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.registry import REGISTRY
from totem_chaincode.testing import PEOPLE, Story, ToyEvaluator

QUICK = Deadlines(evaluate=5, endorse=5, submit=5, commit_status=0.5, deliver=5, patience=10)


class _Clock:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead


class FabricSite:
    """A small network with its CA and people, and ledgers that are connected to it."""

    def __init__(self, folder=None, *, peers: int = 1, deadlines: Deadlines = QUICK) -> None:
        self.clock = _Clock()
        self.authority = CertificateAuthority.create()
        self.people = {
            person.name: self.authority.issue(person.name, person.msp_id, person.role) for person in PEOPLE.values()
        }
        msp_ids = [person.msp_id for person in PEOPLE.values()]
        self.network = SmallNetwork(self.authority, msp_ids, Chaincode(ToyEvaluator()), self.clock)
        self.peers = [SmallPeer(self.network) for _ in range(peers)]
        # Each small peer answers for every organisation, as a gateway that knows peers of all.
        self.profile = ConnectionProfile(
            CHANNEL,
            CHAINCODE,
            tuple(PeerAddress(peer.address, msp_id) for peer in self.peers for msp_id in msp_ids),
            deadlines=deadlines,
        )
        self.opened: list = []
        self.ledger: Ledger = self.open()
        self.story = Story(self.invoke)

    def open(self) -> FabricLedger:
        ledger = FabricLedger(self.profile, self.people["admin"], clock=self.clock)
        self.opened = [ledger, *self.opened] if self.opened else [ledger, self]
        return ledger

    def identity(self, person):
        return self.people[person]

    def revoke(self, person) -> None:
        self.network.revoke(self.people[person])

    def invoke(self, person, function, args, transient=None):
        declared = REGISTRY.get(function)
        if declared is not None and declared.read_only:
            return self.ledger.evaluate(self.people[person], function, args, transient)
        return self.ledger.submit(self.people[person], function, args, transient).result

    def close(self) -> None:
        for peer in self.peers:
            peer.stop()
