"""Reading from a place of somebody else's choice, with an end to one's patience, whatever that place does.

A server need not be silent to keep its reader for ever: a byte of a header now and then, an answer that says "go on"
again and again, a piece that never fills up. No time-out of a library is about the whole. So a thread of its own opens
and reads; who waits for it stops waiting at the end. Its connections are cut then. What can't be cut (S3's client is
no Python) may go on in the background, but nothing else is read from that place until it has ended.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import BinaryIO, cast

from totem_sdk.errors import InternalError

__all__ = ["Connections", "PatientReading"]

_PIECE = 1 << 20
_AHEAD = 2
_LOOK_SECONDS = 0.1
_PARTING_SECONDS = 1.0
"""How long a thread that was told to end has for it; it needs none, unless it is where nobody can reach it."""

_left_behind: dict[str, threading.Thread] = {}
"""Threads that still read although nobody waits for them any more, by place."""


class Connections:
    """The sockets that a reading has opened, so that it can be ended from outside."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._is_cut = False
        self._lock = threading.Lock()

    def add(self, connected: socket.socket) -> None:
        """Take note of a socket, before TLS is spoken over it; cut it where all are cut already.

        Raises:
            OSError: there are too many files open.
        """
        # One of our own: whoever speaks TLS takes the other away from its object, and may close it at any time.
        own = connected.dup()
        with self._lock:
            self._sockets.append(own)
            is_cut = self._is_cut
        if is_cut:
            self.cut()

    def cut(self) -> None:
        """Shut all of them down: whoever reads or writes there is told that it is over."""
        with self._lock:
            self._is_cut = True
            sockets, self._sockets = self._sockets, []
        for own in sockets:
            with own, suppress(OSError):  # it has ended by itself
                own.shutdown(socket.SHUT_RDWR)


class PatientReading:
    """Reads ``size`` bytes, and one more if there is one, from what ``open_`` opens, for at most ``seconds``.

    It is a context, which ends the reading. ``place`` names where that is. ``open_`` is called in another thread, with
    what it should tell its sockets to; it returns None where there is nothing.
    """

    def __init__(
        self, place: str, open_: Callable[[Connections], BinaryIO | None], *, size: int, seconds: float
    ) -> None:
        self._place = place
        self._open = open_
        self._size = size
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._items: queue.Queue[bytes | bool | BaseException] = queue.Queue(_AHEAD)
        self._connections = Connections()
        self._is_over = threading.Event()
        self._rest = b""
        self._count = 0
        self._thread = threading.Thread(target=self._work, name=f"reading {place}", daemon=True)

    def __enter__(self) -> PatientReading:
        """Begin.

        Raises:
            TimeoutError: an earlier reading from this place has still not come to an end.
        """
        if (earlier := _left_behind.get(self._place)) is not None and earlier.is_alive():
            raise TimeoutError("it still keeps an earlier reader waiting")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the reading, whether or not there is more."""
        self._is_over.set()
        self._connections.cut()
        self._thread.join(_PARTING_SECONDS)
        if self._thread.is_alive():
            _left_behind[self._place] = self._thread

    def is_there(self) -> bool:
        """Wait until the place has answered; return whether it has anything.

        Raises:
            TimeoutError: it does not answer in time.
            Exception: whatever ``open_`` has raised.
        """
        found = self._next("it does not answer")
        if not isinstance(found, bool):
            raise InternalError("a reading begins with what there is")
        return found

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most ``size`` of them; none at the end.

        Raises:
            TimeoutError: they don't come in time.
            Exception: whatever reading has raised.
        """
        if not self._rest:
            found = self._next(f"it sends too slowly: {self._count} of {self._size} bytes")
            if not isinstance(found, bytes):
                raise InternalError("it was not asked whether there is anything")
            self._rest = found
            self._count += len(found)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def _next(self, trouble: str) -> bytes | bool:
        try:
            # What has come too late is not taken either: who sends a little now and then would never be late.
            left = self._end - time.monotonic()
            item = self._items.get(timeout=left) if left > 0 else None
        except queue.Empty:
            item = None
        if item is None:
            raise TimeoutError(f"{trouble} in {self._seconds:.0f} s")
        if isinstance(item, BaseException):
            raise item
        return item

    def _work(self) -> None:
        try:
            found = self._open(self._connections)
            if not self._put(found is not None) or found is None:
                return
            with closing(found):
                left = self._size + 1  # one more tells that it is not what it should be
                while left and (piece := _read_some(found, min(_PIECE, left))):
                    left -= len(piece)
                    if not self._put(piece):
                        return
            self._put(b"")
        except BaseException as error:  # noqa: BLE001  # it is raised where somebody waits for it
            self._put(error)

    def _put(self, item: bytes | bool | BaseException) -> bool:
        """Hand something over; return whether anybody wants more."""
        while not self._is_over.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=_LOOK_SECONDS)
                return True
        return False


def _read_some(source: BinaryIO, size: int) -> bytes:
    """Return what has come, not all that is asked for."""
    return cast("bytes", source.read1(size))  # type: ignore[attr-defined]  # files, answers and Arrow's streams have it
