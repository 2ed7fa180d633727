"""Requests that wait for totem, and who of them is served from the pool.

Leases are given from the lowest waiting task upwards; when one can't be served, none above it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId, PhaseBooks
from totem_ccf.metering.lease_size import LeaseSizes
from totem_ccf.metering.pool import Holding, Pool
from totem_ccf.metering.records import LeaseGranted, LeaseReturned, Record

__all__ = ["LeaseDesk"]


@dataclass(slots=True)
class _Waiting:
    """A request that can't be answered yet."""

    id: AttemptId
    seq: int
    cost: int


class LeaseDesk:
    """The waiting requests of the open phase.

    Args:
        sizes: how large leases are.
        enter: enters a record into books and log.
        act: has an answer sent.
    """

    def __init__(
        self, sizes: LeaseSizes, enter: Callable[[Record], None], act: Callable[[m.ManagerAction], None]
    ) -> None:
        self._sizes = sizes
        self._enter = enter
        self._act = act
        self._waiting: dict[int, _Waiting] = {}

    def ask(self, event: m.Ask) -> None:
        """Take a request, unless the task waits already."""
        number = event.id.task
        if number not in self._waiting:
            self._sizes.asked(number, event.busy_ns, event.hint if event.seq == 1 else 0)
            self._waiting[number] = _Waiting(event.id, event.seq, event.cost)

    def drop(self, number: int) -> None:
        """Forget the request of a task: its attempt has reported."""
        self._waiting.pop(number, None)

    def stop(self, number: int, reason: m.StopReason) -> None:
        """Answer the request of a task, if it waits, that it gets nothing."""
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            self._act(m.Stop(waiting.id, reason))

    def stop_all(self, reason: m.StopReason) -> None:
        """Answer every request that it gets nothing."""
        for number in sorted(self._waiting):
            self.stop(number, reason)

    def clear(self) -> None:
        """Forget everything: the phase is closed."""
        self._waiting.clear()

    def serve(self, phase: PhaseBooks) -> int | None:
        """Give leases from the lowest waiting task upwards; return the first that can't be served."""
        for number in sorted(self._waiting):
            waiting = self._waiting[number]
            holding = phase.tasks[number].holding
            lowest = number == phase.lowest
            if waiting.cost > phase.pool.available(lowest) + holding.unspent:
                return number
            pool, after = self._returned(phase.pool, holding)
            size = self._sizes.size(number, waiting.cost, pool.available(lowest), len(phase.live))
            pool.give(after, size, lowest)
            attempt = phase.tasks[number].attempt
            self._enter(LeaseGranted(number, attempt, waiting.seq, after.clean, after.recycled, after.used))
            self._act(m.Grant(waiting.id, waiting.seq, after.held))
            del self._waiting[number]
        return None

    def recall(self, phase: PhaseBooks, blocked: int) -> bool:
        """Take back what waiting attempts have not used; return whether there was anything."""
        found = False
        for number in sorted(self._waiting):
            task = phase.tasks[number]
            if number >= blocked and task.holding.unspent:
                _, after = self._returned(phase.pool, task.holding)
                self._enter(LeaseReturned(number, task.attempt, after.clean, after.recycled, after.used))
                found = True
        return found

    @staticmethod
    def _returned(pool: Pool, holding: Holding) -> tuple[Pool, Holding]:
        """Return copies of pool and holding after the unspent part has gone back."""
        pool, holding = Pool(pool.clean, pool.recycled), Holding(holding.clean, holding.recycled, holding.used)
        pool.take_unspent(holding)
        return pool, holding

    def cost(self, number: int) -> int:
        """Return the charge for which a task waits."""
        return self._waiting[number].cost

    def all_wait(self, phase: PhaseBooks) -> bool:
        """Return whether no attempt runs on a lease that could come back."""
        return all(task in self._waiting or phase.tasks[task].holding.unspent == 0 for task in phase.live)
