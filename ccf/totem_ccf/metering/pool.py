"""The arithmetic of one phase's totem: the pool, and what each attempt holds of it.

The pool has two parts. ``clean`` totem was never spent in this phase. ``recycled`` totem was spent by an attempt
whose task was voided afterwards; it goes only to the lowest task that is not done, which is never voided. So a unit
of totem is spent at most twice, the second time for good, and all work done is at most what is paid plus the escrow.
"""

from __future__ import annotations

from dataclasses import dataclass

from totem_sdk.errors import InternalError

__all__ = ["Holding", "Pool"]


@dataclass(slots=True)
class Holding:
    """What one attempt was given, by the part of the pool it came from, and what it says it has used."""

    clean: int = 0
    recycled: int = 0
    used: int = 0

    @property
    def held(self) -> int:
        """All totem given to the attempt and not taken back, used or not."""
        return self.clean + self.recycled

    @property
    def unspent(self) -> int:
        """What the attempt may still use."""
        return self.held - self.used


@dataclass(slots=True)
class Pool:
    """What no attempt holds."""

    clean: int
    recycled: int = 0

    def available(self, lowest: bool) -> int:
        """Return what can be given to an attempt; ``lowest``: of the lowest task that is not done."""
        return self.clean + self.recycled if lowest else self.clean

    def give(self, holding: Holding, amount: int, lowest: bool) -> None:
        """Move ``amount`` to a holding, recycled totem first where that is allowed.

        Raises:
            InternalError: there is less than ``amount``.
        """
        if amount > self.available(lowest):
            raise InternalError(f"a lease of {amount} was granted from a pool of {self.available(lowest)}")
        recycled = min(amount, self.recycled) if lowest else 0
        self.recycled -= recycled
        self.clean -= amount - recycled
        holding.recycled += recycled
        holding.clean += amount - recycled

    def take_unspent(self, holding: Holding) -> None:
        """Take back what the attempt has not used; what it used counts as recycled totem first."""
        clean = min(holding.clean, holding.unspent)
        recycled = holding.unspent - clean
        self.clean += clean
        self.recycled += recycled
        holding.clean -= clean
        holding.recycled -= recycled

    def take_lost(self, holding: Holding) -> None:
        """Take everything back from an attempt that the provider lost: its work is not the consumer's."""
        self.clean += holding.clean
        self.recycled += holding.recycled
        holding.clean = holding.recycled = holding.used = 0

    def take_void(self, holding: Holding) -> None:
        """Take everything back from a voided attempt; all of it counts as spent, as it may be spending it now."""
        self.recycled += holding.held
        holding.clean = holding.recycled = holding.used = 0
