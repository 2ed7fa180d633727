"""The Ledger port: what the rest of TOTEM knows of a ledger, embedded or Fabric."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from totem.ledger.identities import Identity

__all__ = ["Block", "Event", "Gateway", "Ledger", "Submitted", "TransactionRecord", "VerifyReport"]


@dataclass(frozen=True, slots=True)
class Submitted:
    """A committed transaction: its id, the block it is in, the contract's answer."""

    tx_id: str
    block: int
    result: Any


@dataclass(frozen=True, slots=True)
class Event:
    """A contract's event of a valid transaction; ``payload`` is JSON."""

    block: int
    tx_id: str
    name: str
    payload: Any


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """One transaction as it stands in a block.

    ``code`` is VALID or why it is void; ``creator`` is ``name@msp``; ``writes`` are the keys it wrote, with the value
    (None: deleted), private data as ``collection/hash of the key`` with the hash of the value.
    """

    tx_id: str
    code: str
    creator: str
    function: str
    args: Any
    timestamp: int
    writes: tuple[tuple[str, str | None], ...]
    private_writes: tuple[tuple[str, str | None], ...]
    event: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """One block: number, hashes (hexadecimal), time of ordering in milliseconds, transactions in order."""

    number: int
    hash: str
    previous: str
    data_hash: str
    timestamp: int
    transactions: tuple[TransactionRecord, ...]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found: ``problem`` is the first one (None: everything is as it must be).

    ``genesis`` and ``head`` are the hashes of the first and the last block: compare them with what others have.
    """

    blocks: int
    transactions: int
    genesis: str
    head: str
    problem: str | None

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return self.problem is None


class Ledger(Protocol):
    """What the rest of TOTEM may ask of a ledger.

    ``transient`` values that are texts are sent as they are, others as canonical JSON; they reach the contract only.
    No call may hang: what can't be done within a bounded time ends in a LedgerError, after which it may be repeated.
    """

    def evaluate(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Any:
        """Run a transaction, keep nothing of it, and return the contract's answer.

        Raises:
            ContractError: the contract does not accept it.
            ProposalRefused: the ledger does not accept the identity or the proposal.
        """

    def submit(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Submitted:
        """Run a transaction, have it ordered and wait for its commit.

        A transaction that loses against a concurrent one is proposed again, with jitter, a bounded number of times.

        Raises:
            ContractError: the contract does not accept it; nothing has changed.
            ProposalRefused: the ledger does not accept the identity or the proposal; nothing has changed.
            TransactionVoid: it lost every time; nothing has changed.
            FateUnknown: it is not known whether it is committed; ``fate_of`` finds out.
        """

    def fate_of(self, envelope: bytes) -> Submitted:
        """Find out what became of a transaction (``FateUnknown.envelope``), sending it again where that is needed.

        May be repeated, in other processes too: it is applied once.

        Raises:
            TransactionVoid: it is not applied and never will be.
            FateUnknown: it is still not known.
        """

    def events(
        self, from_block: int = 0, *, follow: bool = False, stop: threading.Event | None = None
    ) -> Iterator[Event]:
        """Yield the events of committed transactions from a block on, in order.

        With ``follow`` it waits for further ones, of every process, until ``stop`` is set.
        """

    def height(self) -> int:
        """Return the number of blocks."""

    def block(self, number: int) -> Block:
        """Return a block.

        Raises:
            LookupError: there is none of this number.
        """

    def verify(self, anchor: str | None = None) -> VerifyReport:
        """Check everything that can be checked, from the first block on.

        ``anchor`` is the hash of a block that was seen before: it must still be in the chain.
        """

    def close(self) -> None:
        """Release what the ledger holds open."""


class Gateway:
    """A ledger as one identity uses it."""

    def __init__(self, ledger: Ledger, identity: Identity) -> None:
        self.ledger = ledger
        self.identity = identity

    def evaluate(self, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None) -> Any:
        """See ``Ledger.evaluate``."""
        return self.ledger.evaluate(self.identity, function, args, transient)

    def submit(self, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None) -> Any:
        """Return the answer of a committed transaction; see ``Ledger.submit``."""
        return self.ledger.submit(self.identity, function, args, transient).result
