"""State: JSON records under composite keys, for one transaction.

A record lives under ``(kind, parts…)``. Since the ledger has no read-your-writes, reading a key after writing it, or
writing it twice, is a mistake of the contract; ``State`` makes it an error instead of a wrong balance.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.errors import Invalid, NotFound
from totem_chaincode.stub import composite_key, prefix_end, split_composite_key
from totem_sdk.errors import InternalError

if TYPE_CHECKING:
    from totem_chaincode.stub import Stub

__all__ = ["State", "newest_first"]

_MARK = b"1"
_FAR_FUTURE = 10**15


def newest_first(milliseconds: int) -> str:
    """Return a key part that sorts later times first (ranges only run upwards)."""
    return f"{_FAR_FUTURE - milliseconds:016d}"


class State:
    """The records that one transaction sees and writes."""

    def __init__(self, stub: Stub, *, read_only: bool) -> None:
        self._stub = stub
        self._read_only = read_only
        self._read: dict[str, Any] = {}
        self._written: set[str] = set()

    def get(self, kind: str, *parts: str) -> Any:
        """Return the committed record, or None."""
        key = composite_key(kind, parts)
        self._check_unwritten(key)
        if key not in self._read:
            value = self._stub.get_state(key)
            self._read[key] = None if value is None else canonical.decode(value)
        return self._read[key]

    def need(self, kind: str, *parts: str) -> Any:
        """Return the committed record.

        Raises:
            NotFound: there is none.
        """
        record = self.get(kind, *parts)
        if record is None:
            raise NotFound(f"there is no {kind.replace('_', ' ')} {' '.join(parts)}".rstrip())
        return record

    def put(self, kind: str, *parts: str, record: object) -> None:
        """Write a record when the transaction commits."""
        self._stub.put_state(self._write(kind, parts), canonical.encode(record))

    def mark(self, kind: str, *parts: str) -> None:
        """Write an index entry: a key whose parts are all there is to say."""
        self._stub.put_state(self._write(kind, parts), _MARK)

    def delete(self, kind: str, *parts: str) -> None:
        """Delete a record or index entry when the transaction commits."""
        self._stub.del_state(self._write(kind, parts))

    def scan(self, kind: str, *parts: str) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield the parts and record of every committed key that begins with ``parts``, in order."""
        for row in self._stub.get_state_by_partial_composite_key(kind, parts):
            self._check_unwritten(row.key)
            yield split_composite_key(row.key)[1], canonical.decode(row.value)

    def rows_behind(
        self, kind: str, after: str, limit: int, max_bytes: int
    ) -> tuple[list[tuple[tuple[str, ...], Any]], str]:
        """Return the next rows of a kind behind a key (empty: all), and where more follow the last one's key.

        For transactions that write, which can't have pages: at most ``limit`` rows, and no more once they have
        ``max_bytes`` together.
        """
        rows: list[tuple[tuple[str, ...], Any]] = []
        size = 0
        last = ""
        for row in self._stub.get_state_by_partial_composite_key(kind, (), after=after):
            if len(rows) == limit or size >= max_bytes:
                return rows, last
            self._check_unwritten(row.key)
            rows.append((split_composite_key(row.key)[1], canonical.decode(row.value)))
            size += len(row.value)
            last = row.key
        return rows, ""

    def page(
        self, kind: str, parts: Sequence[str], limit: int, bookmark: str
    ) -> tuple[list[tuple[tuple[str, ...], Any]], str]:
        """Return up to ``limit`` of what ``scan`` yields and the bookmark of the next page (empty: none).

        Raises:
            Invalid: the bookmark is not one that this list gave.
        """
        start = _read_bookmark(bookmark, composite_key(kind, parts))
        page = self._stub.get_state_by_partial_composite_key_with_pagination(kind, parts, limit, start)
        rows = [(split_composite_key(row.key)[1], canonical.decode(row.value)) for row in page.rows]
        return rows, base64.urlsafe_b64encode(page.bookmark.encode()).decode()

    def _write(self, kind: str, parts: Sequence[str]) -> str:
        key = composite_key(kind, parts)
        if self._read_only:
            raise InternalError(f"a read-only transaction writes {key!r}")
        self._check_unwritten(key)
        self._written.add(key)
        return key

    def _check_unwritten(self, key: str) -> None:
        if key in self._written:
            raise InternalError(f"{key!r} is used after this transaction wrote it: there is no read-your-writes")


def _read_bookmark(bookmark: str, prefix: str) -> str:
    if not bookmark:
        return ""
    try:
        start = base64.b64decode(bookmark, altchars=b"-_", validate=True).decode()
    except ValueError:
        start = ""
    if not prefix <= start < prefix_end(prefix):
        raise Invalid("bookmark: not one that this list gave")
    return start
