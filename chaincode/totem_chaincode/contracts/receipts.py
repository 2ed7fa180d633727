"""A phase's receipt, and what it must agree with before its charge is used.

The counts must be possible for the program and add up to the charge (the evaluator recomputes them). They must also
fit the data: the first phase reads the published rows and fragments, every later one what the phase before gave. And
all charges together stay within the estimate's upper bound, where there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.arguments import Choice, Document, Integer, Optional, Record, Text
from totem_chaincode.contracts.access import SECRET
from totem_chaincode.contracts.jobs import padded
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.errors import Conflict, Invalid, Refused
from totem_sdk.cost import MAX_TOTEM

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["CHARGE", "ENDS", "ERROR", "RECEIPT", "SALTED", "check_receipt"]

ENDS = ("done", "out_of_totem", "failed", "cancelled")
"""How a phase can end; ``cancelled`` only for a job that its consumer has cancelled."""

ERROR = Record(
    {
        "kind": Text(64, pattern=r"[a-z][a-z0-9_]*", what="kind of error"),
        "line": Optional(Integer(0, 1_000_000, "line")),
    }
)
CHARGE = Integer(0, MAX_TOTEM, "totem")
_COUNT = Integer(0, (1 << 63) - 1, "count")
RECEIPT = Record(
    {
        "step": Integer(0, 10_000),
        "phase": Choice("map", "reduce"),
        "blocks": Document(1 << 20, "entries by block id"),
        "units": Document(1 << 20, "counts by site id"),
        "charge": CHARGE,
        "records_in": _COUNT,
        "records_out": _COUNT,
        "groups_in": _COUNT,
        "tasks": _COUNT,
        "end": Choice(*ENDS),
        "error": Optional(ERROR),
    }
)
SALTED = Record({"receipt": RECEIPT, "salt": SECRET})
"""A receipt with the salt of its digest, as ``results.receipts`` gives it."""


def check_receipt(
    ctx: Context, job: dict[str, Any], phase_index: int, receipt: dict[str, Any], before: dict[str, Any] | None
) -> None:
    """Check the receipt of a job's next phase; ``before`` is the one of the phase before, with its salt.

    Raises:
        Invalid: the receipt is another phase's, or ``before`` is missing or not what was settled.
        Conflict: code ``job_state``: it says cancelled, and the consumer has not cancelled.
        Refused: code ``receipt``: the program can't have these counts, or not on these data; code ``bound``: more
            than the job can cost, or out of totem although all that it can cost is in escrow.
    """
    phase = job["phases"][phase_index]
    if (receipt["step"], receipt["phase"]) != (phase["step"], phase["phase"]):
        raise Invalid(
            f"transient.receipt: it is of step {receipt['step']} {receipt['phase']},"
            f" the phase to settle is step {phase['step']} {phase['phase']}"
        )
    end = receipt["end"]
    if (receipt["error"] is not None) != (end == "failed"):
        raise Invalid("transient.receipt: there is an error exactly where the end is 'failed'")
    if end == "cancelled" and job["state"] != "cancelling":
        raise Conflict(f"{job['job_id']} was not cancelled by its consumer", code="job_state")
    program = ctx.state.need("program", job["program_id"])
    table = ctx.state.need("table", job["table_id"])["document"]
    recomputed = ctx.evaluator.recompute(program, table, receipt)
    if recomputed != receipt["charge"]:
        raise Refused(
            f"the counts of the receipt add up to {recomputed} totem, the charge says {receipt['charge']}",
            code="receipt",
            details={"recomputed": recomputed, "charge": receipt["charge"]},
        )
    if phase_index == 0:
        records, tasks, exact = job["data"]["rows"], job["data"]["fragments"], True
    else:
        earlier = _settled(ctx, job["job_id"], phase_index - 1, before)
        records, exact = earlier["records_out"], phase["phase"] == "map"
        tasks = earlier["tasks"] if exact else ctx.evaluator.partitions(program, phase["step"])
    # A reducer may leave values of a group unread, and a phase that did not end has read what it has read.
    exact = exact and end == "done"
    _bound("records_in", receipt["records_in"], records, exact=exact)
    _bound("tasks", receipt["tasks"], tasks, exact=exact)
    _check_upper(ctx, job, receipt["charge"])
    upper = job["estimate"]["upper"]
    if end == "out_of_totem" and upper is not None and job["escrow"] >= upper:
        raise Refused(
            f"{job['job_id']} can't run out of totem: it costs {upper} at most, its escrow is {job['escrow']}",
            code="bound",
            details={"upper": upper, "escrow": job["escrow"]},
        )


def _settled(ctx: Context, job_id: str, phase_index: int, before: dict[str, Any] | None) -> dict[str, Any]:
    """Return the receipt of a settled phase as the provider shows it, once it has the digest that was settled."""
    # The private copies can't be read here: peers of other organisations endorse this transaction too.
    if before is None:
        raise Invalid(f"transient.before: missing: the receipt of phase {phase_index} with its salt")
    receipt: dict[str, Any] = before["receipt"]
    digest = ctx.state.need("phase", job_id, padded(phase_index))["digest"]
    if salted_hash(before["salt"], canonical.encode(receipt)) != digest:
        raise Invalid(f"transient.before: not the receipt that was settled for phase {phase_index}, or another salt")
    return receipt


def _bound(name: str, said: int, most: int, *, exact: bool) -> None:
    if said > most or (exact and said != most):
        raise Refused(
            f"the receipt is impossible for the data: {name} is {said}, there are {most}",
            code="receipt",
            details={"field": name, "said": said, "there": most},
        )


def _check_upper(ctx: Context, job: dict[str, Any], charge: int) -> None:
    upper = job["estimate"]["upper"]
    used = ctx.state.need("escrow", job["job_id"])["used"]
    if upper is not None and used + charge > upper:
        raise Refused(
            f"with this phase the job would cost {used + charge} totem, it can't cost more than {upper}",
            code="bound",
            details={"used": used, "charge": charge, "upper": upper},
        )
