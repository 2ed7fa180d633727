"""Escrow: totem reserved for one job, in two phases: reserve, mark used phase by phase, then pay out or void.

``escrow (job)`` is the only record that settlements of a job rewrite, so concurrent jobs never conflict. What goes
back to the consumer and to the provider goes as credits, which conflict with nothing.

::

    reserve → open ── mark_used* ──┬─ pay_out → paid    used to the provider, the rest to the consumer
                                   └─ void    → voided  everything to the consumer
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode.errors import Conflict, Refused
from totem_chaincode.journal import escrow_account, record_movement
from totem_chaincode.tally import Tally

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["left_of", "mark_used", "pay_out", "reserve", "take_balance", "void"]


def left_of(escrow: dict[str, Any]) -> int:
    """Return the totem that an escrow record still holds: once it is closed, what waits in a joint job's pool."""
    held: int = escrow["reserved"] if escrow["state"] == "open" else escrow.get("pooled", 0)
    return held


def take_balance(ctx: Context, consumer: str, amount: int) -> None:
    """Take totem that is to be reserved from the consumer's account.

    Raises:
        Refused: code ``balance``: the account holds less.
    """
    there = Tally(ctx.state, "balance", consumer).take(amount)
    if there is not None:
        raise Refused(
            f"the account holds {there:,} totem, {amount:,} are to be reserved",
            code="balance",
            details={"available": there, "escrow": amount},
        )


def reserve(ctx: Context, job_id: str, consumer: str, provider: str, amount: int) -> None:
    """Move totem from the consumer's account into the job's escrow.

    Raises:
        Refused: code ``balance``: the account holds less.
    """
    take_balance(ctx, consumer, amount)
    record = {
        "job_id": job_id,
        "consumer": consumer,
        "provider": provider,
        "reserved": amount,
        "used": 0,
        "state": "open",
        "paid": 0,
        "returned": 0,
    }
    ctx.state.put("escrow", job_id, record=record)
    record_movement(
        ctx, consumer, escrow_account(job_id), amount, kind="reserve", reason="job submitted", job_id=job_id
    )


def mark_used(ctx: Context, job_id: str, charge: int) -> int:
    """Mark part of the escrow as used; return what is left.

    Raises:
        Refused: code ``escrow``: more than what is left.
    """
    escrow = _need_open(ctx, job_id)
    left: int = escrow["reserved"] - escrow["used"]
    if charge > left:
        raise Refused(
            f"{charge:,} totem are to be settled, but only {left:,} of the escrow are left",
            code="escrow",
            details={"left": left, "charge": charge},
        )
    if charge:
        ctx.state.put("escrow", job_id, record={**escrow, "used": escrow["used"] + charge})
    return left - charge


def pay_out(ctx: Context, job_id: str) -> dict[str, int]:
    """Pay what was used to the provider, return the rest; return ``{"paid", "returned"}``."""
    escrow = _need_open(ctx, job_id)
    return _close(ctx, escrow, "paid", paid=escrow["used"])


def void(ctx: Context, job_id: str) -> dict[str, int]:
    """Return everything to the consumer, also what was marked used; return ``{"paid", "returned"}``."""
    return _close(ctx, _need_open(ctx, job_id), "voided", paid=0)


def _need_open(ctx: Context, job_id: str) -> dict[str, Any]:
    escrow: dict[str, Any] = ctx.state.need("escrow", job_id)
    if escrow["state"] != "open":
        raise Conflict(f"the escrow of {job_id} is {escrow['state']} already", code="escrow_closed")
    return escrow


def _close(ctx: Context, escrow: dict[str, Any], state: str, paid: int) -> dict[str, int]:
    job_id = escrow["job_id"]
    returned: int = escrow["reserved"] - paid
    ctx.state.put("escrow", job_id, record={**escrow, "state": state, "paid": paid, "returned": returned})
    for account, amount, kind in ((escrow["provider"], paid, "pay"), (escrow["consumer"], returned, "return")):
        Tally(ctx.state, "balance", account).give(amount, job_id)
        record_movement(
            ctx, escrow_account(job_id), account, amount, kind=kind, reason=f"escrow {state}", job_id=job_id
        )
    return {"paid": paid, "returned": returned}
