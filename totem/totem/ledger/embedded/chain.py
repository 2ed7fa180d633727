"""The chain: headers, hashes, and what committing a transaction does to the tables.

Orderer and verification share this code: a verification is the same chain committed once more into empty tables.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from totem.ledger.certificates import Trust, load
from totem.ledger.embedded.snapshot import SqliteSnapshot
from totem.ledger.envelopes import read_write_set
from totem.ledger.errors import LedgerUnavailable, ProposalRefused
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
    "reading_block",
]

CONFIG_KEY = b"_config"
"""State key of the channel's configuration; contracts use composite keys only, so they can't reach it."""

NO_BLOCK = "0" * 64
"""What stands for the hash before the first block."""

VALID = "VALID"

_LARGEST = 253_402_300_799_999
"""Milliseconds until the year 10000: what has a date at all."""


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
        header = cls(**document)
        numbers, texts = (header.number, header.timestamp), (header.previous, header.data_hash)
        if not all(type(number) is int and 0 <= number <= _LARGEST for number in numbers):
            raise ValueError("a block header's number or time is none")
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a block header's hash is none")
        return header


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
    def from_json(cls, document: Any) -> Config:
        """Read what ``to_json`` gives.

        Raises:
            ValueError: it is not a configuration, or a certificate in it can't be used; the message says which.
        """
        if not isinstance(document, dict) or set(document) != {"channel", "node", "authorities", "crl"}:
            raise ValueError("expected an object with channel, node, authorities and crl")
        channel, node, authorities, crl = (document[name] for name in ("channel", "node", "authorities", "crl"))
        are_texts = isinstance(channel, str) and isinstance(node, str) and isinstance(crl, str | None)
        is_list = isinstance(authorities, list) and len(authorities) > 0
        if not are_texts or not is_list or not all(isinstance(pem, str) for pem in authorities):
            raise ValueError("channel, node and crl must be texts (crl: or null), authorities a list of them")
        try:
            load(node)
            return cls(channel, node, Trust(authorities, crl))
        except ProposalRefused as error:
            raise ValueError(str(error)) from None


class ConfigReader:
    """Reads the configuration in force, keeping it as long as it is the same one."""

    def __init__(self) -> None:
        self._known: tuple[tuple[int, int], Config] | None = None

    def read(self, connection: sqlite3.Connection) -> Config:
        """Return the configuration in force.

        Raises:
            LedgerUnavailable: the ledger has none: it was not made to its end; or it is damaged.
        """
        row = connection.execute("SELECT block, position, value FROM state WHERE key = ?", (CONFIG_KEY,)).fetchone()
        if row is None:
            raise LedgerUnavailable("the ledger has no first block; it was not made to its end")
        version = (row[0], row[1])
        known = self._known
        if known is None or known[0] != version:
            try:
                known = (version, Config.from_json(canonical.decode(row[2])))
            except (ValueError, TypeError) as error:
                raise LedgerUnavailable(
                    f"the channel's configuration (state key {CONFIG_KEY.decode()!r}) is damaged: {error}"
                ) from None
            self._known = known
        return known[1]


def data_hash(data: bytes) -> str:
    """Return the hash of a block's transactions as its header has it."""
    return hashlib.sha256(data).hexdigest()


def head_of(connection: sqlite3.Connection) -> Header | None:
    """Return the last block's header, or None where there is no block.

    Raises:
        LedgerUnavailable: it is damaged.
    """
    row = connection.execute("SELECT header FROM block ORDER BY number DESC LIMIT 1").fetchone()
    with reading_block("the last block"):
        return Header.decode(row[0]) if row else None


@contextmanager
def reading_block(place: str) -> Iterator[None]:
    """Report whatever a damaged block makes its reader raise.

    Raises:
        LedgerUnavailable: the message names ``place`` and says what to do.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ProposalRefused) as error:
        raise LedgerUnavailable(f"{place} is damaged ({error!r}): `totem ledger verify` tells more") from None


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
