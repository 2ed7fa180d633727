"""How a joint job goes on as a whole: the combining part begins, or nothing can be combined any more and it ends.

A joint job that can't complete (cancelled, too few data parts, no combining provider, out of time) is *doomed*: parts
that have not begun end at once, running ones are told to halt, and when the last has ended the joint job ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode.errors import Conflict, Refused
from totem_chaincode.job_states import GRACE_SECONDS, OPEN, in_grace, next_state
from totem_chaincode.joint_job import JointJob

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["begin_combining", "cancel_joint", "doom_of", "end_joint", "without_part"]


def begin_combining(ctx: Context, part: dict[str, Any]) -> dict[str, Any]:
    """Let the combining part run: all that is left in the pool becomes its slice; return its record.

    Raises:
        Conflict: code ``parts_open``: a data part has not ended.
        Refused: code ``too_few``: fewer data parts were delivered than the consumer asks for.
    """
    part_id = part["job_id"]
    joint = JointJob(ctx, part["joint"])
    if running := [item["job_id"] for item in joint.data if item["state"] in OPEN]:
        raise Conflict(f"{part_id} can't begin: {', '.join(running)} have not ended", code="parts_open")
    if excuse := _too_few(joint):
        raise Refused(f"{part_id} can't begin: {excuse}", code="too_few")
    for item in joint.data:
        joint.pool.move(item["job_id"], part_id, joint.pool.unspent(item["job_id"]))
    if joint.missing:
        _drop_lower_bounds(ctx, part_id)
    slice_ = joint.pool.slice(part_id)["reserved"]
    record = joint.set_part(part_id, state=next_state(part, "accept"), accepted_at=ctx.now, escrow=slice_)
    joint.write()
    return record


def _drop_lower_bounds(ctx: Context, part_id: str) -> None:
    """Let a combining part cost less than the estimate says that all the data cost at least: not all are there."""
    bounds = ctx.state.need("bounds", part_id)
    ctx.state.put("bounds", part_id, record={**bounds, "phases": [[0, most] for _, most in bounds["phases"]]})


def without_part(ctx: Context, part: dict[str, Any], reason: str) -> JointJob:
    """Go on without a data part that was delivered, or end the joint job where too few remain; return how it stands.

    Raises:
        Conflict: code ``job_state``: the part is not delivered, or the combining part does not run or has settled.
    """
    joint = JointJob(ctx, part["joint"])
    combining = joint.combining
    if part["state"] != "completed":
        raise Conflict(f"{part['job_id']} is {part['state']}: there is nothing to leave out", code="job_state")
    if (combining["state"], combining["verdict"]) != ("running", "start"):
        raise Conflict(
            f"{combining['job_id']} is {combining['state']}, its last settlement says {combining['verdict']!r}: parts"
            " are left out while it runs, before its first settlement",
            code="job_state",
        )
    joint.set_part(part["job_id"], left_out=reason)
    if excuse := _too_few(joint):
        excuse = f"{excuse}; {part['job_id']} is left out: {reason}"
        joint.close_part(combining["job_id"], "cancelled", reason=excuse)
        joint.end("too_few", ending="too_few", reason=excuse)
    else:
        _drop_lower_bounds(ctx, combining["job_id"])
    joint.write()
    return joint


def cancel_joint(ctx: Context, joint_id: str) -> dict[str, Any]:
    """Cancel a joint job: parts that have not begun end, running ones are told to halt; return its record.

    Raises:
        Conflict: code ``job_state``: it has ended, or is cancelled already.
    """
    joint = JointJob(ctx, joint_id)
    next_state(joint.record, "cancel")
    joint.stop_parts()
    return _end_or_wait(joint, "cancelled", "")


def end_joint(ctx: Context, joint_id: str) -> dict[str, Any]:
    """End a joint job that can't complete any more, or stop what it still runs; return its record.

    Behind its deadline whatever is open ends as expired, as ``jobs.expire`` ends a job.

    Raises:
        Conflict: code ``job_state``: it has ended; code ``parts_open``: it waits for parts that were told to halt.
        Refused: code ``not_over``: it can still complete; code ``deadline``: its result may still be delivered.
    """
    joint = JointJob(ctx, joint_id)
    record = joint.record
    if record["state"] not in OPEN:
        raise Conflict(f"{joint_id} is {record['state']} already", code="job_state")
    if ctx.now >= record["deadline"]:
        _expire_parts(ctx, joint)
        return _end_or_wait(joint, record["ending"] or "expired", record["reason"])
    ending, reason = doom_of(joint)
    if ending is None:
        raise Refused(f"{joint_id} can still complete: it ends when its combining part does", code="not_over")
    if record["state"] == "cancelling" and joint.open_parts:
        names = ", ".join(part["job_id"] for part in joint.open_parts)
        raise Conflict(
            f"{joint_id} is stopping: {names} were told to halt, and can be expired at their deadline",
            code="parts_open",
        )
    joint.stop_parts()
    return _end_or_wait(joint, ending, reason)


def _expire_parts(ctx: Context, joint: JointJob) -> None:
    combining = joint.combining
    if combining["verdict"] == "finished" and combining["state"] in OPEN and in_grace(ctx, combining):
        raise Refused(
            f"{combining['job_id']} is finished: its provider has until {GRACE_SECONDS} seconds after the deadline to"
            " deliver",
            code="deadline",
            details={"deadline": combining["deadline"] + GRACE_SECONDS * 1_000},
        )
    for part in joint.open_parts:
        joint.close_part(part["job_id"], "expired")


def _end_or_wait(joint: JointJob, ending: str, reason: str) -> dict[str, Any]:
    if joint.open_parts:
        joint.set(state="cancelling", ending=ending, reason=reason)
    else:
        failed = next((part["error"] for part in joint.data if part["state"] == "failed"), None)
        joint.end(ending, ending=ending, reason=reason, error=failed if ending == "failed" else None)
    joint.write()
    return joint.record


def doom_of(joint: JointJob) -> tuple[str | None, str]:
    """Return in which state a joint job must end and why, (None, "") while it can still complete."""
    record, combining = joint.record, joint.combining
    if record["ending"] is not None:
        return record["ending"], record["reason"]
    if combining["state"] not in OPEN:
        state = "expired" if combining["state"] == "expired" else "provider_failed"
        return state, combining["reason"] or f"the combining part is {combining['state']}"
    excuse = _too_few(joint)
    if not excuse:
        return None, ""
    states = {part["state"] for part in joint.data}
    # A reason that the consumer can do something about says more than the number.
    cause = next((state for state in ("failed", "out_of_totem") if state in states), "too_few")
    return cause, excuse


def _too_few(joint: JointJob) -> str:
    """Return why too few data parts can be delivered; empty while enough can."""
    least = joint.record["at_least"]
    possible = len(joint.data) - len(joint.missing)
    if possible >= least:
        return ""
    return f"{possible} of {len(joint.data)} data parts can be combined, {least} are asked for"
