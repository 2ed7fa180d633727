"""Which organisations are asked to endorse a transaction.

As many as the profile says, the signer's own first, the others in turn; and always those whose private collections it
writes. Fabric takes a write into an organisation's implicit collection only with that organisation's endorsement, and
which collections a transaction writes is known when it has been endorsed once. What is learned so is remembered for
the next call of the same function: most calls are endorsed once.
"""

from __future__ import annotations

import threading
from typing import Any

from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.peer import chaincode_pb2, proposal_pb2

from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.fabric.transactions import action_of

__all__ = ["Endorsers", "function_of", "organisations_written"]

_IMPLICIT = "_implicit_org_"


class Endorsers:
    """The choice for one profile; for any number of threads."""

    def __init__(self, profile: ConnectionProfile) -> None:
        self._profile = profile
        self._lock = threading.Lock()
        self._turn = 0
        self._learned: dict[tuple[str, str], frozenset[str]] = {}
        self._more = 0

    def choose(self, msp_id: str, function: str, needed: frozenset[str] = frozenset()) -> list[str]:
        """Return who is asked this time; nobody where the profile leaves the choice to the peers.

        ``needed`` are organisations without which the transaction would be void.
        """
        known = self._profile.endorsers
        if not known:
            return []
        with self._lock:
            self._turn += 1
            turn = self._turn
            wanted = (self._profile.endorsements or len(known)) + self._more
            likely = self._learned.get((msp_id, function), frozenset())
        first = [msp_id] if msp_id in known else []
        first += sorted(needed - set(first))
        others = [each for each in known if each not in first]
        start = turn % len(others) if others else 0
        rotated = sorted(others[start:] + others[:start], key=lambda each: each not in likely)
        return [*first, *rotated][: max(wanted, len(first))]

    def ask_more(self, asked: int) -> bool:
        """Ask more than ``asked`` organisations from now on, which were too few; False: there are no more.

        So it is when organisations have joined the channel since the profile was written.
        """
        known = len(self._profile.endorsers)
        with self._lock:
            if asked >= known:
                return False
            self._more = max(self._more, asked + 1 - (self._profile.endorsements or known))
            return True

    def forget(self, msp_id: str, function: str) -> None:
        """Forget whose collections a call wrote: it failed, and without one of them it may not."""
        with self._lock:
            self._learned.pop((msp_id, function), None)

    def learn(self, msp_id: str, function: str, written: frozenset[str]) -> None:
        """Remember whose collections a call wrote."""
        with self._lock:
            self._learned[msp_id, function] = written


def function_of(proposal_bytes: bytes) -> str:
    """Return the name of the function that a proposal calls."""
    proposal: Any = proposal_pb2.Proposal.FromString(proposal_bytes)
    payload: Any = proposal_pb2.ChaincodeProposalPayload.FromString(proposal.payload)
    invocation: Any = chaincode_pb2.ChaincodeInvocationSpec.FromString(payload.input)
    arguments = invocation.chaincode_spec.input.args
    return arguments[0].decode("utf-8", "replace") if arguments else ""


def organisations_written(payload: bytes) -> frozenset[str]:
    """Return the MSP ids of the organisations into whose implicit collections an endorsed transaction writes."""
    sets: Any = rwset_pb2.TxReadWriteSet.FromString(action_of(payload)[1].results)
    found = set()
    for space in sets.ns_rwset:
        for collection in space.collection_hashed_rwset:
            hashed: Any = kv_rwset_pb2.HashedRWSet.FromString(collection.hashed_rwset)
            if hashed.hashed_writes and collection.collection_name.startswith(_IMPLICIT):
                found.add(collection.collection_name.removeprefix(_IMPLICIT))
    return frozenset(found)
