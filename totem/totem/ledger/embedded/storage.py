"""Storage: the SQLite files of an embedded ledger and the connections to them.

``ledger.db`` has blocks, transactions, state, history and the hashes of private data; ``private/<collection>.db`` has
one organisation's private values. All in WAL mode: readers never wait, one writer at a time.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from totem.ledger.errors import LedgerError, LedgerUnavailable

__all__ = ["MAIN_TABLES", "PRIVATE_SCHEMA", "SCHEMA", "Pool", "connect", "private_file"]

_COLLECTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")

BUSY_SECONDS = 30.0
"""How long SQLite waits for another process's write before it gives up."""

SCHEMA = """
CREATE TABLE block (
    number INTEGER PRIMARY KEY, header BLOB NOT NULL, data BLOB NOT NULL, signature TEXT NOT NULL, codes TEXT NOT NULL
);
CREATE TABLE tx (tx_id TEXT PRIMARY KEY, block INTEGER NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE state (
    key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL, block INTEGER NOT NULL, position INTEGER NOT NULL
);
CREATE TABLE history (
    key BLOB NOT NULL, block INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key, block, position)
) WITHOUT ROWID;
CREATE TABLE private_hash (
    collection TEXT NOT NULL, key_hash TEXT NOT NULL, value_hash TEXT NOT NULL, tx_id TEXT NOT NULL,
    block INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (collection, key_hash)
) WITHOUT ROWID;
"""
MAIN_TABLES = ("block", "tx", "state", "history", "private_hash")

PRIVATE_SCHEMA = """
CREATE TABLE IF NOT EXISTS value (
    key_hash TEXT NOT NULL, tx_id TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (key_hash, tx_id)
);
CREATE TABLE IF NOT EXISTS unsettled (key_hash TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open a database in WAL mode; ``durable`` also survives a power failure, not only a killed process."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("PRAGMA secure_delete=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def private_file(folder: Path, collection: str) -> Path:
    """Return the file of a collection's private values.

    Raises:
        LedgerUnavailable: the collection's name can't be a file name.
    """
    if not _COLLECTION.fullmatch(collection):
        raise LedgerUnavailable(f"the collection {collection!r} can't have a file: letters, digits, '.', '_', '-' only")
    return folder / "private" / f"{collection}.db"


class Pool:
    """Connections to one database, reused; usable from every thread of the process that opened it."""

    def __init__(self, path: Path, *, durable: bool) -> None:
        self._path = path
        self._durable = durable
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection.

        Raises:
            LedgerUnavailable: the ledger is closed, or was opened before this process was forked.
            LedgerError: SQLite can't do what is asked of the connection; the message names the file.
        """
        if os.getpid() != self._pid:
            raise LedgerUnavailable("the ledger was opened before this process was forked: open it again here")
        with self._lock:
            if self._closed:
                raise LedgerUnavailable("the ledger is closed")
            found = self._idle.pop() if self._idle else None
        try:
            connection = found or connect(self._path, durable=self._durable)
            try:
                yield connection
            finally:
                self._take_back(connection)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            # SQLite's own error texts quote the file: a damaged one may not be UTF-8.
            raise LedgerError(f"{self._path.name}: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a read transaction: everything it sees is of one moment."""
        with self.connection() as connection:
            connection.execute("BEGIN")
            # SQLite takes the snapshot at the first read, not at BEGIN.
            connection.execute("SELECT 1 FROM block LIMIT 1").fetchone()
            yield connection

    def _take_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def close(self) -> None:
        """Close all idle connections, and lent ones when they come back."""
        with self._lock:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()
