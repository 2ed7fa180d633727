"""The orderer: takes endorsed envelopes, validates them, writes blocks.

Threads that submit at the same time share a block: whoever gets the lock commits everything that waits. Processes
take turns by a file lock, which the kernel releases when one is killed. A block is one SQLite transaction: a process
that dies at any point leaves the block before or the block after, nothing in between.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from totem.ledger.embedded.chain import (
    NO_BLOCK,
    VALID,
    Config,
    ConfigReader,
    Header,
    apply_config,
    apply_transaction,
    data_hash,
    head_of,
    insert_block,
    reading_block,
)
from totem.ledger.embedded.private import PrivateStore
from totem.ledger.embedded.storage import Pool
from totem.ledger.envelopes import Envelope
from totem.ledger.errors import LedgerError, ProposalRefused
from totem.ledger.identities import Identity
from totem_chaincode import canonical
from totem_chaincode.simulation import PrivateWrite

__all__ = ["MAX_SKEW", "Orderer", "Outcome", "check_moment"]

_log = logging.getLogger(__name__)

MAX_BATCH = 200
_TURN_SECONDS = 0.002
MAX_SKEW = 30_000
"""Milliseconds by which a proposal's time may differ from the node's clock: contracts have no other clock.

It is no longer than the shortest deadline that a contract takes: nobody's time may be over as soon as it begins.
"""


def check_moment(timestamp: int, now: int) -> None:
    """Check that a proposal was made about now.

    Raises:
        ProposalRefused: code ``stale``.
    """
    if abs(timestamp - now) > MAX_SKEW:
        raise ProposalRefused(
            "stale",
            f"the proposal's time differs from the ledger's by {abs(timestamp - now) // 1_000} s"
            f" (at most {MAX_SKEW // 1_000} are accepted): check the clock, or propose again",
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a transaction is on the chain, and its validation code; ``earlier``: it was there before it was sent."""

    block: int
    position: int
    code: str
    earlier: bool = False


@dataclass
class _Item:
    envelope: Envelope
    private: list[PrivateWrite]
    outcome: Outcome | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome is not None or self.error is not None


@dataclass
class _Batch:
    """A block in the making."""

    header_number: int
    entries: list[dict[str, Any]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    staged: list[tuple[str, PrivateWrite]] = field(default_factory=list)


class Orderer:
    """Orders, validates and commits for one process; several processes may each have one."""

    def __init__(
        self,
        folder: Path,
        *,
        pool: Pool,
        private: PrivateStore,
        configuration: ConfigReader,
        node: Identity,
        clock: Callable[[], int],
        patience: float,
    ) -> None:
        self._patience = patience
        self._lock_file = folder / "commit.lock"
        self._pool = pool
        self._private = private
        self._configuration = configuration
        self._node = node
        self._clock = clock
        self._queue: list[_Item] = []
        self._queue_lock = threading.Lock()
        self._commit_lock = threading.Lock()

    def order(self, envelope: Envelope, private: list[PrivateWrite]) -> Outcome:
        """Commit an envelope; one that is on the chain already keeps the outcome it has there.

        Raises:
            ProposalRefused: signatures, certificate or time are not accepted; it is in no block.
            LedgerError: the block could not be written.
        """
        item = _Item(envelope, private)
        with self._queue_lock:
            self._queue.append(item)
        with self._commit_lock:
            while not item.is_done:
                with self._queue_lock:
                    batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
                self._commit(batch)
        if item.error is not None:
            raise item.error
        if item.outcome is None:
            raise LedgerError("the orderer lost an envelope")
        return item.outcome

    def configure(self, change: Callable[[Config | None], Config]) -> None:
        """Commit a block with a new configuration, made from the one in force (None: there is no block yet)."""
        with self._writing() as connection:
            head = head_of(connection)
            current = None if head is None else self._configuration.read(connection)
            document = change(current).to_json()
            number = 0 if head is None else head.number + 1
            code = apply_config(connection, number, 0, document)
            self._insert(connection, head, [{"type": "config", "config": document}], [code])
            connection.execute("COMMIT")

    def recover(self) -> None:
        """Delete what a killed process may have left between private and public commit."""
        with self.exclusive(), self._pool.connection() as connection:
            self._private.settle(connection, self._private.collections())

    def _commit(self, items: list[_Item]) -> None:
        try:
            with self._writing() as connection:
                self._write_block(connection, items)
        except (LedgerError, OSError) as error:
            for item in items:
                item.error = item.error or LedgerError(f"the block could not be written: {error}")
        except BaseException as error:
            # The leader's own thread is ending: those who wait must not wait for ever.
            for item in items:
                if not item.is_done:
                    item.error = LedgerError(f"the commit was interrupted ({error!r}): send the same proposal again")
            raise

    def _write_block(self, connection: sqlite3.Connection, items: list[_Item]) -> None:
        head = head_of(connection)
        config = self._configuration.read(connection)
        if head is None:
            raise LedgerError("the ledger has a configuration but no block")
        now = max(self._clock(), head.timestamp)
        batch = _Batch(head.number + 1)
        outcomes: list[tuple[_Item, Outcome]] = []
        for item in items:
            try:
                outcomes.append((item, self._take(connection, config, now, batch, item)))
            except ProposalRefused as error:
                item.error = error
        collections: list[str] = []
        if batch.entries:
            collections = self._private.stage(batch.staged)
            self._insert(connection, head, batch.entries, batch.codes, now)
            connection.execute("COMMIT")
        for item, outcome in outcomes:
            item.outcome = outcome
        if batch.staged:
            self._settle(connection, collections)

    def _settle(self, connection: sqlite3.Connection, collections: list[str]) -> None:
        try:
            self._private.settle(connection, collections)
        except (LedgerError, sqlite3.Error) as error:
            # The block is committed; old private values are deleted with the next one or when the ledger is opened.
            _log.warning("old private values could not be deleted yet: %s", error)

    def _take(self, connection: sqlite3.Connection, config: Config, now: int, batch: _Batch, item: _Item) -> Outcome:
        """Validate one envelope and add it to the block in the making."""
        tx_id = item.envelope.proposal.tx_id
        earlier = find_outcome(connection, tx_id, batch.header_number, batch.codes)
        if earlier is not None:
            return earlier
        check_moment(item.envelope.proposal.timestamp, now)
        config.trust.check(item.envelope.proposal.certificate, now)
        item.envelope.check(config.channel, config.node)
        position = len(batch.entries)
        code = apply_transaction(connection, batch.header_number, position, tx_id, item.envelope.response)
        batch.entries.append(item.envelope.to_json())
        batch.codes.append(code)
        if code == VALID:
            batch.staged.extend((tx_id, write) for write in item.private)
        return Outcome(batch.header_number, position, code)

    def _insert(
        self,
        connection: sqlite3.Connection,
        head: Header | None,
        entries: list[dict[str, Any]],
        codes: list[str],
        now: int | None = None,
    ) -> None:
        data = canonical.encode(entries)
        header = Header(
            number=0 if head is None else head.number + 1,
            previous=NO_BLOCK if head is None else head.hash,
            data_hash=data_hash(data),
            timestamp=now if now is not None else self._clock(),
        )
        insert_block(connection, header, data, self._node.sign(header.encode()).hex(), codes)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self.exclusive(), self._pool.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Wait for the turn of this process; a killed holder's lock is released by the kernel.

        Raises:
            LedgerError: another process has the turn for longer than this one is patient.
        """
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take_turn(handle)
            yield
        finally:
            os.close(handle)

    def _take_turn(self, handle: int) -> None:
        end = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise LedgerError(
                        f"another process has been writing to the ledger for {self._patience:g} s"
                        f" ({self._lock_file} is locked): see whether one hangs, and try again"
                    ) from None
                time.sleep(_TURN_SECONDS)
            else:
                return


def find_outcome(
    connection: sqlite3.Connection, tx_id: str, current: int = -1, codes: list[str] | None = None
) -> Outcome | None:
    """Return where a transaction is on the chain, or in block ``current`` in the making, with its code."""
    row = connection.execute("SELECT block, position FROM tx WHERE tx_id = ?", (tx_id,)).fetchone()
    if row is None:
        return None
    block, position = row
    if block == current and codes is not None:
        return Outcome(block, position, codes[position], earlier=True)
    row = connection.execute("SELECT codes FROM block WHERE number = ?", (block,)).fetchone()
    with reading_block(f"block {block}"):
        return Outcome(block, position, canonical.decode(row[0])[position], earlier=True)
