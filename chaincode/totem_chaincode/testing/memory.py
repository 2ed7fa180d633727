"""An in-memory ledger for tests of contracts: simulate, validate, commit, as a peer does, with nothing behind it.

``MemoryLedger.invoke`` runs one transaction to its end; ``simulate`` and ``commit`` apart let a test interleave
transactions. No signatures, no blocks but a counter: the embedded ledger has those.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.simulation import ReadWriteSet, SimulatedStub, Version, conflicts, hash_key
from totem_chaincode.stub import Creator, KeyModification

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.dispatcher import Chaincode

__all__ = ["MemoryLedger", "MemoryState", "Simulated", "creator"]


def creator(name: str, msp_id: str, role: str | None) -> Creator:
    """Return a creator as a certificate with this role would give it; ``role`` None: a certificate without one."""
    attributes = {} if role is None else {"role": role}
    certificate = f"certificate of {name}@{msp_id} as {role}".encode()
    return Creator(msp_id, name, attributes, certificate, f"key of {name}@{msp_id}".encode())


class MemoryState:
    """A world state in dicts; implements ``Snapshot`` of itself as it is now."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[bytes, Version]] = {}
        self.private: dict[tuple[str, str], tuple[bytes, bytes, Version]] = {}
        self._keys: list[str] = []
        self._history: dict[str, list[KeyModification]] = {}

    def get(self, key: str) -> tuple[bytes, Version] | None:
        """See ``Snapshot``."""
        return self.rows.get(key)

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes, Version]]:
        """See ``Snapshot``."""
        keys = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, end)]
        return iter([(key, *self.rows[key]) for key in keys])

    def history(self, key: str) -> Iterator[KeyModification]:
        """See ``Snapshot``."""
        return iter(reversed(self._history.get(key, [])))

    def private_hash(self, collection: str, key_hash: str) -> tuple[bytes, Version] | None:
        """See ``Snapshot``."""
        entry = self.private.get((collection, key_hash))
        return (hashlib.sha256(entry[0]).digest(), entry[2]) if entry else None

    def private_value(self, collection: str, key: str) -> bytes | None:
        """See ``Snapshot``."""
        entry = self.private.get((collection, hash_key(key)))
        return entry[0] if entry else None

    def apply(self, found: ReadWriteSet, version: Version, tx_id: str, timestamp: int) -> None:
        """Write a valid transaction's write set."""
        for key, value in found.writes.items():
            if value is None:
                if self.rows.pop(key, None) is not None:
                    self._keys.remove(key)
            else:
                if key not in self.rows:
                    insort(self._keys, key)
                self.rows[key] = (value, version)
            self._history.setdefault(key, []).append(KeyModification(tx_id, timestamp, value))
        for (collection, key), write in found.private_writes.items():
            if write.value is None:
                self.private.pop((collection, hash_key(key)), None)
            else:
                self.private[collection, hash_key(key)] = (write.value, key.encode(), version)


@dataclass(frozen=True, slots=True)
class Simulated:
    """An endorsed transaction that is not committed yet."""

    tx_id: str
    timestamp: int
    answer: JSON
    found: ReadWriteSet


class MemoryLedger:
    """A ledger of one process's memory, with a clock that tests set (``now``, milliseconds).

    ``peer_msp`` makes it a peer of one organisation, which can't read the private data of others.
    """

    def __init__(self, chaincode: Chaincode, *, peer_msp: str | None = None, now: int = 1_700_000_000_000) -> None:
        self.chaincode = chaincode
        self.state = MemoryState()
        self.events: list[tuple[str, Any]] = []
        self.peer_msp = peer_msp
        self.now = now
        self._block = 0
        self._nonce = 0

    def simulate(
        self, who: Creator, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Simulated:
        """Run a transaction on the state as it is; transient values that are not texts are sent as JSON.

        Raises:
            ContractError: the contract does not accept it.
        """
        self._nonce += 1
        tx_id = hashlib.sha256(f"{self._nonce}".encode()).hexdigest()
        sent = {
            name: value.encode() if isinstance(value, str) else canonical.encode(value)
            for name, value in (transient or {}).items()
        }
        stub = SimulatedStub(
            self.state, tx_id=tx_id, timestamp=self.now, creator=who, transient=sent, peer_msp=self.peer_msp
        )
        answer = self.chaincode.invoke(stub, function, args)
        return Simulated(tx_id, self.now, answer, stub.result())

    def commit(self, simulated: Simulated) -> str:
        """Validate and commit; return "VALID" or why the transaction is void."""
        problem = conflicts(self.state, simulated.found)
        if problem:
            return problem
        self._block += 1
        self.state.apply(simulated.found, (self._block, 0), simulated.tx_id, simulated.timestamp)
        if simulated.found.event:
            name, payload = simulated.found.event
            self.events.append((name, canonical.decode(payload)))
        return "VALID"

    def invoke(
        self, who: Creator, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Any:
        """Simulate and commit; return the answer.

        Raises:
            ContractError: the contract does not accept it; nothing has changed.
        """
        simulated = self.simulate(who, function, args, transient)
        outcome = self.commit(simulated)
        if outcome != "VALID":
            raise RuntimeError(f"{function}: {outcome} although nothing ran in between")
        return simulated.answer
