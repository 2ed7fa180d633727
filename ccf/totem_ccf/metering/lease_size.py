"""How large a lease is: large enough that asking costs nothing, small enough that a recall comes back soon.

An attempt that runs hears of a recall only when it asks again or ends. So leases are kept around a target running
time: an attempt that used its lease up faster gets the double of it, one that took twice as long gets half, and none
gets more than a share of the pool.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LeasePolicy", "LeaseSizes"]


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """Sizes of leases in totem.

    ``audit``: a lease is one charge, so that each is reported by itself. ``target_ns`` is the running time that a
    lease should last. A lease is at most the pool divided by ``share`` times the number of live attempts.
    ``most_hinted``: an estimate of the task counts up to here only, because an attempt that holds all that it will
    ever need hears of no recall and no cancellation.
    """

    audit: bool = False
    first: int = 1 << 12
    most_hinted: int = 1 << 24
    target_ns: int = 100_000_000
    share: int = 4

    def next_size(self, size: int, busy_ns: int) -> int:
        """Return the wish after a lease of ``size`` that lasted ``busy_ns`` (0: nothing is known yet)."""
        if busy_ns == 0 or busy_ns > 2 * self.target_ns:
            return size if busy_ns == 0 else max(size // 2, 1)
        return size * 2 if busy_ns < self.target_ns else size

    def grant(self, cost: int, wish: int, available: int, live: int) -> int:
        """Return the size of a lease for a charge of ``cost`` ≤ ``available``."""
        if self.audit:
            return cost
        return max(cost, min(wish, available // (self.share * max(live, 1))))


class LeaseSizes:
    """What the live attempts of a phase have shown so far; a new attempt begins with what the last one came to."""

    def __init__(self, policy: LeasePolicy) -> None:
        self._policy = policy
        self._wishes: dict[int, int] = {}
        self._last = policy.first

    def begin(self, task: int) -> None:
        """Note a new attempt of a task."""
        self._wishes[task] = self._last

    def asked(self, task: int, busy_ns: int, least: int) -> None:
        """Note that a lease of the task lasted ``busy_ns``; ``least`` is the updater's estimate of the whole task."""
        wish = max(self._wishes.get(task, self._last), min(least, self._policy.most_hinted))
        self._wishes[task] = self._last = self._policy.next_size(wish, busy_ns)

    def size(self, task: int, cost: int, available: int, live: int) -> int:
        """Return the size of the task's next lease for a charge of ``cost`` ≤ ``available``."""
        return self._policy.grant(cost, self._wishes.get(task, self._last), available, live)
