"""Snapshot: the committed state behind a stub, read from SQLite within one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from totem.ledger.envelopes import Envelope
from totem_chaincode import canonical
from totem_chaincode.simulation import Version, hash_key
from totem_chaincode.stub import KeyModification

__all__ = ["SqliteSnapshot", "SupersededError"]


class SupersededError(Exception):
    """A private value was replaced or purged while the snapshot was read: read again on a new one."""


class SqliteSnapshot:
    """``Snapshot`` over a connection that is inside a transaction.

    ``private`` gives the value of (collection, hash of the key, transaction), or None where it is gone.
    """

    def __init__(
        self, connection: sqlite3.Connection, private: Callable[[str, str, str], bytes | None] | None = None
    ) -> None:
        self._connection = connection
        self._private = private

    def get(self, key: str) -> tuple[bytes, Version] | None:
        """See ``Snapshot``."""
        row = self._connection.execute(
            "SELECT value, block, position FROM state WHERE key = ?", (key.encode(),)
        ).fetchone()
        return (row[0], (row[1], row[2])) if row else None

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes, Version]]:
        """See ``Snapshot``."""
        rows = self._connection.execute(
            "SELECT key, value, block, position FROM state WHERE key >= ? AND key < ? ORDER BY key",
            (start.encode(), end.encode()),
        )
        for key, value, block, position in rows:
            yield key.decode(), value, (block, position)

    def history(self, key: str) -> Iterator[KeyModification]:
        """See ``Snapshot``."""
        rows = self._connection.execute(
            "SELECT block.data, history.position FROM history JOIN block ON block.number = history.block"
            " WHERE key = ? ORDER BY history.block DESC, history.position DESC",
            (key.encode(),),
        )
        for data, position in rows:
            envelope = Envelope.from_json(canonical.decode(data)[position])
            value = dict(envelope.response["writes"])[key]
            yield KeyModification(
                envelope.proposal.tx_id, envelope.proposal.timestamp, None if value is None else value.encode()
            )

    def private_hash(self, collection: str, key_hash: str) -> tuple[bytes, Version] | None:
        """See ``Snapshot``."""
        row = self._connection.execute(
            "SELECT value_hash, block, position FROM private_hash WHERE collection = ? AND key_hash = ?",
            (collection, key_hash),
        ).fetchone()
        return (bytes.fromhex(row[0]), (row[1], row[2])) if row else None

    def private_value(self, collection: str, key: str) -> bytes | None:
        """See ``Snapshot``.

        Raises:
            SupersededError: the value was replaced or purged after this snapshot was taken.
        """
        row = self._connection.execute(
            "SELECT tx_id FROM private_hash WHERE collection = ? AND key_hash = ?", (collection, hash_key(key))
        ).fetchone()
        if row is None or self._private is None:
            return None
        value = self._private(collection, hash_key(key), row[0])
        if value is None:
            raise SupersededError
        return value
