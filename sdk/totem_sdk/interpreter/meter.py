"""The meter of one task: the one place where totem is paid (abstract machine, §4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from totem_sdk.cost import Counts, PricedProgram
from totem_sdk.task import LeaseSource

__all__ = ["Audit", "Charge", "Meter", "site_reason"]


@dataclass(frozen=True, slots=True)
class Charge:
    """One charge that was paid: for which block (``reason`` ≥ 0) or site (``-1 - site id``), and how much.

    ``items`` says what for: (opcode class, data type) → (number of operations, totem), as on the bill.
    """

    reason: int
    totem: int
    items: Mapping[tuple[str, str], tuple[int, int]]


Audit = Callable[[Charge], None]
"""Gets every charge just after it was paid, in order."""


def site_reason(site: int) -> int:
    """Return the reason of a site's charge, as ``LeaseSource.more`` gets it."""
    return -1 - site


class Meter:
    """Pays the charges of one task from its leases and counts them; ``left`` is what remains of the leases."""

    def __init__(self, priced: PricedProgram, lease: LeaseSource, audit: Audit | None = None) -> None:
        self.counts = Counts()
        self.left = 0
        self.used = 0
        self._priced = priced
        self._lease = lease
        self._audit = audit

    def charge(self, reason: int, count: int = 0, size: int = 0) -> None:
        """Pay for entering a block (``reason`` ≥ 0) or for a site over ``count`` values and ``size`` bytes.

        Raises:
            OutOfTotem: the lease source has no more; nothing was paid.
        """
        if reason >= 0:
            totem = self._priced.block_cost[reason]
        else:
            totem = self._priced.sites[-1 - reason].charge(1, count, size)
        if totem > self.left:
            self.left += self._lease.more(totem - self.left, self.used, reason)
        self.left -= totem
        self.used += totem
        _count(self.counts, reason, count, size)
        if self._audit is not None:
            single = Counts()
            _count(single, reason, count, size)
            items = {(row.opcode, row.type): (row.count, row.totem) for row in self._priced.bill(0, "", single)}
            self._audit(Charge(reason, totem, items))


def _count(counts: Counts, reason: int, count: int, size: int) -> None:
    if reason >= 0:
        counts.blocks[reason] += 1
    else:
        counts.add_site(-1 - reason, count, size)
