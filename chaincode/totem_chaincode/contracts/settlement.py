"""Settlement: what a running job has used, phase by phase; how it ends is in ``endings``.

``phase (job, index)`` is what the channel knows of a settled phase: total, end, answer and the salted digest of the
receipt. The receipt itself goes privately to consumer and provider. Its counts are recomputed here from program and
table: a charge that they don't add up to, counts that are impossible, or more than what is left are refused.
Every transaction may be repeated after a crash: the same content gets the same answer and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical, escrow
from totem_chaincode.arguments import HASH, JOB_ID, Boolean, Choice, Integer, Optional, Several
from totem_chaincode.contracts.access import SECRET
from totem_chaincode.contracts.jobs import PROVIDER, padded
from totem_chaincode.contracts.receipts import CHARGE, ENDS, RECEIPT, SALTED, check_receipt
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.errors import Conflict, Invalid
from totem_chaincode.job_states import is_data_part, next_state, phase_of, phases_end
from totem_chaincode.registry import transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context


@transaction(
    "jobs.settle",
    who=PROVIDER,
    arguments={
        "job_id": JOB_ID,
        "phase_index": Integer(0, 9_999, "phase"),
        "charge": CHARGE,
        "end": Choice(*ENDS),
        "digest": HASH,
        "shown": Optional(Boolean(), True),
    },
    transient={"receipt": RECEIPT, "salt": SECRET, "before": Optional(Several(SALTED, 32, 1))},
    event="jobs.settled",
    errors=("not_found", "job_state", "phase_order", "already_settled", "receipt", "bound", "escrow", "invalid"),
)
def settle(
    ctx: Context,
    *,
    job_id: str,
    phase_index: int,
    charge: int,
    end: str,
    digest: str,
    shown: bool,
    receipt: dict[str, Any],
    salt: str,
    before: list[dict[str, Any]] | None,
) -> JSON:
    """Settle a phase: check its receipt, mark the charge used, answer whether the next phase may begin.

    ``before`` is the receipt of the phase before with its salt: what went in there came out there. The first phase of a
    combining part has the receipts of all data parts that were delivered, in listed order.

    ``shown`` false: the consumer's organisation, without whose endorsement nothing is written for it, does not get the
    receipt now; the provider hands it over later (``results.show_receipt``).

    Answers ``{"continue", "left", "reason"}``; reason is "continue", or why not: "finished" (it was the last phase),
    "out_of_totem", "gate" (the next phase needs more than what is left), "failed", "cancelled".
    """
    job = ctx.state.need("job", job_id)
    earlier = ctx.state.get("phase", job_id, padded(phase_index))
    if earlier is not None:
        if (earlier["charge"], earlier["end"], earlier["digest"]) != (charge, end, digest):
            raise Conflict(f"phase {phase_index} of {job_id} is settled with other content", code="already_settled")
        return _answer(job, earlier)
    state = next_state(job, "settle")
    if phase_index != job["next_phase"]:
        raise Conflict(
            f"phase {phase_index} of {job_id} can't be settled: the next one is {job['next_phase']}", code="phase_order"
        )
    phase = phase_of(job, phase_index)
    if salted_hash(salt, canonical.encode(receipt)) != digest:
        raise Invalid("arguments.digest: not the salted hash of the receipt")
    if (receipt["charge"], receipt["end"]) != (charge, end):
        raise Invalid("transient.receipt: charge or end differ from the arguments")
    check_receipt(ctx, job, phase_index, receipt, before)
    left = escrow.mark_used(ctx, job_id, charge)
    verdict, needs = _judge(ctx, job, phase_index, receipt, left)
    record = {
        **phase,
        "index": phase_index,
        "charge": charge,
        "left": left,
        "end": end,
        "error": receipt["error"],
        "digest": digest,
        "verdict": verdict,
        "needs": needs,
        "settled_at": ctx.now,
    }
    ctx.state.put("phase", job_id, padded(phase_index), record=record)
    following = {
        **job,
        "state": state,
        "next_phase": phase_index + 1,
        "verdict": verdict,
        "error": receipt["error"],
    }
    if is_data_part(job):
        following["dry"] = None  # what is settled counts now, not what was told: the part waits for nothing
    ctx.state.put("job", job_id, record=following)
    parties = [job["provider_msp"], *([job["consumer_msp"]] if shown else [])]
    if job["consumer_msp"] not in parties:
        ctx.state.mark("unshown", job["provider"], job_id, padded(phase_index))
    ctx.put_private(parties, "receipt", job_id, padded(phase_index), record={"receipt": receipt, "salt": salt})
    ctx.emit(
        job_id=job_id,
        consumer=job["consumer"],
        provider=job["provider"],
        phase_index=phase_index,
        charge=charge,
        left=left,
        verdict=verdict,
    )
    return _answer(following, record)


def _answer(job: dict[str, Any], phase: dict[str, Any]) -> JSON:
    """Return what a settlement answers: as recorded, but never "continue" for a job that no longer runs."""
    reason = phase["verdict"]
    if reason == "continue" and job["state"] != "running":
        reason = "cancelled" if job["state"] == "cancelling" else job["state"]
    return {"continue": reason == "continue", "left": phase["left"], "reason": reason, "needs": phase["needs"]}


def _judge(
    ctx: Context, job: dict[str, Any], phase_index: int, receipt: dict[str, Any], left: int
) -> tuple[str, int | None]:
    """Return the verdict on a phase, and what the next one needs at least where the gate asked."""
    if receipt["end"] != "done":
        return receipt["end"], None
    following = phase_index + 1
    if following == phases_end(job):
        return "finished", None
    if job["state"] == "cancelling":
        return "cancelled", None
    if job["policy"]["precheck"] == "none":
        return "continue", None
    program = ctx.state.need("program", job["program_id"])
    table = ctx.state.need("table", job["table_id"])["document"]
    needs = ctx.evaluator.needs(program, table, following, receipt["records_out"])
    return ("continue" if needs <= left else "gate"), needs
