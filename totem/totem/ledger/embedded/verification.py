"""Verification: the chain committed once more into empty tables, every signature checked, every row compared.

What is found: a changed, missing or added byte or row in blocks, transactions, state, history, hashes or private
values; a signature or certificate that was not in order when the block was made; a validation code that is not what
the state at that point gives. What can't be found from inside: that the last blocks were cut off together with their
state. For that the caller gives ``anchor``, a block's hash seen before.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from totem.ledger.certificates import verify_signature
from totem.ledger.embedded.chain import (
    NO_BLOCK,
    Config,
    Header,
    apply_config,
    apply_transaction,
    data_hash,
    insert_block,
)
from totem.ledger.embedded.orderer import check_moment
from totem.ledger.embedded.private import PrivateStore
from totem.ledger.embedded.storage import MAIN_TABLES, SCHEMA, Pool
from totem.ledger.envelopes import Envelope, signature_bytes
from totem.ledger.errors import LedgerError, ProposalRefused
from totem.ledger.port import VerifyReport
from totem_chaincode import canonical
from totem_chaincode.simulation import hash_key

__all__ = ["verify"]


class _Problem(Exception):
    """The first thing that is not as it must be."""


class _Replay:
    """The chain so far, committed into empty tables."""

    def __init__(self) -> None:
        # "" is a private temporary database: in memory while small, then on disk.
        self.connection = sqlite3.connect("", isolation_level=None)
        self.connection.executescript(SCHEMA)
        self.connection.execute("BEGIN")
        self.config: Config | None = None
        self.head: Header | None = None
        self.genesis = ""
        self.blocks = 0
        self.transactions = 0
        self.hashes: set[str] = set()

    def add(self, number: int, header_bytes: bytes, data: bytes, signature: str, codes_text: str) -> None:
        """Check one block and commit it."""
        place = f"block {number}"
        _of_kind(place, bytes, header=header_bytes, data=data)
        _of_kind(place, str, signature=signature, codes=codes_text)
        header = _parse(place, Header.decode, header_bytes)
        entries = _parse(f"{place}: data", canonical.decode, data)
        codes = _parse(f"{place}: codes", canonical.decode, codes_text)
        expected = (self.blocks, self.head.hash if self.head else NO_BLOCK)
        if (header.number, header.previous) != expected or number != self.blocks:
            raise _Problem(f"{place}: it does not follow block {self.blocks - 1} (number or previous hash)")
        if header.data_hash != data_hash(data):
            raise _Problem(f"{place}: its transactions don't have the hash that its header says")
        if self.head is not None and header.timestamp < self.head.timestamp:
            raise _Problem(f"{place}: it is older than the block before")
        if not isinstance(entries, list) or not isinstance(codes, list) or len(entries) != len(codes):
            raise _Problem(f"{place}: it has not one validation code for each transaction")
        found = [self._apply(place, header, position, entry) for position, entry in enumerate(entries)]
        if found != codes:
            position = next(i for i, (mine, its) in enumerate(zip(found, codes, strict=True)) if mine != its)
            raise _Problem(f"{place}, transaction {position}: it is {found[position]}, not {codes[position]}")
        if self.config is None:
            raise _Problem(f"{place}: the first block has no configuration")
        _signed(f"{place}: the node's signature", self.config.node, signature, header.encode())
        insert_block(self.connection, header, data, signature, found)
        self.head = header
        self.genesis = self.genesis or header.hash
        self.hashes.add(header.hash)
        self.blocks += 1
        self.transactions += len(entries)

    def _apply(self, place: str, header: Header, position: int, entry: Any) -> str:
        where = f"{place}, transaction {position}"
        try:
            if entry["type"] == "config":
                self.config = self._next_config(where, entry["config"])
                return apply_config(self.connection, header.number, position, entry["config"])
            if self.config is None:
                raise _Problem(f"{where}: there is no configuration before it")
            envelope = Envelope.from_json(entry)
            envelope.check(self.config.channel, self.config.node)
            self.config.trust.check(envelope.proposal.certificate, header.timestamp)
            check_moment(envelope.proposal.timestamp, header.timestamp)
            tx_id, response = envelope.proposal.tx_id, envelope.response
            return apply_transaction(self.connection, header.number, position, tx_id, response)
        except ProposalRefused as error:
            raise _Problem(f"{where}: {error}") from None
        except sqlite3.IntegrityError:
            raise _Problem(f"{where}: it is on the chain twice") from None
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise _Problem(f"{where}: it can't be read: {error!r}") from None

    def _next_config(self, where: str, document: Mapping[str, Any]) -> Config:
        config = Config.from_json(document)
        if self.config is None:
            return config
        same = (self.config.channel, self.config.node, self.config.trust.authorities)
        if (config.channel, config.node, config.trust.authorities) != same:
            raise _Problem(f"{where}: a configuration that changes more than the revocation list")
        if config.trust.number <= self.config.trust.number:
            raise _Problem(f"{where}: a revocation list that is not newer than the one before")
        return config


def verify(
    pool: Pool, private: PrivateStore, exclusive: Callable[[], AbstractContextManager[None]], anchor: str | None
) -> VerifyReport:
    """Check a ledger from its first block on; see the module.

    ``exclusive`` keeps others from committing while private values are compared with their hashes.
    """
    replay = _Replay()
    problem: str | None = None
    try:
        with pool.reading() as connection:
            _check_files(connection)
            for row in connection.execute("SELECT number, header, data, signature, codes FROM block ORDER BY number"):
                replay.add(*row)
            for table in MAIN_TABLES:
                _compare(table, replay.connection, connection)
            _check_anchor(replay, anchor)
        with exclusive(), pool.reading() as connection:
            _check_private(connection, private)
    except _Problem as found:
        problem = str(found)
    except (LedgerError, sqlite3.Error, UnicodeDecodeError) as error:
        problem = f"the database is damaged: {error}"
    finally:
        replay.connection.close()
    head = replay.head.hash if replay.head else ""
    return VerifyReport(replay.blocks, replay.transactions, replay.genesis, head, problem)


def _check_anchor(replay: _Replay, anchor: str | None) -> None:
    if anchor is not None and anchor not in replay.hashes:
        raise _Problem(f"the block with hash {anchor} is not in the chain: blocks were cut off or replaced")


def _check_files(connection: sqlite3.Connection) -> None:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        raise _Problem(f"the database is damaged: {found[0]}")


_NO_LEDGER = "whoever changed this row was no ledger"


def _of_kind(place: str, kind: type[bytes] | type[str], **columns: object) -> None:
    """Check that columns hold what a ledger writes: SQLite would take anything in any of them."""
    names = {bytes: "bytes", str: "text", int: "a number", float: "a number"}
    for column, value in columns.items():
        if not isinstance(value, kind):
            stored = names.get(type(value), "nothing")
            raise _Problem(f"{place}: its {column} is stored as {stored}, not as {names[kind]}: {_NO_LEDGER}")


def _parse(place: str, read: Any, data: Any) -> Any:
    try:
        return read(data)
    except (ValueError, TypeError) as error:
        raise _Problem(f"{place}: it can't be read: {error}") from None


def _signed(place: str, certificate: str, signature: str, data: bytes) -> None:
    try:
        verify_signature(certificate, signature_bytes(signature), data)
    except ProposalRefused as error:
        raise _Problem(f"{place}: {error}") from None


def _rows(table: str, connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    keys = {"block": "1", "tx": "1", "state": "key", "history": "1, 2, 3", "private_hash": "1, 2"}
    return iter(connection.execute(f"SELECT * FROM {table} ORDER BY {keys[table]}"))  # noqa: S608 -- our own names


def _compare(table: str, expected: sqlite3.Connection, actual: sqlite3.Connection) -> None:
    """Compare a table row by row with what the chain gives."""
    mine, its = _rows(table, expected), _rows(table, actual)
    while True:
        left, right = next(mine, None), next(its, None)
        if left != right or [type(item) for item in left or ()] != [type(item) for item in right or ()]:
            named = right if left is None else left
            key = "" if named is None else repr(named[0])[:80]
            what = "missing" if right is None else "not on the chain" if left is None else "not what the chain says"
            raise _Problem(f"table {table}, row {key}: {what}")
        if left is None:
            return


def _check_private(connection: sqlite3.Connection, private: PrivateStore) -> None:
    """Check that each private value has its hash on the chain, and each hash its value."""
    expected = {
        (collection, key_hash): (value_hash, tx_id)
        for collection, key_hash, value_hash, tx_id in connection.execute(
            "SELECT collection, key_hash, value_hash, tx_id FROM private_hash"
        )
    }
    seen: set[tuple[str, str]] = set()
    for collection in private.collections():
        if problem := private.damage(collection):
            raise _Problem(f"private data of {collection}: the database is damaged: {problem}")
        for key_hash, tx_id, key, value in private.rows(collection):
            place = f"private data of {collection}, key {key_hash}"
            value_hash, current = expected.get((collection, key_hash), ("", ""))
            if tx_id != current or not isinstance(key, str) or hash_key(key) != key_hash:
                raise _Problem(f"{place}: a value that no hash on the chain belongs to")
            if not isinstance(value, bytes) or hashlib.sha256(value).hexdigest() != value_hash:
                raise _Problem(f"{place}: the value does not have the hash that is on the chain")
            seen.add((collection, key_hash))
    if lost := sorted(set(expected) - seen):
        raise _Problem(f"private data of {lost[0][0]}, key {lost[0][1]}: the value is missing")
