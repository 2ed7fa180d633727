"""The totem updater: one attempt's lease on the worker.

It is the LeaseSource of the executor that runs the attempt: when a charge is not covered by what is left of the lease,
the executor asks the updater, and the updater asks the manager for more, naming the charge and what was used so far.
In audit mode the manager gives exactly one charge at a time, so each charge is reported by itself, with its opcodes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from totem_ccf.metering.audit import ChargeItem
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.manager import MeterViolation
from totem_ccf.metering.messages import Accepted, Ask, Finish, Grant, Stop, StopReason
from totem_ccf.metering.receipt import AttemptReport
from totem_sdk.task import OutOfTotem

__all__ = ["Fenced", "ManagerPort", "Updater"]


class Fenced(Exception):
    """The attempt counts no more (its task was voided or given to another attempt): drop it and its output."""


class ManagerPort(Protocol):
    """The way to the manager. Both calls wait for the answer and repeat themselves when it is lost."""

    def ask(self, ask: Ask, charge: int, items: tuple[ChargeItem, ...]) -> Grant | Stop:
        """Ask for a lease; ``charge`` is the block id or ``-1 - site id``, ``items`` its opcodes (audit mode)."""
        ...

    def finish(self, finish: Finish) -> Accepted | Stop:
        """Hand in the attempt's report."""
        ...


class Updater:
    """The lease of one attempt.

    Args:
        id_: the attempt.
        token: what shows the manager that it is this attempt.
        port: the way to the manager.
        clock_ns: a clock that only grows, in nanoseconds; it sizes leases and decides nothing else.
        items: gives a charge's opcodes, from the charge and its cost; None: charges are not reported by themselves.
        hint: an estimate of the whole task in totem, for the size of the first lease.
    """

    def __init__(
        self,
        id_: AttemptId,
        token: str,
        port: ManagerPort,
        clock_ns: Callable[[], int],
        *,
        items: Callable[[int, int], tuple[ChargeItem, ...]] | None = None,
        hint: int = 0,
    ) -> None:
        self._id = id_
        self._token = token
        self._port = port
        self._clock_ns = clock_ns
        self._items = items
        self._hint = hint
        self._seq = 0
        self._held = 0
        self._since: int | None = None
        self.stopped: StopReason | None = None

    def more(self, need: int, used: int, charge: int) -> int:
        """Return at least ``need`` more totem; see ``totem_sdk.task.LeaseSource``.

        Raises:
            OutOfTotem: the attempt halts before the charge and reports what it has used.
            Fenced: the attempt counts no more.
        """
        now = self._clock_ns()
        busy = 0 if self._since is None else max(now - self._since, 1)
        cost = need + self._held - used
        self._seq += 1
        items = () if self._items is None else self._items(charge, cost)
        ask = Ask(self._id, self._token, self._seq, used, cost, busy, self._hint)
        match self._port.ask(ask, charge, items):
            case Stop(reason=reason):
                self.stopped = reason
                if reason in ("out_of_totem", "cancelled"):
                    raise OutOfTotem
                raise Fenced(f"{self._id}: {reason}")
            case Grant(held=held):
                granted = held - self._held
        if granted < need:
            raise MeterViolation(f"{self._id}: needs {need} more totem and was granted {granted}")
        self._held = held
        self._since = self._clock_ns()
        return granted

    def finish(self, report: AttemptReport) -> None:
        """Hand in the report of the attempt, whose output must be in place.

        Raises:
            Fenced: the attempt counts no more.
        """
        answer = self._port.finish(Finish(self._id, self._token, report))
        if isinstance(answer, Stop):
            self.stopped = answer.reason
            raise Fenced(f"{self._id}: {answer.reason}")
