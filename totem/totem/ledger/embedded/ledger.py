"""The embedded ledger: endorse, order, validate, commit in the caller's process, on files that many processes share."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from totem.ledger.certificates import Trust
from totem.ledger.embedded import reading
from totem.ledger.embedded.chain import VALID, Config, ConfigReader
from totem.ledger.embedded.orderer import Orderer, check_moment, find_outcome
from totem.ledger.embedded.private import PrivateStore
from totem.ledger.embedded.snapshot import SqliteSnapshot, SupersededError
from totem.ledger.embedded.storage import SCHEMA, Pool, connect
from totem.ledger.embedded.verification import verify
from totem.ledger.envelopes import Proposal, endorse, propose, response_of, transient_bytes
from totem.ledger.errors import IdentityProblem, LedgerError, LedgerUnavailable, TransactionVoid
from totem.ledger.identities import Identity
from totem.ledger.port import Block, Event, Submitted, VerifyReport
from totem.ledger.wallet import Wallet
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.simulation import ReadWriteSet, SimulatedStub

__all__ = ["PATIENCE", "EmbeddedLedger"]

_NODE = "node"
_ATTEMPTS = 60
_LONGEST_PAUSE = 0.25
PATIENCE = 30.0
"""Seconds that a call waits for others at most: a process that hangs must not make all others hang."""


def _now() -> int:
    return time.time_ns() // 1_000_000


class EmbeddedLedger:
    """``Ledger`` over a folder; open it in as many processes and threads of one machine as needed.

    Make one with ``create`` (the first time) or ``open``. No call waits for others longer than ``patience`` seconds.
    """

    def __init__(
        self,
        folder: Path,
        chaincode: Chaincode | None,
        clock: Callable[[], int] | None,
        *,
        durable: bool,
        patience: float = PATIENCE,
    ) -> None:
        self.folder = folder
        self._chaincode = chaincode or Chaincode()
        self._clock = clock or _now
        try:
            self._node = Wallet(folder).get(_NODE)
        except IdentityProblem as error:
            raise LedgerUnavailable(f"{folder}: the ledger's node identity can't be used: {error}") from None
        self._pool = Pool(folder / "ledger.db", durable=durable)
        self._private = PrivateStore(folder, durable=durable)
        self._configuration = ConfigReader()
        self._orderer = Orderer(
            folder,
            pool=self._pool,
            private=self._private,
            configuration=self._configuration,
            node=self._node,
            clock=self._clock,
            patience=patience,
        )

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        channel: str,
        authority: str,
        node: Identity,
        chaincode: Chaincode | None = None,
        clock: Callable[[], int] | None = None,
        durable: bool = True,
    ) -> EmbeddedLedger:
        """Make a new ledger in a folder and open it.

        ``authority`` is the PEM certificate of the CA that issues everybody's certificates, ``node`` the identity
        that endorses and signs blocks. ``durable`` False survives a killed process but not a power failure.

        Raises:
            LedgerUnavailable: the folder has a ledger already.
            LedgerError: its database can't be written (a full disk, a limit of file sizes); none is left.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = folder / "ledger.db"
        if database.exists():
            raise LedgerUnavailable(f"{folder} has a ledger already")
        Wallet(folder).put(_NODE, node)
        database.touch(mode=0o600)
        try:
            with closing(connect(database, durable=durable)) as connection:
                connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        except sqlite3.Error as error:
            # What is left would be taken for a ledger the next time.
            for file in folder.glob("ledger.db*"):
                file.unlink()
            raise LedgerError(f"the ledger could not be made: {database}: {error}") from error
        ledger = cls(folder, chaincode, clock, durable=durable)
        ledger._orderer.configure(lambda _: Config(channel, node.certificate, Trust([authority])))
        return ledger

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        chaincode: Chaincode | None = None,
        clock: Callable[[], int] | None = None,
        durable: bool = True,
        patience: float = PATIENCE,
    ) -> EmbeddedLedger:
        """Open the ledger of a folder and clean up after processes that were killed.

        Raises:
            LedgerUnavailable: there is none, or it can't be read.
        """
        if not (folder / "ledger.db").exists():
            raise LedgerUnavailable(f"{folder} has no ledger: `totem dev` or `totem admin init` makes one")
        ledger = cls(folder, chaincode, clock, durable=durable, patience=patience)
        try:
            _ = ledger.channel
            ledger._orderer.recover()
        except LedgerError as error:
            ledger.close()
            raise LedgerUnavailable(
                f"{folder}: the ledger can't be opened: {error}; restore the folder from a copy"
            ) from None
        return ledger

    def evaluate(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Any:
        """See ``Ledger.evaluate``."""
        proposal = self.propose(identity, function, args)
        return self._simulate(proposal, transient_bytes(transient))[0]

    def submit(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Submitted:
        """See ``Ledger.submit``."""
        sent = transient_bytes(transient)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self.send(identity, self.propose(identity, function, args), sent)
            except TransactionVoid as error:
                if attempt == _ATTEMPTS:
                    raise TransactionVoid(error.code, error.tx_id, attempt) from None
            # Full jitter: those who lost together must not come back together.
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.002 * 2 ** min(attempt, 8))))  # noqa: S311 -- no secret
        raise LedgerError("unreachable: the last attempt returns or raises")

    def fate_of(self, envelope: bytes) -> Submitted:
        """See ``Ledger.fate_of``.

        Raises:
            LedgerError: always: here every call ends in a block or leaves nothing.
        """
        raise LedgerError(f"an envelope of {len(envelope)} bytes is not this ledger's: it leaves no fate unknown")

    def propose(self, identity: Identity, function: str, args: Mapping[str, Any]) -> Proposal:
        """Return a signed proposal, to be sent with ``send`` as often as it takes to know its fate."""
        return propose(identity, self.channel, function, args, timestamp=self._clock())

    def send(self, identity: Identity, proposal: Proposal, transient: Mapping[str, bytes] | None = None) -> Submitted:
        """Endorse, order and commit a proposal once: sent again, it answers with what is on the chain.

        Raises:
            ContractError: the contract does not accept it; nothing has changed.
            ProposalRefused: the ledger does not accept it; nothing has changed.
            TransactionVoid: it lost against a concurrent one; nothing has changed, a new proposal may win.
        """
        answer: Any = None
        with self._pool.reading() as connection:
            outcome = find_outcome(connection, proposal.tx_id)
        if outcome is None:
            answer, found = self._simulate(proposal, dict(transient or {}))
            envelope = endorse(identity, self._node, proposal, response_of(found, answer))
            outcome = self._orderer.order(envelope, list(found.private_writes.values()))
        if outcome.code != VALID:
            raise TransactionVoid(outcome.code, proposal.tx_id, 1)
        if outcome.earlier:
            # This simulation counts for nothing: what is on the chain was answered by an earlier one.
            with self._pool.reading() as connection:
                answer = reading.answer_of(connection, outcome.block, outcome.position)
        return Submitted(proposal.tx_id, outcome.block, answer)

    def events(
        self, from_block: int = 0, *, follow: bool = False, stop: threading.Event | None = None
    ) -> Iterator[Event]:
        """See ``Ledger.events``."""
        return reading.events(self._pool, from_block, follow=follow, stop=stop)

    def height(self) -> int:
        """See ``Ledger.height``."""
        with self._pool.reading() as connection:
            return reading.height(connection)

    def block(self, number: int) -> Block:
        """See ``Ledger.block``."""
        with self._pool.reading() as connection:
            return reading.block(connection, number)

    def verify(self, anchor: str | None = None) -> VerifyReport:
        """See ``Ledger.verify``: commits the whole chain once more into empty tables and compares."""
        return verify(self._pool, self._private, self._orderer.exclusive, anchor)

    def revoke(self, crl: str) -> None:
        """Put a newer revocation list (PEM) of the CA into force.

        Raises:
            ProposalRefused: code ``authority``: the list would lock everybody out or revoke nobody.
        """

        def revoked(current: Config | None) -> Config:
            if current is None:
                raise LedgerError("the ledger has no first block")
            return Config(current.channel, current.node, current.trust.with_crl(crl))

        self._orderer.configure(revoked)

    @property
    def channel(self) -> str:
        """The channel's name, part of every proposal."""
        with self._pool.connection() as connection:
            return self._configuration.read(connection).channel

    def close(self) -> None:
        """See ``Ledger.close``."""
        self._pool.close()
        self._private.close()

    def _simulate(self, proposal: Proposal, transient: Mapping[str, bytes]) -> tuple[Any, ReadWriteSet]:
        """Check who proposes, run the contract on a snapshot, return its answer and what it read and wrote."""
        for _ in range(3):
            with self._pool.reading() as connection:
                config = self._configuration.read(connection)
                now = self._clock()
                proposal.check(config.channel)
                check_moment(proposal.timestamp, now)
                config.trust.check(proposal.certificate, now)
                stub = SimulatedStub(
                    SqliteSnapshot(connection, self._private.read),
                    tx_id=proposal.tx_id,
                    timestamp=proposal.timestamp,
                    creator=proposal.creator,
                    transient=transient,
                )
                try:
                    answer = self._chaincode.invoke(stub, proposal.body["function"], proposal.body["args"])
                except SupersededError:
                    continue
                return answer, stub.result()
        raise LedgerError("a private value that the chain has a hash of is gone: `totem ledger verify` tells more")
