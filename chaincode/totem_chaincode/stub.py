"""The state stub: what a contract may ask of the ledger, with Fabric's semantics.

Contracts see the ledger only through ``Stub``. On Fabric the chaincode shim implements it, on the embedded ledger
and in tests ``totem_chaincode.simulation`` does. What holds everywhere:

* **No read-your-writes**: a read gives what was committed before the transaction, whatever it has written itself.
* Every read is part of the transaction's read set; at validation its version must be unchanged, and a range must
  hold the same keys (else the transaction is void and its client tries again).
* Keys are texts, ordered by their UTF-8 bytes. Simple keys don't begin with U+0000, composite keys do, and a range
  over simple keys never returns composite ones. Values are bytes, never empty.
* Pages exist only in transactions that write nothing.
* One event a transaction.
* Private data: any endorser may write it, only peers of the collection's organisation can read the value, everybody
  can read its hash. Transient data are not part of the transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "FIRST_SIMPLE_KEY",
    "MAX_KEY_PART",
    "Creator",
    "KeyModification",
    "KeyValue",
    "Page",
    "PrivateDataUnavailable",
    "Stub",
    "StubError",
    "check_key",
    "composite_key",
    "organisation_collection",
    "page_range",
    "prefix_end",
    "rows_range",
    "split_composite_key",
]

FIRST_SIMPLE_KEY = "\x01"
"""Where a range over simple keys begins that has no start: behind the composite ones."""
_SEPARATOR = "\x00"
_LAST = "\U0010ffff"
MAX_KEY_PART = 512
"""UTF-8 bytes that one part of a composite key may have."""


class StubError(Exception):
    """A contract used the stub in a way that Fabric refuses: our bug, never the caller's mistake."""


class PrivateDataUnavailable(StubError):
    """The peer is not of the organisation whose private data were asked for."""


@dataclass(frozen=True, slots=True)
class Creator:
    """Who signed the proposal: verified by the ledger before the contract runs.

    ``certificate`` is the certificate's DER bytes; ``attributes`` are those that the CA wrote into it. ``public_key``
    is its P-256 key (SubjectPublicKeyInfo, DER; empty: it has another one).
    """

    msp_id: str
    common_name: str
    attributes: Mapping[str, str]
    certificate: bytes
    public_key: bytes

    @property
    def fingerprint(self) -> str:
        """sha256 of the certificate, in hexadecimal."""
        return hashlib.sha256(self.certificate).hexdigest()


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One row of a range."""

    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and where the next page begins (empty: there is none)."""

    rows: tuple[KeyValue, ...]
    bookmark: str


@dataclass(frozen=True, slots=True)
class KeyModification:
    """One change of a key, newest first in a history; ``value`` is None where the key was deleted."""

    tx_id: str
    timestamp: int
    value: bytes | None


class Stub(Protocol):
    """What a contract may ask of the ledger; see the module for what holds everywhere."""

    @property
    def tx_id(self) -> str:
        """The transaction's id: 64 hexadecimal digits."""

    @property
    def timestamp(self) -> int:
        """The transaction's time, milliseconds since 1970 UTC: the only clock there is."""

    @property
    def creator(self) -> Creator:
        """Who signed the proposal."""

    @property
    def transient(self) -> Mapping[str, bytes]:
        """Data for the endorsers' eyes only: never part of the transaction."""

    def get_state(self, key: str) -> bytes | None:
        """Return the committed value, or None."""

    def put_state(self, key: str, value: bytes) -> None:
        """Write a value when the transaction commits."""

    def del_state(self, key: str) -> None:
        """Delete a key when the transaction commits."""

    def get_state_by_range(self, start: str, end: str) -> Iterator[KeyValue]:
        """Yield committed rows with start <= key < end in order, simple keys only; an empty bound is open."""

    def get_state_by_partial_composite_key(
        self, object_type: str, parts: Sequence[str], *, after: str = ""
    ) -> Iterator[KeyValue]:
        """Yield committed rows whose composite key begins with these parts, in order; only those behind ``after``."""

    def get_state_by_partial_composite_key_with_pagination(
        self, object_type: str, parts: Sequence[str], page_size: int, bookmark: str
    ) -> Page:
        """Return one page of ``get_state_by_partial_composite_key``; only where the transaction writes nothing."""

    def get_history_for_key(self, key: str) -> Iterator[KeyModification]:
        """Yield the key's committed changes, newest first; not checked again at validation."""

    def get_private_data(self, collection: str, key: str) -> bytes | None:
        """Return the committed private value, or None.

        Raises:
            PrivateDataUnavailable: this peer's organisation is not the collection's.
        """

    def get_private_data_hash(self, collection: str, key: str) -> bytes | None:
        """Return sha256 of the committed private value, or None; every peer has it."""

    def put_private_data(self, collection: str, key: str, value: bytes) -> None:
        """Write private data when the transaction commits; only its hash goes on the channel."""

    def purge_private_data(self, collection: str, key: str) -> None:
        """Delete a private value and every older one of the key, for good, when the transaction commits."""

    def set_event(self, name: str, payload: bytes) -> None:
        """Set the transaction's event; a second call replaces the first, as on Fabric."""


def composite_key(object_type: str, parts: Sequence[str]) -> str:
    """Return Fabric's composite key: U+0000, the object type and each part followed by U+0000.

    Raises:
        StubError: a part holds U+0000 or U+10FFFF, is longer than MAX_KEY_PART, or the object type is empty.
    """
    if not object_type:
        raise StubError("a composite key needs an object type")
    for part in (object_type, *parts):
        if _SEPARATOR in part or _LAST in part:
            raise StubError(f"composite key {object_type!r}: a part may hold neither U+0000 nor U+10FFFF")
        if len(part.encode()) > MAX_KEY_PART:
            raise StubError(f"composite key {object_type!r}: a part is longer than {MAX_KEY_PART} bytes")
    return _SEPARATOR + "".join(part + _SEPARATOR for part in (object_type, *parts))


def split_composite_key(key: str) -> tuple[str, tuple[str, ...]]:
    """Return object type and parts of a composite key.

    Raises:
        StubError: the key is not composite.
    """
    if not key.startswith(_SEPARATOR) or not key.endswith(_SEPARATOR) or len(key) < 3:
        raise StubError(f"not a composite key: {key!r}")
    object_type, *parts = key[1:-1].split(_SEPARATOR)
    return object_type, tuple(parts)


def prefix_end(prefix: str) -> str:
    """Return the exclusive upper bound of the keys that begin with a composite prefix, as Fabric computes it."""
    return prefix + _LAST


def rows_range(object_type: str, parts: Sequence[str], after: str) -> tuple[str, str]:
    """Return first key and exclusive end of the rows behind the key ``after`` (empty: of all rows).

    Raises:
        StubError: the key is not of these rows.
    """
    prefix = composite_key(object_type, parts)
    end = prefix_end(prefix)
    if after and not prefix <= after < end:
        raise StubError(f"the key is not of this range: {after!r}")
    return (after + _SEPARATOR if after else prefix), end


def page_range(object_type: str, parts: Sequence[str], page_size: int, bookmark: str) -> tuple[str, str]:
    """Return first key and exclusive end of the rows of which a page is asked for.

    Raises:
        StubError: the page has no room for a row, or the bookmark is not of these rows.
    """
    if page_size < 1:
        raise StubError(f"a page has at least one row, not {page_size}")
    prefix = composite_key(object_type, parts)
    end = prefix_end(prefix)
    if bookmark and not prefix <= bookmark < end:
        raise StubError(f"the bookmark is not of this range: {bookmark!r}")
    return prefix, end


def check_key(key: str) -> None:
    """Do nothing if a key can be read and written.

    Raises:
        StubError: it is empty.
    """
    if not key:
        raise StubError("a key may not be empty")


def organisation_collection(msp_id: str) -> str:
    """Return the name of an organisation's own private collection (Fabric's implicit one)."""
    return f"_implicit_org_{msp_id}"
