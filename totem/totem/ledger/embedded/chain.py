"""The chain: headers, hashes, and what committing a transaction does to the tables.

Orderer and verification share this code: a verification is the same chain committed once more into empty tables.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from totem.ledger.certificates import Trust
from totem.ledger.embedded.snapshot import SqliteSnapshot
from totem.ledger.envelopes import read_write_set
from totem.ledger.errors import LedgerUnavailable
from totem_chaincode import canonical
from totem_chaincode.simulation import conflicts

__all__ = [
    "CONFIG_KEY",
    "NO_BLOCK",
    "VALID",
    "Config",
    "ConfigReader",
    "Header",
    "apply_config",
    "apply_transaction",
    "data_hash",
    "head_of",
    "insert_block",
]

CONFIG_KEY = b"_config"
"""State key of the channel's configuration; contracts use composite keys only, so they can't reach it."""

NO_BLOCK = "0" * 64
"""What stands for the hash before the first block."""

VALID = "VALID"


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header; its hash is over the canonical JSON of all fields."""

    number: int
    previous: str
    data_hash: str
    timestamp: int

    def encode(self) -> bytes:
        """Return the bytes that are hashed and signed."""
        return canonical.encode(
            {
                "number": self.number,
                "previous": self.previous,
                "data_hash": self.data_hash,
                "timestamp": self.timestamp,
            }
        )

    @property
    def hash(self) -> str:
        """sha256 of the header, in hexadecimal."""
        return hashlib.sha256(self.encode()).hexdigest()

    @classmethod
    def decode(cls, data: bytes) -> Header:
        """Read what ``encode`` gives.

        Raises:
            ValueError: not a header.
        """
        document = canonical.decode(data)
        if not isinstance(document, dict) or set(document) != {"number", "previous", "data_hash", "timestamp"}:
            raise ValueError("not a block header")
        return cls(**document)


@dataclass(frozen=True)
class Config:
    """A channel's configuration: its name, whom it trusts, which node orders and endorses."""

    channel: str
    node: str
    trust: Trust

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as it stands in its block."""
        return {
            "channel": self.channel,
            "node": self.node,
            "authorities": list(self.trust.authorities),
            "crl": self.trust.crl,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Config:
        """Read what ``to_json`` gives."""
        return cls(document["channel"], document["node"], Trust(document["authorities"], document["crl"]))


class ConfigReader:
    """Reads the configuration in force, keeping it as long as it is the same one."""

    def __init__(self) -> None:
        self._known: tuple[tuple[int, int], Config] | None = None

    def read(self, connection: sqlite3.Connection) -> Config:
        """Return the configuration in force.

        Raises:
            LedgerUnavailable: the ledger has none: it was not made to its end.
        """
        row = connection.execute("SELECT block, position, value FROM state WHERE key = ?", (CONFIG_KEY,)).fetchone()
        if row is None:
            raise LedgerUnavailable("the ledger has no first block; it was not made to its end")
        version = (row[0], row[1])
        known = self._known
        if known is None or known[0] != version:
            known = (version, Config.from_json(canonical.decode(row[2])))
            self._known = known
        return known[1]


def data_hash(data: bytes) -> str:
    """Return the hash of a block's transactions as its header has it."""
    return hashlib.sha256(data).hexdigest()


def head_of(connection: sqlite3.Connection) -> Header | None:
    """Return the last block's header, or None where there is no block."""
    row = connection.execute("SELECT header FROM block ORDER BY number DESC LIMIT 1").fetchone()
    return Header.decode(row[0]) if row else None


def insert_block(connection: sqlite3.Connection, header: Header, data: bytes, signature: str, codes: list[str]) -> None:
    """Write a block's row."""
    connection.execute(
        "INSERT INTO block VALUES (?, ?, ?, ?, ?)",
        (header.number, header.encode(), data, signature, canonical.encode(codes).decode()),
    )


def apply_config(connection: sqlite3.Connection, number: int, position: int, config: Mapping[str, Any]) -> str:
    """Put a configuration into force; return its validation code."""
    encoded = canonical.encode(dict(config))
    tx_id = hashlib.sha256(b"config" + encoded).hexdigest()
    connection.execute("INSERT INTO tx VALUES (?, ?, ?)", (tx_id, number, position))
    _put(connection, CONFIG_KEY, encoded, number, position)
    return VALID


def apply_transaction(
    connection: sqlite3.Connection, number: int, position: int, tx_id: str, response: Mapping[str, Any]
) -> str:
    """Validate a transaction against the state as it is now and, where it is valid, write what it writes.

    Returns its validation code.
    """
    connection.execute("INSERT INTO tx VALUES (?, ?, ?)", (tx_id, number, position))
    problem = conflicts(SqliteSnapshot(connection), read_write_set(response))
    if problem is not None:
        return problem
    for key, value in response["writes"]:
        _put(connection, key.encode(), None if value is None else value.encode(), number, position)
    for collection, key_hash, value_hash in response["private_writes"]:
        if value_hash is None:
            connection.execute("DELETE FROM private_hash WHERE collection = ? AND key_hash = ?", (collection, key_hash))
        else:
            connection.execute(
                "INSERT OR REPLACE INTO private_hash VALUES (?, ?, ?, ?, ?, ?)",
                (collection, key_hash, value_hash, tx_id, number, position),
            )
    return VALID


def _put(connection: sqlite3.Connection, key: bytes, value: bytes | None, number: int, position: int) -> None:
    if value is None:
        connection.execute("DELETE FROM state WHERE key = ?", (key,))
    else:
        connection.execute(
            "INSERT INTO state VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
            " value = excluded.value, block = excluded.block, position = excluded.position",
            (key, value, number, position),
        )
    connection.execute("INSERT INTO history VALUES (?, ?, ?)", (key, number, position))
