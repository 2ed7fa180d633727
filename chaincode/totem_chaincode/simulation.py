"""Simulation: a stub that records what a transaction reads and writes.

This is the peer's half of the stub for ledgers of ours (the embedded one, the in-memory one of the tests): reads go
to a ``Snapshot`` of the committed state, writes are only recorded. What comes out is a ``ReadWriteSet``, which
``conflicts`` checks against the state at validation, as Fabric's validator does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from totem_chaincode.stub import (
    FIRST_SIMPLE_KEY,
    Creator,
    KeyModification,
    KeyValue,
    Page,
    PrivateDataUnavailable,
    StubError,
    check_key,
    organisation_collection,
    page_range,
    rows_range,
)

__all__ = [
    "PrivateWrite",
    "RangeRead",
    "ReadWriteSet",
    "SimulatedStub",
    "Snapshot",
    "Version",
    "conflicts",
    "hash_key",
]

Version = tuple[int, int]
"""Where a value was committed: block and position in it."""

_OPEN_END = "\U0010ffff"


def hash_key(key: str) -> str:
    """Return how a private key stands on the channel: sha256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


class Snapshot(Protocol):
    """The committed state at one height."""

    def get(self, key: str) -> tuple[bytes, Version] | None:
        """Return value and version of a key, or None."""

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes, Version]]:
        """Yield keys with start <= key < end in the order of their UTF-8 bytes."""

    def history(self, key: str) -> Iterator[KeyModification]:
        """Yield the key's changes, newest first."""

    def private_hash(self, collection: str, key_hash: str) -> tuple[bytes, Version] | None:
        """Return the hash of a private value and its version, or None."""

    def private_value(self, collection: str, key: str) -> bytes | None:
        """Return a private value, or None."""


@dataclass(frozen=True, slots=True)
class RangeRead:
    """A range that was read: ``end`` is exclusive where the range was exhausted, else the last key seen."""

    start: str
    end: str
    exhausted: bool
    rows: tuple[tuple[str, Version], ...]


@dataclass(frozen=True, slots=True)
class PrivateWrite:
    """A private write; ``value`` None deletes for good. Only hashes of key and value go on the channel."""

    collection: str
    key: str
    value: bytes | None

    @property
    def value_hash(self) -> bytes | None:
        """sha256 of the value, or None where the key is purged."""
        return None if self.value is None else hashlib.sha256(self.value).digest()


@dataclass(slots=True)
class ReadWriteSet:
    """What a transaction read (with versions) and will write; ``None`` deletes."""

    reads: dict[str, Version | None] = field(default_factory=dict)
    ranges: list[RangeRead] = field(default_factory=list)
    private_reads: dict[tuple[str, str], Version | None] = field(default_factory=dict)
    writes: dict[str, bytes | None] = field(default_factory=dict)
    private_writes: dict[tuple[str, str], PrivateWrite] = field(default_factory=dict)
    event: tuple[str, bytes] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the transaction writes nothing at all."""
        return not (self.writes or self.private_writes or self.event)


def conflicts(snapshot: Snapshot, found: ReadWriteSet) -> str | None:
    """Return why a simulated transaction is void on this state, or None where it is valid."""
    for key, version in found.reads.items():
        row = snapshot.get(key)
        if (row[1] if row else None) != version:
            return "MVCC_READ_CONFLICT"
    for (collection, key_hash), version in found.private_reads.items():
        entry = snapshot.private_hash(collection, key_hash)
        if (entry[1] if entry else None) != version:
            return "MVCC_READ_CONFLICT"
    for range_ in found.ranges:
        # An iterator that was not drawn to its end depends on nothing behind the last key it gave.
        end = range_.end if range_.exhausted else range_.end + "\x00"
        rows = tuple((key, version) for key, _, version in snapshot.range(range_.start, end))
        if rows != range_.rows:
            return "PHANTOM_READ_CONFLICT"
    return None


class SimulatedStub:
    """A ``Stub`` over a snapshot; ``result()`` gives the read-write set.

    ``peer_msp`` names the organisation whose peer this is: it can read that organisation's private data only. None:
    the peer of all organisations (the embedded ledger, which one machine's organisations share).
    """

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        tx_id: str,
        timestamp: int,
        creator: Creator,
        transient: Mapping[str, bytes] | None = None,
        peer_msp: str | None = None,
    ) -> None:
        self.tx_id = tx_id
        self.timestamp = timestamp
        self.creator = creator
        self.transient: Mapping[str, bytes] = dict(transient or {})
        self._snapshot = snapshot
        self._peer_msp = peer_msp
        self._set = ReadWriteSet()
        self._open_ranges: list[_Range] = []
        self._paged = False

    def result(self) -> ReadWriteSet:
        """Return what the transaction has read and written."""
        self._set.ranges = [read for range_ in self._open_ranges if (read := range_.read()) is not None]
        return self._set

    def get_state(self, key: str) -> bytes | None:
        """See ``Stub``."""
        check_key(key)
        row = self._snapshot.get(key)
        self._set.reads[key] = row[1] if row else None
        return row[0] if row else None

    def put_state(self, key: str, value: bytes) -> None:
        """See ``Stub``."""
        check_key(key)
        _check_value(key, value)
        self._check_may_write()
        self._set.writes[key] = value

    def del_state(self, key: str) -> None:
        """See ``Stub``."""
        check_key(key)
        self._check_may_write()
        self._set.writes[key] = None

    def get_state_by_range(self, start: str, end: str) -> Iterator[KeyValue]:
        """See ``Stub``."""
        return self._range(start or FIRST_SIMPLE_KEY, end or _OPEN_END)

    def get_state_by_partial_composite_key(
        self, object_type: str, parts: Sequence[str], *, after: str = ""
    ) -> Iterator[KeyValue]:
        """See ``Stub``."""
        return self._range(*rows_range(object_type, parts, after))

    def get_state_by_partial_composite_key_with_pagination(
        self, object_type: str, parts: Sequence[str], page_size: int, bookmark: str
    ) -> Page:
        """See ``Stub``."""
        start, end = page_range(object_type, parts, page_size, bookmark)
        if not self._set.is_empty:
            raise StubError("pages are only for transactions that write nothing")
        self._paged = True
        rows: list[KeyValue] = []
        for row in self._range(bookmark or start, end):
            if len(rows) == page_size:
                return Page(tuple(rows), row.key)
            rows.append(row)
        return Page(tuple(rows), "")

    def get_history_for_key(self, key: str) -> Iterator[KeyModification]:
        """See ``Stub``."""
        check_key(key)
        return self._snapshot.history(key)

    def get_private_data(self, collection: str, key: str) -> bytes | None:
        """See ``Stub``."""
        if self._peer_msp is not None and collection != organisation_collection(self._peer_msp):
            raise PrivateDataUnavailable(f"a peer of {self._peer_msp} has no private data of collection {collection}")
        self._record_private_read(collection, key)
        return self._snapshot.private_value(collection, key)

    def get_private_data_hash(self, collection: str, key: str) -> bytes | None:
        """See ``Stub``."""
        entry = self._record_private_read(collection, key)
        return entry[0] if entry else None

    def put_private_data(self, collection: str, key: str, value: bytes) -> None:
        """See ``Stub``."""
        check_key(key)
        _check_value(key, value)
        self._check_may_write()
        self._set.private_writes[collection, key] = PrivateWrite(collection, key, value)

    def purge_private_data(self, collection: str, key: str) -> None:
        """See ``Stub``."""
        check_key(key)
        self._check_may_write()
        self._set.private_writes[collection, key] = PrivateWrite(collection, key, None)

    def set_event(self, name: str, payload: bytes) -> None:
        """See ``Stub``."""
        if not name:
            raise StubError("an event needs a name")
        self._set.event = (name, payload)

    def _record_private_read(self, collection: str, key: str) -> tuple[bytes, Version] | None:
        check_key(key)
        key_hash = hash_key(key)
        entry = self._snapshot.private_hash(collection, key_hash)
        self._set.private_reads[collection, key_hash] = entry[1] if entry else None
        return entry

    def _range(self, start: str, end: str) -> Iterator[KeyValue]:
        range_ = _Range(self._snapshot, start, end)
        self._open_ranges.append(range_)
        return range_

    def _check_may_write(self) -> None:
        if self._paged:
            raise StubError("a transaction that has read a page may not write")


class _Range:
    """An iterator that remembers what it gave, so that validation can look for phantoms."""

    def __init__(self, snapshot: Snapshot, start: str, end: str) -> None:
        self._rows = snapshot.range(start, end)
        self._start = start
        self._end = end
        self._seen: list[tuple[str, Version]] = []
        self._exhausted = False

    def __iter__(self) -> Iterator[KeyValue]:
        return self

    def __next__(self) -> KeyValue:
        try:
            key, value, version = next(self._rows)
        except StopIteration:
            self._exhausted = True
            raise
        self._seen.append((key, version))
        return KeyValue(key, value)

    def read(self) -> RangeRead | None:
        """Return what was read; None where nobody drew from the range: the transaction doesn't depend on it."""
        if self._exhausted:
            return RangeRead(self._start, self._end, exhausted=True, rows=tuple(self._seen))
        if not self._seen:
            return None
        return RangeRead(self._start, self._seen[-1][0], exhausted=False, rows=tuple(self._seen))


def _check_value(key: str, value: bytes) -> None:
    if not value:
        raise StubError(f"key {key!r}: a value may not be empty")
