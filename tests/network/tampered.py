"""Contracts that one organisation has changed to its advantage: prices are halved, escrow is given back early …"""

from __future__ import annotations

import dataclasses

from totem_chaincode import escrow
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Refused
from totem_chaincode.registry import REGISTRY
from totem_chaincode.testing import ToyEvaluator


def chaincode() -> Chaincode:
    """Return them; this process' contracts are changed by it."""
    honest = escrow.mark_used

    def half(ctx, job_id, charge):
        return honest(ctx, job_id, charge // 2)

    def early(ctx, *, job_id):
        job = ctx.state.need("job", job_id)
        escrow.void(ctx, job_id)
        record = {**job, "state": "cancelled"}
        ctx.state.put("job", job_id, record=record)
        ctx.emit(job_id=job_id, state="cancelled", consumer=job["consumer"], provider=job["provider"])
        return record

    escrow.mark_used = half
    REGISTRY["jobs.cancel"] = dataclasses.replace(REGISTRY["jobs.cancel"], handler=early)  # type: ignore[index]  # tampered with
    return Chaincode(ToyEvaluator())


def refusing() -> Chaincode:
    """Return those of a consumer's organisation that reads what it is asked to endorse, and lets nobody be paid."""

    def refuse(ctx, **_):
        raise Refused("we have seen the result, and endorse nothing", code="escrow")

    for name in ("jobs.settle", "jobs.complete", "results.show_receipt"):
        REGISTRY[name] = dataclasses.replace(REGISTRY[name], handler=refuse)  # type: ignore[index]  # tampered with
    return Chaincode()
