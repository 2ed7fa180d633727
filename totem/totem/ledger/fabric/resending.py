"""Resending: one envelope, until its fate is known.

That an orderer took an envelope does not mean that it is committed: a leader that dies loses what it had taken. So
the *same* envelope is sent again until the peers say what became of it; sent twice, it is applied once, because its
id is on the channel then. Reported is only what a block says, or that nobody ever took it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from totem.ledger.errors import FateUnknown, LedgerUnavailable, ProposalRefused
from totem.ledger.fabric.faults import GatewayFault
from totem.ledger.fabric.gateway import pause
from totem.ledger.fabric.transactions import Fate, SignedTransaction

__all__ = ["Orders", "settle"]


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
        FateUnknown: nothing is known after ``patience``, or when the ledger is closed.
    """
    started = clock()

    def unknown(last: str) -> FateUnknown:
        return FateUnknown(transaction.tx_id, transaction.to_bytes(), clock() - started, last)

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
        except LedgerUnavailable as closed:  # meanwhile, perhaps behind a peer that has got it
            raise unknown(str(closed)) from None
        else:
            last = "the orderers took it"
            was_sent = True
        try:
            fate = orders.fate(transaction.tx_id, attempt)
        except GatewayFault as fault:
            fate, last = None, fault.describe()
        except LedgerUnavailable as closed:
            raise unknown(str(closed)) from None
        if fate is not None:
            return fate
        if refusal is not None and not was_sent:
            raise ProposalRefused("authority", f"the orderers refuse the transaction: {refusal.describe()}")
        if clock() - started >= patience:
            raise unknown(last)
        wait(attempt)
