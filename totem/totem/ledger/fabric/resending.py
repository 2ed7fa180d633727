"""Resending: one envelope, until its fate is known.

That an orderer took an envelope does not mean that it is committed: a leader that dies loses what it had taken. So
the *same* envelope is sent again until the peers say what became of it; sent twice, it is applied once, because its
id is on the channel then. Reported is only what a block says, or that nobody ever took it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from totem.ledger.errors import LedgerError, ProposalRefused
from totem.ledger.fabric.faults import GatewayFault
from totem.ledger.fabric.gateway import pause
from totem.ledger.fabric.transactions import Fate, SignedTransaction

__all__ = ["FateUnknown", "Orders", "settle"]


class FateUnknown(LedgerError):
    """It is not known yet whether a transaction is or will be committed: neither it nor its opposite may be assumed.

    Hand ``transaction`` to ``FabricLedger.resume`` to go on asking; a new call would be another transaction.
    """

    def __init__(self, transaction: SignedTransaction, seconds: float, last: str) -> None:
        self.transaction = transaction
        super().__init__(
            f"after {seconds:.0f} s it is not known whether transaction {transaction.tx_id} is committed ({last});"
            " it may still be: resume it, or look for it on the channel, before doing the same again"
        )


class Orders(Protocol):
    """What resending needs of a gateway."""

    def submit(self, transaction: SignedTransaction) -> None:
        """Send an envelope to be ordered."""

    def fate(self, tx_id: str, attempt: int = 1) -> Fate | None:
        """Return what became of a transaction, or None where that is not known within a short time.

        Later attempts ask others first.
        """


def settle(
    orders: Orders,
    transaction: SignedTransaction,
    *,
    patience: float,
    was_sent: bool = False,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[int], None] = pause,
) -> Fate:
    """Send an envelope until it is known what became of it; ``was_sent``: it may have been sent before.

    ``patience`` is in seconds.

    Raises:
        ProposalRefused: the orderers refused it, and nobody can have taken it: nothing has changed.
        FateUnknown: nothing is known after ``patience``.
    """
    started = clock()
    attempt = 0
    last = "no answer yet"
    while True:
        attempt += 1
        refusal: GatewayFault | None = None
        try:
            orders.submit(transaction)
        except GatewayFault as fault:
            last = fault.describe()
            if fault.is_refused_order or fault.is_denied:
                refusal = fault
            else:
                was_sent = True
        else:
            last = "the orderers took it"
            was_sent = True
        try:
            fate = orders.fate(transaction.tx_id, attempt)
        except GatewayFault as fault:
            fate, last = None, fault.describe()
        if fate is not None:
            return fate
        if refusal is not None and not was_sent:
            raise ProposalRefused("authority", f"the orderers refuse the transaction: {refusal.describe()}")
        if clock() - started >= patience:
            raise FateUnknown(transaction, clock() - started, last)
        wait(attempt)
