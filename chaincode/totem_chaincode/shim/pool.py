"""The pool: runs transactions on a bounded number of threads, and can be drained."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["Pool", "PoolFull"]


class PoolFull(Exception):
    """The pool takes no more work now; the message says why."""


class Pool:
    """``workers`` transactions run at a time, ``waiting`` more may wait for their turn."""

    def __init__(self, workers: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="totem-chaincode")
        self._room = workers + waiting
        self._changed = threading.Condition()
        self._count = 0
        self._draining = False

    @property
    def count(self) -> int:
        """How many run or wait."""
        with self._changed:
            return self._count

    def run(self, work: Callable[[], None]) -> None:
        """Have ``work`` run on a thread of the pool.

        Raises:
            PoolFull: too much waits already, or the pool is being drained.
        """
        with self._changed:
            if self._draining:
                raise PoolFull("the chaincode server is shutting down: try again, or ask another endorser")
            if self._count >= self._room:
                raise PoolFull(f"the chaincode server is busy with {self._count} transactions: try again")
            self._count += 1
        self._executor.submit(self._work, work)

    def drain(self, seconds: float) -> bool:
        """Take no more work and wait until nothing runs or waits; return whether that was so in time."""
        until = time.monotonic() + seconds
        with self._changed:
            self._draining = True
            return self._changed.wait_for(lambda: not self._count, max(0.0, until - time.monotonic()))

    def close(self) -> None:
        """Let the threads end; what still waits is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()
