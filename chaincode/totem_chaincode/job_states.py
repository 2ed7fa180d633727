"""A job's states: the one table of allowed transitions, and what every end of a job does.

::

    submit → submitted ─┬─ accept → running ── settle* ─┬─ complete → completed        pays what was used
                        │             │                 ├─ halt     → out_of_totem     pays what was used
                        │             │                 ├─ fail     → failed           pays what was used
                        │             │                 └─ cancel   → cancelling       settle once more at most, then
                        │             │                        halt → cancelled        pays what was used
                        ├─ decline → declined            returns everything
                        ├─ cancel  → cancelled           returns everything
                        ├─ give_up → provider_failed                    from every open state; returns everything
                        └─ expire  → expired                            from every open state, after the deadline:
                               a job that was accepted pays what was used, but nothing after GRACE_SECONDS more

What the last settlement said (``verdict``) decides which end may follow: *finished* complete, *out_of_totem* and
*gate* halt, *failed* fail. A job that was finished before its cancel was seen is completed, not halted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from totem_chaincode import escrow
from totem_chaincode.errors import Conflict
from totem_chaincode.state import newest_first
from totem_chaincode.tally import Tally

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = [
    "ENDED",
    "GRACE_SECONDS",
    "OPEN",
    "STATES",
    "TRANSITIONS",
    "end_job",
    "in_grace",
    "index_job",
    "is_over",
    "next_state",
]

OPEN = ("submitted", "running", "cancelling")
ENDED = ("completed", "out_of_totem", "failed", "cancelled", "declined", "provider_failed", "expired")
STATES = OPEN + ENDED

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "accept": {"submitted": "running"},
    "decline": {"submitted": "declined"},
    "settle": {"running": "running", "cancelling": "cancelling"},
    "complete": {"running": "completed", "cancelling": "completed"},
    "halt": {"running": "out_of_totem", "cancelling": "cancelled"},
    "fail": {"running": "failed", "cancelling": "failed"},
    "give_up": dict.fromkeys(OPEN, "provider_failed"),
    "cancel": {"submitted": "cancelled", "running": "cancelling"},
    "expire": dict.fromkeys(OPEN, "expired"),
}

_NEEDED_VERDICT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("settle", "running"): ("start", "continue"),
    ("settle", "cancelling"): ("start", "continue"),
    ("complete", "running"): ("finished",),
    ("complete", "cancelling"): ("finished",),
    ("halt", "running"): ("out_of_totem", "gate"),
    ("halt", "cancelling"): ("start", "continue", "out_of_totem", "gate", "failed", "cancelled"),
    ("fail", "running"): ("failed", "finished"),
    ("fail", "cancelling"): ("failed", "finished"),
}
GRACE_SECONDS = 3_600
"""How long after its deadline an accepted job's provider can still complete it or be paid for what is settled."""

_PAYS = ("completed", "out_of_totem", "failed")


def is_over(job: Mapping[str, Any], now: float) -> bool:
    """Return whether ``jobs.expire`` ends an open job at ``now`` (milliseconds since 1970).

    Its deadline has passed; a job that is finished may still be delivered for ``GRACE_SECONDS``.
    """
    grace = GRACE_SECONDS * 1_000 if job["verdict"] == "finished" else 0
    return bool(job["deadline"] + grace <= now)


def next_state(job: Mapping[str, Any], action: str) -> str:
    """Return the state that an action leads to.

    Raises:
        Conflict: code ``job_state``: the job's state or its last settlement does not allow the action.
    """
    state = job["state"]
    following = TRANSITIONS[action].get(state)
    if following is None:
        raise Conflict(f"{job['job_id']} is {state}: it can't be {_PAST[action]}", code="job_state")
    needed = _NEEDED_VERDICT.get((action, state))
    if needed is not None and job["verdict"] not in needed:
        raise Conflict(
            f"{job['job_id']} can't be {_PAST[action]}: its last settlement says {job['verdict']!r},"
            f" it must say {' or '.join(repr(word) for word in needed)}",
            code="job_state",
        )
    return following


_PAST = {
    "accept": "accepted",
    "decline": "declined",
    "settle": "settled",
    "complete": "completed",
    "halt": "halted",
    "fail": "failed",
    "give_up": "given up",
    "cancel": "cancelled",
    "expire": "expired",
}


def in_grace(ctx: Context, job: Mapping[str, Any]) -> bool:
    """Return whether a job's provider can still end it as it wants, although the deadline may have passed."""
    until: int = job["deadline"] + GRACE_SECONDS * 1_000
    return ctx.now < until


def index_job(ctx: Context, job: Mapping[str, Any]) -> None:
    """Write the index entries of a new job: of its parties, of the consortium, and of what is open."""
    for party in (job["consumer"], job["provider"], "*"):
        ctx.state.mark("job_of", party, newest_first(job["submitted_at"]), job["job_id"])
        ctx.state.mark("open_job", party, job["job_id"])


def end_job(ctx: Context, job: Mapping[str, Any], state: str, **changes: Any) -> dict[str, Any]:
    """End a job in ``state``: close its escrow, give back quotas, write its record; return the record.

    A cancelled job pays if it was running, an expired one if it was accepted and its grace has not passed. ``changes``
    are fields of the record that the end sets.
    """
    job_id = job["job_id"]
    pays = (
        state in _PAYS
        or (state == "cancelled" and job["state"] == "cancelling")
        or (state == "expired" and job["state"] != "submitted" and in_grace(ctx, job))
    )
    money = escrow.pay_out(ctx, job_id) if pays else escrow.void(ctx, job_id)
    for item in job["datasets"]:
        if item["quota"]:
            Tally(ctx.state, "quota", item["access_id"]).give(money["returned"], job_id)
    for party in (job["consumer"], job["provider"], "*"):
        ctx.state.delete("open_job", party, job_id)
    record = {**job, **changes, **money, "state": state, "ended_at": ctx.now}
    ctx.state.put("job", job_id, record=record)
    ctx.emit(
        job_id=job_id, state=state, consumer=job["consumer"], provider=job["provider"], error=record["error"], **money
    )
    return record
