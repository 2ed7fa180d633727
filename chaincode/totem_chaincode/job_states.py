"""A job's states: the one table of allowed transitions, and which ends pay.

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

from totem_chaincode.errors import Conflict

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = [
    "ENDED",
    "GRACE_SECONDS",
    "OPEN",
    "STATES",
    "TRANSITIONS",
    "in_grace",
    "is_absent",
    "is_data_part",
    "is_delivered",
    "is_joint",
    "is_over",
    "is_part",
    "may_stop_waiting",
    "next_state",
    "pays",
    "phase_of",
    "phases_end",
    "whole_of",
]

OPEN = ("submitted", "running", "cancelling")
ENDED = ("completed", "out_of_totem", "failed", "cancelled", "declined", "provider_failed", "expired", "too_few")
"""``too_few`` is an end of joint jobs only: fewer data parts were delivered than the consumer asked for."""
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

    Its deadline has passed; a job that is finished may still be delivered for ``GRACE_SECONDS``, but others wait for
    the data part of a joint job: it is late at its deadline.
    """
    grace = GRACE_SECONDS * 1_000 if job["verdict"] == "finished" and not is_data_part(job) else 0
    return bool(job["deadline"] + grace <= now)


def is_absent(job: Mapping[str, Any], now: float) -> bool:
    """Return whether a data part may be expired at ``now`` (milliseconds since 1970) because nobody has begun it.

    Half of its time has passed and it was not accepted: others may wait for what its slice holds, and they must get it
    clearly before they may stop waiting (``may_stop_waiting``).
    """
    half = (job["deadline"] - job["submitted_at"]) // 2
    return bool(is_data_part(job) and job["state"] == "submitted" and now >= job["submitted_at"] + half)


def is_joint(job: Mapping[str, Any]) -> bool:
    """Return whether a record is that of a joint job as a whole: its parts run, it doesn't."""
    return job.get("kind") == "joint"


def is_part(job: Mapping[str, Any]) -> bool:
    """Return whether a job is a part of a joint job."""
    return job.get("kind") == "part"


def is_data_part(job: Mapping[str, Any]) -> bool:
    """Return whether a job is the part of a joint job that reads one provider's data."""
    return job.get("part") == "data"


def is_delivered(part: Mapping[str, Any]) -> bool:
    """Return whether the combining part goes on from a part: a data part that was delivered and is not left out."""
    return is_data_part(part) and part["state"] == "completed" and part["left_out"] is None


def whole_of(job: Mapping[str, Any]) -> str:
    """Return the id under which source and result of a job are: the joint job's, where it is a part of one."""
    found: str = job["joint"] if is_part(job) else job["job_id"]
    return found


def phase_of(job: Mapping[str, Any], phase_index: int) -> dict[str, Any]:
    """Return a phase of a job by its index in the whole program: a part has only some of them."""
    found: dict[str, Any] = job["phases"][phase_index - _first_phase(job)]
    return found


def phases_end(job: Mapping[str, Any]) -> int:
    """Return the index behind that of a job's last phase."""
    return _first_phase(job) + len(job["phases"])


def _first_phase(job: Mapping[str, Any]) -> int:
    first: int = job["phases"][0]["index"] if is_part(job) and job["phases"] else 0
    return first


def next_state(job: Mapping[str, Any], action: str) -> str:
    """Return the state that an action leads to.

    Raises:
        Conflict: code ``job_state``: the job's state or its last settlement does not allow the action.
    """
    state = job["state"]
    if is_joint(job) and action not in ("cancel", "expire"):
        raise Conflict(f"{job['job_id']} is a joint job: its parts are {_PAST[action]}, not itself", code="job_state")
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


def may_stop_waiting(job: Mapping[str, Any], now: float) -> bool:
    """Return whether a data part that is out of its slice may end so at ``now`` (milliseconds since 1970).

    It was told that nothing is left in the pool (``final``), or the last tenth of its time has begun: whoever had to
    wait to the end could not settle any more and would not be paid. That holds whether it still waits or not: it may
    have stopped just before it is given something.
    """
    last_tenth = (job["deadline"] - job["submitted_at"]) // 10
    return bool(job["final"] or now >= job["deadline"] - last_tenth)


def in_grace(ctx: Context, job: Mapping[str, Any]) -> bool:
    """Return whether a job's provider can still end it as it wants, although the deadline may have passed."""
    until: int = job["deadline"] + GRACE_SECONDS * 1_000
    return ctx.now < until


def pays(ctx: Context, job: Mapping[str, Any], state: str) -> bool:
    """Return whether a job that ends in ``state`` pays what was used.

    A cancelled one does if it was running, an expired one if it was accepted and its grace has not passed.
    """
    return (
        state in _PAYS
        or (state == "cancelled" and job["state"] == "cancelling")
        or (state == "expired" and job["state"] != "submitted" and in_grace(ctx, job))
    )
