"""Jobs: accept, decline, cancel, expire, and reading them.

How a job comes to be is in ``submission``, how its phases are paid and how it ends in ``settlement``.
``job (id)`` is the record that transitions rewrite; ``job_of`` and ``open_job (party, …)`` are its indexes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import BOOKMARK, JOB_ID, LIMIT, REASON, Boolean, Choice, Optional
from totem_chaincode.contracts.access import SECRET, use_code
from totem_chaincode.errors import Conflict, Refused
from totem_chaincode.job_ends import end_job
from totem_chaincode.job_states import (
    GRACE_SECONDS,
    STATES,
    in_grace,
    is_absent,
    is_data_part,
    is_joint,
    is_part,
    next_state,
    whole_of,
)
from totem_chaincode.joint_ends import begin_combining, cancel_joint, end_joint
from totem_chaincode.joint_job import JointJob
from totem_chaincode.pool import Pool
from totem_chaincode.registry import EVERYBODY, Owns, Rule, Who, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["COMBINING", "CONSUMER", "JOINT_PARTIES", "PARTIES", "PROVIDER", "emit_joint", "padded"]

CONSUMER = by("consumer", owns=Owns("job", "job_id", "consumer"))
PROVIDER = by("provider", owns=Owns("job", "job_id", "provider"))
PARTIES = Who((*CONSUMER.rules, *PROVIDER.rules))
JOINT_PARTIES = Who((*CONSUMER.rules, *by("provider", owns=Owns("job", "job_id", "parties")).rules, Rule("consortium")))
"""Everybody whom a joint job concerns: its consumer, every provider of a part, the consortium."""

COMBINING = Owns("job", "job_id", "combining")
"""The combining provider of a joint job, for the job and each of its parts."""

_READERS = Who((*PARTIES.rules, *JOINT_PARTIES.rules[1:], *by("provider", owns=COMBINING).rules))

_CONCERNED = Who((*PARTIES.rules, *JOINT_PARTIES.rules[1:]))
"""Everybody whom a job or a part concerns: its consumer, its provider, those of the other parts, the consortium."""


def padded(index: int) -> str:
    """Return a phase's number as a key part that sorts by number."""
    return f"{index:04d}"


@transaction(
    "jobs.accept",
    who=PROVIDER,
    arguments={"job_id": JOB_ID},
    transient={"code": SECRET},
    event="jobs.accepted",
    errors=("not_found", "job_state", "one_time_code", "deadline", "parts_open", "too_few"),
)
def accept(ctx: Context, *, job_id: str, code: str) -> JSON:
    """Accept a submitted job: uses up its one-time code; the provider's framework may begin.

    The combining part of a joint job can be accepted when every data part has ended and enough have delivered. All that
    is left in the pool is its escrow then.
    """
    job = ctx.state.need("job", job_id)
    state = next_state(job, "accept")
    if ctx.now >= job["deadline"]:
        raise Refused(f"the deadline of {job_id} has passed: it can only expire", code="deadline")
    use_code(ctx, job, code)
    if is_part(job) and not is_data_part(job):
        record = begin_combining(ctx, job)
    else:
        record = {**job, "state": state, "accepted_at": ctx.now}
        ctx.state.put("job", job_id, record=record)
    ctx.emit(job_id=job_id, consumer=job["consumer"], provider=job["provider"])
    return record


@transaction(
    "jobs.decline",
    who=PROVIDER,
    arguments={"job_id": JOB_ID, "reason": REASON},
    event="jobs.ended",
    errors=("not_found", "job_state"),
)
def decline(ctx: Context, *, job_id: str, reason: str) -> JSON:
    """Decline a submitted job, with the reason; everything is returned."""
    job = ctx.state.need("job", job_id)
    return end_job(ctx, job, next_state(job, "decline"), reason=reason)


@transaction(
    "jobs.cancel",
    who=CONSUMER,
    arguments={"job_id": JOB_ID},
    event="jobs.cancelled",
    errors=("not_found", "job_state"),
)
def cancel(ctx: Context, *, job_id: str) -> JSON:
    """Cancel a job: before it is accepted it ends and everything is returned; a running one stops and is then halted.

    Its provider settles what the live phase has used and ends it by ``jobs.halt``. A joint job is cancelled as a
    whole, with all its parts.
    """
    job = ctx.state.need("job", job_id)
    if is_part(job):
        raise Conflict(f"{job_id} is a part: cancel {job['joint']}, which is all of them", code="job_state")
    if is_joint(job):
        record = cancel_joint(ctx, job_id)
        emit_joint(ctx, record)
        return record
    state = next_state(job, "cancel")
    if state == "cancelled":
        return end_job(ctx, job, state)
    record = {**job, "state": state}
    ctx.state.put("job", job_id, record=record)
    ctx.emit(job_id=job_id, state=state, consumer=job["consumer"], provider=job["provider"])
    return record


@transaction(
    "jobs.expire",
    who=_CONCERNED,
    arguments={"job_id": JOB_ID},
    event="jobs.ended",
    errors=("not_found", "job_state", "deadline"),
)
def expire(ctx: Context, *, job_id: str) -> JSON:
    """End an open job whose deadline has passed: pays what was used if it was accepted, returns the rest.

    A finished job waits an hour (``GRACE_SECONDS``) for its delivery; an accepted job that its provider has not ended
    by then returns everything, settled phases too. The data part of a joint job is late at its deadline, finished or
    not, and if it is not accepted, at half of its time; a joint job expires with all its parts.
    """
    job = ctx.state.need("job", job_id)
    state = next_state(job, "expire")
    if ctx.now < job["deadline"] and not is_absent(job, ctx.now):
        raise Refused(
            f"the deadline of {job_id} has not passed yet", code="deadline", details={"deadline": job["deadline"]}
        )
    if is_joint(job):
        record = end_joint(ctx, job_id)
        emit_joint(ctx, record)
        return record
    if job["verdict"] == "finished" and not is_data_part(job) and in_grace(ctx, job):
        raise Refused(
            f"{job_id} is finished: its provider has until {GRACE_SECONDS} seconds after the deadline to deliver",
            code="deadline",
            details={"deadline": job["deadline"] + GRACE_SECONDS * 1_000},
        )
    return end_job(ctx, job, state)


@transaction("jobs.get", who=_READERS, arguments={"job_id": JOB_ID}, read_only=True, errors=("not_found",))
def get(ctx: Context, *, job_id: str) -> JSON:
    """Return a job: its record, what its escrow has used and has left, its settled phases, its result's hash.

    Of a joint job also its parts, as they are returned by themselves, and which providers are missing so far; of a part
    the slice of the pool that it holds.
    """
    job = ctx.state.need("job", job_id)
    if is_joint(job):
        return _joint_view(ctx, job_id)
    return _view(ctx, job)


def _view(ctx: Context, job: dict[str, Any]) -> dict[str, Any]:
    held = ctx.state.need("escrow", job["job_id"])
    settled = [record for _, record in ctx.state.scan("phase", job["job_id"])]
    used, left = held["used"], held["reserved"] - held["used"]
    view = {**job, "used": used, "left": left, "settled": settled}
    if is_part(job):
        view |= {"slice": held["reserved"], "left": Pool(ctx, [job["job_id"]]).unspent(job["job_id"])}
    if not is_data_part(job):
        view["result"] = ctx.state.get("result", whole_of(job))  # the job's own copy is that of its end
    return view


def _joint_view(ctx: Context, job_id: str) -> dict[str, Any]:
    joint = JointJob(ctx, job_id)
    parts = [_view(ctx, part) for part in joint.parts.values()]
    used = sum(part["used"] for part in parts)
    return {
        **joint.record,
        "result": ctx.state.get("result", job_id),
        "used": used,
        "left": sum(part["left"] for part in parts),
        "settled": [],
        "missing": joint.missing,
        "parts": parts,
    }


def emit_joint(ctx: Context, record: dict[str, Any]) -> None:
    """Set the event of a transaction that has changed a joint job as a whole."""
    names = ("job_id", "state", "consumer", "provider", "parties", "error", "paid", "returned")
    ctx.emit(**{name: record[name] for name in names})


@transaction("jobs.source", who=_READERS, arguments={"job_id": JOB_ID}, read_only=True, errors=("not_found",))
def source_(ctx: Context, *, job_id: str) -> JSON:
    """Return what a job runs: source, parameters, the compiled program's canonical encoding, the table's document."""
    job = ctx.state.need("job", job_id)
    return {
        **ctx.state.need("source", whole_of(job)),
        "program_id": job["program_id"],
        "program": ctx.state.need("program", job["program_id"]),
        "table": ctx.state.need("table", job["table_id"])["document"],
    }


@transaction(
    "jobs.list",
    who=EVERYBODY,
    arguments={
        "open": Optional(Boolean(), False),
        "state": Optional(Choice(*STATES)),
        "limit": LIMIT,
        "bookmark": BOOKMARK,
    },
    read_only=True,
)
def list_(ctx: Context, *, open: bool, state: str | None, limit: int, bookmark: str) -> JSON:  # noqa: A002 -- the argument's name
    """List the caller's jobs (the consortium's: all), newest first, or those still open.

    With ``state``, those of the page that are in it.
    """
    party = "*" if ctx.caller.role == "consortium" else ctx.caller.id
    rows, following = ctx.state.page("open_job" if open else "job_of", (party,), limit, bookmark)
    records = [ctx.state.need("job", parts[-1]) for parts, _ in rows]
    return {"jobs": [job for job in records if state in (None, job["state"])], "bookmark": following}
