"""Reading fragments ahead: a thread reads and decodes while the task computes, or waits for its manager.

Decoding takes about as long as the work on what is decoded, and neither needs Python's lock. A worker that is its job's
only one knows which fragment it will be given next, and reads on into that one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from totem_ccf.storage import Fragment

__all__ = ["FragmentReader"]

AHEAD_BYTES = 64 << 20
"""Bytes of batches that may be read ahead; a single batch may have more."""


class FragmentReader:
    """Reads fragments for one task after the other.

    Args:
        columns: the names of the columns that are read.
        limit: bytes of batches that may be read ahead.
    """

    def __init__(self, columns: Sequence[str], limit: int = AHEAD_BYTES) -> None:
        self._columns = list(columns)
        self._limit = limit
        self._reading: _Reading | None = None

    def read(self, number: int, documents: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
        """Yield the batches of the first of some fragments, the input of task ``number``, and read on into the others.

        Raises:
            DataError: as ``Fragment.read``, when the batch before has been taken.
        """
        reading = self._reading
        if reading is None or reading.number != number:
            self.close()
            reading = self._reading = _Reading(documents, number, self._columns, self._limit)
        yield from reading.fragment()

    def close(self) -> None:
        """Stop reading ahead."""
        if self._reading is not None:
            self._reading.stop()
            self._reading = None


class _Reading:
    """One thread that reads fragments in order; ``number`` is that of the next one, None where nothing is next."""

    def __init__(self, documents: Sequence[Mapping[str, Any]], number: int, columns: list[str], limit: int) -> None:
        self.number: int | None = number
        self._last = number + len(documents) - 1
        self._columns = columns
        self._limit = limit
        # Batches in order with their bytes; None is the end of a fragment, an error the end of everything.
        self._ahead: deque[tuple[Any, int]] = deque()
        self._bytes = 0
        self._stopped = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, args=(documents,), name="totem-read-ahead", daemon=True).start()

    def fragment(self) -> Iterator[Any]:
        """Yield the batches of the next fragment. Only when all are taken there is another next one."""
        number, self.number = self.number, None
        while (item := self._take()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
        if number is not None and number < self._last:
            self.number = number + 1

    def stop(self) -> None:
        """Have the thread end with the batch that it is reading."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self, documents: Sequence[Mapping[str, Any]]) -> None:
        try:
            for document in documents:
                for batch in Fragment.from_json(dict(document)).read(self._columns):
                    if not self._put(batch, batch.nbytes):
                        return
                if not self._put(None, 0):
                    return
        except Exception as error:  # noqa: BLE001 it is raised where the fragment's batches are taken
            self._put(error, 0)

    def _take(self) -> Any:
        with self._changed:
            self._changed.wait_for(lambda: self._ahead)
            item, size = self._ahead.popleft()
            self._bytes -= size
            self._changed.notify()
            return item

    def _put(self, item: Any, size: int) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._bytes or self._bytes + size <= self._limit)
            if self._stopped:
                return False
            self._ahead.append((item, size))
            self._bytes += size
            self._changed.notify()
            return True
