"""Private values: one SQLite file for each organisation's collection, beside the chain that has only their hashes.

A value is staged under the transaction that writes it *before* the block is committed, and found by the transaction
that the chain's hash entry names. So a process that dies in between leaves either a value that nothing points to or
a complete commit. ``unsettled`` remembers the keys whose older, orphaned or purged values are still to be deleted;
``settle`` does it after every commit and when a ledger is opened.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from totem.ledger.embedded.storage import PRIVATE_SCHEMA, Pool, private_file
from totem_chaincode.simulation import PrivateWrite, hash_key

__all__ = ["PrivateStore"]


class PrivateStore:
    """The private values of all collections of one ledger."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._durable = durable
        self._lock = threading.Lock()
        self._pools: dict[str, Pool] = {}

    def read(self, collection: str, key_hash: str, tx_id: str) -> bytes | None:
        """Return the value that a transaction wrote under a key, or None."""
        if not private_file(self._folder, collection).exists():
            return None
        with self._pool(collection).connection() as connection:
            row = connection.execute(
                "SELECT value FROM value WHERE key_hash = ? AND tx_id = ?", (key_hash, tx_id)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def stage(self, writes: Iterable[tuple[str, PrivateWrite]]) -> list[str]:
        """Write the values of (transaction, write) pairs; return the collections that must be settled."""
        by_collection: dict[str, list[tuple[str, PrivateWrite]]] = defaultdict(list)
        for tx_id, write in writes:
            by_collection[write.collection].append((tx_id, write))
        for collection, items in by_collection.items():
            with self._pool(collection).connection() as connection:
                connection.execute("BEGIN IMMEDIATE")
                for tx_id, write in items:
                    key_hash = hash_key(write.key)
                    connection.execute("INSERT OR IGNORE INTO unsettled VALUES (?)", (key_hash,))
                    if write.value is not None:
                        row = (key_hash, tx_id, write.key, write.value)
                        connection.execute("INSERT OR REPLACE INTO value VALUES (?, ?, ?, ?)", row)
                connection.execute("COMMIT")
        return sorted(by_collection)

    def settle(self, main: sqlite3.Connection, collections: Iterable[str]) -> None:
        """Delete every value of unsettled keys but the one that the chain points to.

        The caller holds the ledger's commit lock: nobody is between staging and committing.
        """
        for collection in collections:
            with self._pool(collection).connection() as connection:
                unsettled = [row[0] for row in connection.execute("SELECT key_hash FROM unsettled")]
                if not unsettled:
                    continue
                connection.execute("BEGIN IMMEDIATE")
                deleted = 0
                for key_hash in unsettled:
                    row = main.execute(
                        "SELECT tx_id FROM private_hash WHERE collection = ? AND key_hash = ?", (collection, key_hash)
                    ).fetchone()
                    deleted += connection.execute(
                        "DELETE FROM value WHERE key_hash = ? AND tx_id <> ?", (key_hash, row[0] if row else "")
                    ).rowcount
                connection.execute("DELETE FROM unsettled")
                connection.execute("COMMIT")
                if deleted:
                    # A deleted value must not live on in the write-ahead log.
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def collections(self) -> list[str]:
        """Return the collections that have a file."""
        return sorted(path.stem for path in (self._folder / "private").glob("*.db"))

    def rows(self, collection: str) -> list[tuple[str, str, object, object]]:
        """Return every (key hash, transaction, key, value) of a collection, of whatever type the file has."""
        with self._pool(collection).connection() as connection:
            return connection.execute("SELECT key_hash, tx_id, key, value FROM value ORDER BY 1, 2").fetchall()

    def damage(self, collection: str) -> str | None:
        """Return what SQLite finds wrong with a collection's file, or None."""
        with self._pool(collection).connection() as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        return None if found == ["ok"] else str(found[0])

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()

    def _pool(self, collection: str) -> Pool:
        with self._lock:
            pool = self._pools.get(collection)
            if pool is None:
                path = private_file(self._folder, collection)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                if not path.exists():
                    path.touch(mode=0o600)
                pool = Pool(path, durable=self._durable)
                with pool.connection() as connection:
                    connection.executescript(PRIVATE_SCHEMA)
                self._pools[collection] = pool
            return pool
