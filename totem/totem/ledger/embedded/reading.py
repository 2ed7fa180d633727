"""Reading the chain: blocks, transactions and events as the port gives them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any

from totem.ledger.embedded.chain import VALID, Header, reading_block
from totem.ledger.embedded.storage import Pool
from totem.ledger.envelopes import Envelope
from totem.ledger.port import Block, Event, TransactionRecord
from totem_chaincode import canonical

__all__ = ["answer_of", "block", "events", "height"]

_POLL_SECONDS = 0.02
_CHUNK = 64


def height(connection: sqlite3.Connection) -> int:
    """Return the number of blocks."""
    row = connection.execute("SELECT max(number) FROM block").fetchone()
    return 0 if row[0] is None else int(row[0]) + 1


def answer_of(connection: sqlite3.Connection, number: int, position: int) -> Any:
    """Return what the contract answered to a transaction."""
    data = connection.execute("SELECT data FROM block WHERE number = ?", (number,)).fetchone()[0]
    with reading_block(f"block {number}"):
        return canonical.decode(data)[position]["response"]["answer"]


def block(connection: sqlite3.Connection, number: int) -> Block:
    """Return a block.

    Raises:
        LookupError: there is none of this number.
        LedgerUnavailable: it is damaged.
    """
    # SQLite's integers have 64 bits: what doesn't fit is no block's number.
    known = (number,) if number.bit_length() < 64 else (None,)
    row = connection.execute("SELECT header, data, codes FROM block WHERE number = ?", known).fetchone()
    if row is None:
        raise LookupError(f"there is no block {number}: the ledger has {height(connection)} blocks")
    with reading_block(f"block {number}"):
        header = Header.decode(row[0])
        codes = canonical.decode(row[2])
        return Block(
            number=header.number,
            hash=header.hash,
            previous=header.previous,
            data_hash=header.data_hash,
            timestamp=header.timestamp,
            transactions=tuple(
                _record(entry, code, header) for entry, code in zip(canonical.decode(row[1]), codes, strict=True)
            ),
        )


def _record(entry: dict[str, Any], code: str, header: Header) -> TransactionRecord:
    if entry["type"] == "config":
        return TransactionRecord("", code, "", "config", {}, header.timestamp, (), (), None)
    envelope = Envelope.from_json(entry)
    body, response = envelope.proposal.body, envelope.response
    creator = envelope.proposal.creator
    return TransactionRecord(
        tx_id=envelope.proposal.tx_id,
        code=code,
        creator=f"{creator.common_name}@{creator.msp_id}",
        function=body["function"],
        args=body["args"],
        timestamp=body["timestamp"],
        writes=tuple((key, value) for key, value in response["writes"]),
        private_writes=tuple(
            (f"{collection}/{key_hash}", value_hash) for collection, key_hash, value_hash in response["private_writes"]
        ),
        event=None if response["event"] is None else response["event"][0],
    )


def _events_of(number: int, entries: list[dict[str, Any]], codes: list[str]) -> list[Event]:
    found = []
    for entry, code in zip(entries, codes, strict=True):
        if code == VALID and entry["type"] == "transaction" and entry["response"]["event"] is not None:
            name, payload = entry["response"]["event"]
            found.append(Event(number, Envelope.from_json(entry).proposal.tx_id, name, canonical.decode(payload)))
    return found


def events(pool: Pool, from_block: int, *, follow: bool, stop: threading.Event | None) -> Iterator[Event]:
    """Yield the events of valid transactions from a block on; with ``follow`` wait for more until ``stop`` is set."""
    following = from_block
    while True:
        with pool.reading() as connection:
            rows = connection.execute(
                "SELECT number, data, codes FROM block WHERE number >= ? ORDER BY number LIMIT ?", (following, _CHUNK)
            ).fetchall()
        for number, data, codes in rows:
            with reading_block(f"block {number}"):
                found = _events_of(number, canonical.decode(data), canonical.decode(codes))
            yield from found
            following = number + 1
        if rows:
            continue
        if not follow or (stop is not None and stop.is_set()):
            return
        if stop is None:
            time.sleep(_POLL_SECONDS)
        else:
            stop.wait(_POLL_SECONDS)
