"""Keeping a provider's results until they are purged: a thread of its server, so that a slow store stops no job.

It tidies everything once, purges what has expired now and then, and deletes what is left of a result as soon as it is
told that its consumer has purged it. What fails is tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from totem.ledger.errors import LedgerError
from totem.logs import logger
from totem.services.errors import ServiceError
from totem.services.purging import Purging

__all__ = ["ResultKeeper"]

_log = logger("provider")

_EXPIRY_SECONDS = 600.0
_AGAIN_SECONDS = 30.0
_LEAVE_SECONDS = 5.0


class ResultKeeper:
    """Looks after the results of one provider; ``clock`` gives the seconds since 1970 by which they expire."""

    def __init__(self, purging: Purging, clock: Callable[[], float]) -> None:
        self._purging = purging
        self._clock = clock
        self._lock = threading.Lock()
        self._purged: set[str] = set()
        self._is_tidy = False
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="results", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end; one that waits for a store is left behind."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_LEAVE_SECONDS)

    def told(self, job_id: str) -> None:
        """Take note that a job's result is purged."""
        with self._lock:
            self._purged.add(job_id)
        self._wake.set()

    def look(self) -> bool:
        """Do what is to be done now; return whether all of it could be done."""
        # Each by itself: neither a store nor an organisation that is gone may keep from others what is theirs.
        duties = (
            self._tidy,
            self._forget_purged,
            self._purging.tidy_partials,
            lambda: self._purging.purge_expired(self._clock() * 1_000),
            self._purging.show_receipts,
        )
        done = [self._has_done(duty) for duty in duties]
        return all(done)

    def _has_done(self, duty: Callable[[], None]) -> bool:
        try:
            duty()
        except (ServiceError, LedgerError, OSError) as error:
            _log.warning("results can't be looked after now", problem=str(error))
            return False
        return True

    def _tidy(self) -> None:
        if not self._is_tidy:
            self._purging.tidy()
            self._is_tidy = True

    def _forget_purged(self) -> None:
        with self._lock:
            purged = sorted(self._purged)
        for job_id in purged:
            self._purging.forget(job_id)
            with self._lock:
                self._purged.discard(job_id)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            pause = _EXPIRY_SECONDS if self.look() else _AGAIN_SECONDS
            self._wake.wait(pause)
