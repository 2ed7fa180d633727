"""Ledgers of several organisations, used by one process, that show each other's transactions at once.

A transaction is committed when the peer of its own organisation has it; the others' peers get it moments later. Who
acts for several organisations (development, tests) must not see the past in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from totem.ledger.errors import LedgerUnavailable
from totem.ledger.fabric.ledger import FabricLedger
from totem.ledger.identities import Identity
from totem.ledger.port import Block, Event, Submitted, VerifyReport

__all__ = ["InStep", "Newest"]

_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.01


class Newest:
    """The newest block in which one of the ledgers has committed something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._block = -1

    @property
    def block(self) -> int:
        """Its number; -1: none yet."""
        return self._block

    def committed(self, block: int) -> None:
        """Tell that something is committed in a block."""
        with self._lock:
            self._block = max(self._block, block)


class InStep:
    """``Ledger`` of one organisation that waits for what others of this process have committed."""

    def __init__(self, ledger: FabricLedger, newest: Newest) -> None:
        self.fabric = ledger
        self._newest = newest
        self._seen = -1
        self._lock = threading.Lock()
        self._asked: dict[object, float] = {}

    def evaluate(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Any:
        """See ``Ledger.evaluate``."""
        with self._waiting():
            self._catch_up()
            return self.fabric.evaluate(identity, function, args, transient)

    def submit(
        self, identity: Identity, function: str, args: Mapping[str, Any], transient: Mapping[str, Any] | None = None
    ) -> Submitted:
        """See ``Ledger.submit``."""
        with self._waiting():
            self._catch_up()
            return self._committed(self.fabric.submit(identity, function, args, transient))

    def fate_of(self, envelope: bytes) -> Submitted:
        """See ``Ledger.fate_of``."""
        with self._waiting():
            return self._committed(self.fabric.fate_of(envelope))

    def events(
        self, from_block: int = 0, *, follow: bool = False, stop: threading.Event | None = None
    ) -> Iterator[Event]:
        """See ``Ledger.events``."""
        return self.fabric.events(from_block, follow=follow, stop=stop)

    def height(self) -> int:
        """See ``Ledger.height``."""
        with self._waiting():
            self._catch_up()
            return self.fabric.height()

    def block(self, number: int) -> Block:
        """See ``Ledger.block``."""
        with self._waiting():
            self._catch_up()
            return self.fabric.block(number)

    def verify(self, anchor: str | None = None) -> VerifyReport:
        """See ``Ledger.verify``."""
        return self.fabric.verify(anchor)

    def close(self) -> None:
        """See ``Ledger.close``."""
        self.fabric.close()

    def longest_wait(self) -> float:
        """Return for how many seconds the call that waits longest now has done so; 0: none waits."""
        with self._lock:
            return time.monotonic() - min(self._asked.values()) if self._asked else 0.0

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Count a call among those that wait, within a ``with``; streams of events wait by their nature."""
        call = object()
        with self._lock:
            self._asked[call] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._asked[call]

    def _committed(self, submitted: Submitted) -> Submitted:
        self._seen = max(self._seen, submitted.block)
        self._newest.committed(submitted.block)
        return submitted

    def _catch_up(self) -> None:
        """Wait until this organisation's peer has the newest block that this process knows of.

        Raises:
            LedgerUnavailable: it does not get it.
        """
        wanted = self._newest.block
        end = time.monotonic() + _PATIENCE_SECONDS
        while self._seen < wanted:
            self._seen = self.fabric.height() - 1
            if self._seen >= wanted:
                return
            if time.monotonic() > end:
                raise LedgerUnavailable(
                    f"the organisation's peer has no block {wanted} after {_PATIENCE_SECONDS:g} s, which another one"
                    " has: see whether it is connected to the orderers"
                )
            time.sleep(_POLL_SECONDS)
