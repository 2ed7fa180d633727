"""A phase's receipt, and what it must agree with before its charge is used.

The counts must be possible for the program and add up to the charge (the evaluator recomputes them). They must also
fit the data: the first phase reads the published rows, fragments and bytes of texts, every later one what the phase
before gave. And each charge stays within the estimate's bounds of its phase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.arguments import Choice, Document, Integer, Optional, Record, Text
from totem_chaincode.contracts.access import SECRET
from totem_chaincode.contracts.jobs import padded
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.errors import Conflict, Invalid, Refused
from totem_chaincode.job_states import is_data_part, is_delivered, is_part, may_stop_waiting, phase_of
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
    ctx: Context, job: dict[str, Any], phase_index: int, receipt: dict[str, Any], before: list[dict[str, Any]] | None
) -> None:
    """Check the receipt of a job's next phase; ``before`` is the one of the phase before, with its salt.

    Before the first phase of a combining part come those of all data parts that were delivered, in listed order.

    Raises:
        Invalid: the receipt is another phase's, or ``before`` is missing or not what was settled.
        Conflict: code ``job_state``: it says cancelled, and the consumer has not cancelled.
        Refused: code ``receipt``: the program can't have these counts, or not on these data; code ``bound``: more
            than the phase can cost, or less although it is done, or out of totem although all that the job can cost
            is in escrow.
    """
    phase = phase_of(job, phase_index)
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
    bounds = ctx.state.need("bounds", job["job_id"])
    texts: tuple[int, int | None]
    if phase_index == 0:
        records, tasks, exact = job["data"]["rows"], job["data"]["fragments"], True
        texts = bounds["row_texts"]
    else:
        earlier = _settled(ctx, job, phase_index, before)
        records, exact = sum(item["records_out"] for item in earlier), phase["phase"] == "map"
        tasks = earlier[0]["tasks"] if exact else ctx.evaluator.partitions(program, phase["step"])
        counted = [ctx.evaluator.texts(program, table, item)[1] for item in earlier]
        emitted = None if None in counted else sum(size or 0 for size in counted)
        texts = (emitted or 0, emitted)
    # A reducer may leave values of a group unread and reads a key once for all its pairs, and a phase that did not end
    # has read what it has read.
    exact = exact and end == "done"
    _within("records_in", receipt["records_in"], records, records, exact=exact)
    _within("tasks", receipt["tasks"], tasks, tasks, exact=exact)
    if phase["phase"] == "reduce":
        # A group has a pair at least; a reducer that reads no values has groups all the same.
        _within("groups_in", receipt["groups_in"], 0, records, exact=False)
    read, _ = ctx.evaluator.texts(program, table, receipt)
    if read is not None:
        _within("bytes of texts read", read, *texts, exact=exact)
    _check_charge(phase_index, receipt, *bounds["phases"][phase_index])
    upper = job["estimate"]["upper"]
    reserved = ctx.state.need("escrow", job["job_id"])["reserved"]
    if end == "out_of_totem" and upper is not None and reserved >= upper:
        raise Refused(
            f"{job['job_id']} can't run out of totem: it costs {upper} at most, its escrow is {reserved}",
            code="bound",
            details={"upper": upper, "escrow": reserved},
        )
    if end == "out_of_totem" and is_data_part(job) and not may_stop_waiting(job, ctx.now):
        raise Refused(
            f"{job['job_id']} is out of its slice, not of the pool: tell so (joint.dry) and wait for what others leave",
            code="pool",
        )


def _settled(
    ctx: Context, job: dict[str, Any], phase_index: int, before: list[dict[str, Any]] | None
) -> list[dict[str, Any]]:
    """Return the receipts of what came before a phase, as the provider shows them: they have the settled digests."""
    # The private copies can't be read here: peers of other organisations endorse this transaction too.
    settled_by = _before(ctx, job, phase_index)
    if before is None:
        raise Invalid(f"transient.before: missing: the receipt of phase {phase_index - 1} with its salt")
    if len(before) != len(settled_by):
        names = ", ".join(settled_by)
        raise Invalid(f"transient.before: {len(before)} receipts, there are {len(settled_by)} to show: of {names}")
    for job_id, shown in zip(settled_by, before, strict=True):
        digest = ctx.state.need("phase", job_id, padded(phase_index - 1))["digest"]
        if salted_hash(shown["salt"], canonical.encode(shown["receipt"])) != digest:
            settled = f"phase {phase_index - 1}" + (f" of {job_id}" if is_part(job) else "")
            raise Invalid(f"transient.before: not the receipt that was settled for {settled}, or another salt")
    return [shown["receipt"] for shown in before]


def _before(ctx: Context, job: dict[str, Any], phase_index: int) -> list[str]:
    """Return the jobs whose receipts of the phase before a phase reads: its own, or those of the data parts."""
    if not is_part(job) or phase_index != job["phases"][0]["index"]:
        return [job["job_id"]]
    parts = [ctx.state.need("job", part_id) for part_id in ctx.state.need("job", job["joint"])["parts"]]
    return [part["job_id"] for part in parts if is_delivered(part)]


def _within(name: str, said: int, least: int, most: int | None, *, exact: bool) -> None:
    """Refuse more than the most (None: there is no bound) and, where a number must be exact, less than the least."""
    if (most is not None and said > most) or (exact and said < least):
        there = most if most is not None and said > most else least
        raise Refused(
            f"the receipt is impossible for the data: {name} is {said}, there are {there}",
            code="receipt",
            details={"field": name, "said": said, "there": there},
        )


def _check_charge(phase_index: int, receipt: dict[str, Any], lower: int, upper: int | None) -> None:
    charge = receipt["charge"]
    details = {"phase_index": phase_index, "charge": charge, "lower": lower, "upper": upper}
    if upper is not None and charge > upper:
        raise Refused(
            f"phase {phase_index} can't cost {charge} totem: it costs {upper} at most", code="bound", details=details
        )
    # A phase that did not end has cost what it has cost.
    if receipt["end"] == "done" and charge < lower:
        raise Refused(
            f"phase {phase_index} is done and can't cost {charge} totem: it costs {lower} at least",
            code="bound",
            details=details,
        )
