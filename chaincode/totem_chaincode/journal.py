"""The journal: every movement of totem as two entries that add up to zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from totem_chaincode.state import newest_first

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["ISSUED", "escrow_account", "record_movement"]

ISSUED = "issued"
"""The account that is debited where totem is made: its entries add up to minus what was issued."""


def escrow_account(job_id: str) -> str:
    """Return the name under which a job's escrow stands in the journal."""
    return f"escrow:{job_id}"


def record_movement(
    ctx: Context, debtor: str, creditor: str, amount: int, *, kind: str, reason: str, job_id: str | None = None
) -> None:
    """Write the two entries of one movement; kind and job together differ between the movements of a transaction."""
    if not amount:
        return
    for account, other, signed in ((debtor, creditor, -amount), (creditor, debtor, amount)):
        entry = {
            "account": account,
            "other": other,
            "amount": signed,
            "kind": kind,
            "reason": reason,
            "job_id": job_id,
            "at": ctx.now,
            "tx_id": ctx.tx_id,
        }
        place = (kind,) if job_id is None else (kind, job_id)
        ctx.state.put("entry", account, newest_first(ctx.now), ctx.tx_id, *place, record=entry)
