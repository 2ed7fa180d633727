"""What every executor of a task shares: where its totem comes from and how it ends (abstract machine, §3 to §5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from totem_sdk.cost import Counts
from totem_sdk.errors import ProgramError

__all__ = ["Escrow", "LeaseSource", "OutOfTotem", "TaskEnd", "TaskResult"]

TaskEnd = Literal["done", "out_of_totem", "failed"]


class OutOfTotem(Exception):
    """Raised by a LeaseSource that has no more totem for this attempt: the charge is not paid, the task halts."""


class LeaseSource(Protocol):
    """Where an attempt gets totem from."""

    def more(self, need: int, used: int, charge: int) -> int:
        """Return at least ``need`` more totem for the attempt.

        ``used`` is what the attempt has paid so far (everything it was given is used but the rest that is less than
        the charge: ``need`` is the charge minus that rest). ``charge`` is the block id, or ``-1 - site id``.

        Raises:
            OutOfTotem: there is no more; the attempt halts before the charge.
        """
        ...


@dataclass
class Escrow:
    """The simplest LeaseSource: an amount that is given out exactly as needed (or, with ``chunk``, ahead)."""

    left: int
    chunk: int = 0

    def more(self, need: int, used: int, charge: int) -> int:
        """Give ``need``, up to ``chunk`` if there is as much; see LeaseSource."""
        del used, charge
        if need > self.left:
            raise OutOfTotem
        granted = max(need, min(self.chunk, self.left))
        self.left -= granted
        return granted


@dataclass
class TaskResult:
    """How one attempt of a task ended.

    ``used`` is the totem of all charges paid (equal to the total of ``counts``); ``unspent`` what is left of the
    leases it was given. ``records_in`` counts rows, pairs or values read, ``records_out`` the emits that leave the
    task (after the combiner). ``groups_done`` counts finished groups of a reduce task.
    """

    end: TaskEnd
    used: int
    unspent: int
    counts: Counts = field(default_factory=Counts)
    records_in: int = 0
    records_out: int = 0
    groups_done: int = 0
    error: ProgramError | None = None
