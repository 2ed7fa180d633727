"""Joint jobs: what a part whose slice is dry asks of the pool, and the end of a joint job that can't complete.

The pool rule: a job whose whole cost fits its escrow completes, however the slices were cut. So a data part that is
*dry* (the next charge does not fit what its slice holds) waits. When every data part has ended or is dry, the first dry
one in listed order gets all that is left, if that is enough for it; when it has ended, the next one does. If it is not
enough, nothing is left that anybody could go on with: every dry part is told that this is *final*, and only then
may it settle as out of totem (or in the last tenth of its time: it must be able to settle before it expires).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import JOB_ID, REASON, Integer
from totem_chaincode.contracts.jobs import COMBINING, JOINT_PARTIES, PROVIDER, emit_joint
from totem_chaincode.errors import Conflict, Invalid, Refused
from totem_chaincode.job_states import OPEN, is_data_part, is_joint
from totem_chaincode.joint_ends import doom_of, end_joint, without_part
from totem_chaincode.joint_job import JointJob
from totem_chaincode.registry import by, transaction
from totem_sdk.cost import MAX_TOTEM

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context


@transaction(
    "joint.dry",
    who=PROVIDER,
    arguments={"job_id": JOB_ID, "used": Integer(0, MAX_TOTEM, "totem"), "needs": Integer(1, MAX_TOTEM, "totem")},
    event="joint.dry",
    errors=("not_found", "job_state", "not_dry", "bound", "invalid"),
)
def dry(ctx: Context, *, job_id: str, used: int, needs: int) -> JSON:
    """Say that a running data part can't go on: what it has used of its slice, and the charge that waits.

    What it holds beyond ``used`` is the pool's from now on. Answers ``{"job_id", "slice", "dry", "final"}``.
    """
    part = ctx.state.need("job", job_id)
    if not is_data_part(part):
        raise Invalid(f"job_id: {job_id} is no data part of a joint job: its escrow does not grow")
    slice_ = ctx.state.need("escrow", job_id)["reserved"]
    told = {"used": used, "needs": needs}
    if part["final"] or part["dry"] == told:
        return _standing(part, slice_)
    if (part["state"], part["verdict"]) != ("running", "start"):
        raise Conflict(f"{job_id} is {part['state']}, its last settlement says {part['verdict']!r}", code="job_state")
    if part["dry"] is not None:
        raise Conflict(f"{job_id} waits already, with {part['dry']['used']} totem used", code="job_state")
    if used > slice_ or used + needs <= slice_:
        raise Refused(
            f"{job_id} is not dry: its slice is {slice_} totem, {used} are used and {needs} wait",
            code="not_dry",
            details={"slice": slice_, "used": used, "needs": needs},
        )
    upper = part["estimate"]["upper"]
    if upper is not None and used + needs > upper:
        raise Refused(f"{job_id} can't need {used + needs} totem: it costs {upper} at most", code="bound")
    record = {**part, "dry": told}
    ctx.state.put("job", job_id, record=record)
    ctx.emit(job_id=job_id, joint=part["joint"], consumer=part["consumer"], provider=part["provider"])
    return _standing(record, slice_)


def _standing(part: dict[str, Any], slice_: int) -> JSON:
    return {"job_id": part["job_id"], "slice": slice_, "dry": part["dry"], "final": part["final"]}


@transaction(
    "joint.redistribute",
    who=JOINT_PARTIES,
    arguments={"job_id": JOB_ID},
    event="joint.redistributed",
    errors=("not_found", "job_state", "parts_open", "not_dry", "invalid"),
)
def redistribute(ctx: Context, *, job_id: str) -> JSON:
    """Give all that is left in a pool to the first dry data part, or tell every dry one that nothing is left.

    Possible when every data part has ended or is dry. Answers who got how much (``to``, ``amount``), or ``final``: the
    parts that may now settle as out of totem.
    """
    joint = _joint(ctx, job_id)
    if joint.record["state"] != "running":
        raise Conflict(f"{job_id} is {joint.record['state']}: its pool is not given to anybody", code="job_state")
    ending, reason = doom_of(joint)
    if ending is not None:
        raise Conflict(f"{job_id} can't complete any more ({reason}): end it by joint.end", code="job_state")
    waiting = [part for part in joint.data if part["dry"] is not None and part["state"] in OPEN]
    running = [part["job_id"] for part in joint.data if part["state"] in OPEN and part["dry"] is None]
    if running:
        raise Conflict(f"{', '.join(running)} still run, and may leave something", code="parts_open")
    if not waiting:
        raise Conflict(f"no part of {job_id} waits for more", code="not_dry")
    first, others = waiting[0], waiting[1:]
    target = first["job_id"]
    spare = {part["job_id"]: joint.pool.slice(part["job_id"])["reserved"] - part["dry"]["used"] for part in others}
    for part_id in joint.parts:
        if part_id not in (target, *spare):
            spare[part_id] = joint.pool.unspent(part_id)
    own = joint.pool.slice(target)["reserved"] - first["dry"]["used"]
    given = sum(spare.values())
    final: list[str] = []
    if own + given >= first["dry"]["needs"]:
        for part_id, amount in spare.items():
            joint.pool.move(part_id, target, amount)
        joint.set_part(target, dry=None)
    else:
        given, final = 0, [part["job_id"] for part in waiting]
        for part_id in final:
            joint.set_part(part_id, dry=None, final=True)
    joint.write()
    ctx.emit(
        job_id=job_id,
        consumer=joint.record["consumer"],
        provider=joint.record["provider"],
        parties=joint.record["parties"],
        to=None if final else target,
        final=final,
    )
    return {"job_id": job_id, "to": None if final else target, "amount": given, "final": final}


@transaction(
    "joint.leave_out",
    who=by("provider", owns=COMBINING),
    arguments={"job_id": JOB_ID, "reason": REASON},
    event="joint.left_out",
    errors=("not_found", "job_state", "invalid"),
)
def leave_out(ctx: Context, *, job_id: str, reason: str) -> JSON:
    """Combine without a data part that was delivered and can't be used, for a reason that everybody concerned can read.

    Possible while the combining part runs, before its first settlement. The part's provider is ``missing`` then, and
    stays paid. Where fewer than ``at_least`` remain, the joint job ends as ``too_few``. Answers ``{"job_id",
    "left_out", "state", "missing"}``, the last two of the joint job.
    """
    part = ctx.state.need("job", job_id)
    if not is_data_part(part):
        raise Invalid(f"job_id: {job_id} is no data part of a joint job")
    if part["left_out"] is not None:
        joint, reason = JointJob(ctx, part["joint"]), part["left_out"]
    else:
        joint = without_part(ctx, part, reason)
    state = joint.record["state"]
    ctx.emit(
        job_id=job_id,
        joint=part["joint"],
        consumer=part["consumer"],
        provider=part["provider"],
        parties=part["parties"],
        joint_state=None if state in OPEN else state,
    )
    return {"job_id": job_id, "left_out": reason, "state": state, "missing": joint.missing}


@transaction(
    "joint.end",
    who=JOINT_PARTIES,
    arguments={"job_id": JOB_ID},
    event="jobs.ended",
    errors=("not_found", "job_state", "parts_open", "not_over", "deadline", "invalid"),
)
def end(ctx: Context, *, job_id: str) -> JSON:
    """End a joint job that can't complete any more: too few data parts, no combining provider, cancelled, or too late.

    Parts that have not begun end at once; while others still run they are told to halt, and the last of them makes
    it possible to end the joint job with this transaction. Everything that was not used returns to the consumer.
    """
    _joint(ctx, job_id)
    record = end_joint(ctx, job_id)
    emit_joint(ctx, record)
    return record


def _joint(ctx: Context, job_id: str) -> JointJob:
    if not is_joint(ctx.state.need("job", job_id)):
        raise Invalid(f"job_id: {job_id} is no joint job")
    return JointJob(ctx, job_id)
