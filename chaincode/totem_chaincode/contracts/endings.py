"""Endings: how a running job delivers its result, and ends completed, halted or failed.

A result goes to the consumer, in its private data, sealed or in a file; what the data part of a joint job gives goes to
the combining provider. Every transaction may be repeated after a crash: the same content gets the same answer and
changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.arguments import HASH, JOB_ID, REASON, Choice, Integer, Optional, Record
from totem_chaincode.contracts.access import SECRET
from totem_chaincode.contracts.jobs import PROVIDER
from totem_chaincode.contracts.partials import deliver_partials
from totem_chaincode.contracts.receipts import ERROR, SALTED
from totem_chaincode.contracts.results import RESULT, deliver, deliver_file, deliver_sealed, excess_of
from totem_chaincode.contracts.sealed import CONTENT, SEALED
from totem_chaincode.errors import Invalid, Refused
from totem_chaincode.job_ends import end_job
from totem_chaincode.job_states import is_data_part, next_state, phases_end, whole_of
from totem_chaincode.registry import transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["RESULT_LIMIT"]

RESULT_LIMIT = "result_limit"
"""The kind of error of a job that finished with a larger result than the dataset's policy allows."""

_SIZE = Integer(0, (1 << 63) - 1, "size")
_DELIVERY = {"result": Optional(RESULT), "salt": Optional(SECRET)}
_PART_DELIVERY = {**_DELIVERY, "content": Optional(CONTENT), "receipt": Optional(SALTED)}
_KEPT = Record({"hash": HASH, "lines": _SIZE, "bytes": _SIZE})
"""A result of which the channel has the size and the salted hash only, as its provider tells them."""


@transaction(
    "jobs.complete",
    who=PROVIDER,
    arguments={
        "job_id": JOB_ID,
        "result_hash": Optional(HASH),
        "sealed": Optional(SEALED),
        "kept": Optional(_KEPT),
    },
    transient=_PART_DELIVERY,
    event="jobs.ended",
    errors=("not_found", "job_state", "result_limit", "invalid"),
)
def complete(
    ctx: Context,
    *,
    job_id: str,
    result_hash: str | None,
    sealed: dict[str, Any] | None,
    kept: dict[str, Any] | None,
    result: str | None,
    salt: str | None,
    content: str | None,
    receipt: dict[str, Any] | None,
) -> JSON:
    """Deliver the result of a job whose phases are all settled; pays what was used, returns the rest.

    A result goes into the consumer's private data (``result``), a large one into the provider's store (``sealed``), or
    it stays in a file where the policy says so (``kept``). The data part of a joint job delivers partial groups
    sealed to the combining provider, their ciphertext in a store or in ``content`` (base64), with the ``receipt`` that
    was settled and its salt.
    """
    job = ctx.state.need("job", job_id)
    told = _told(result_hash, sealed, kept)
    if job["state"] == "completed" and _delivered(job) == told:
        return _ended(job)
    state = next_state(job, "complete")
    _check_given(sealed, kept, result_hash, result, salt)
    if is_data_part(job):
        if kept is not None:
            raise Invalid("kept: partial groups are sealed")
        partials = deliver_partials(ctx, job, sealed=sealed, content=content, receipt=receipt)
        return _ended(end_job(ctx, job, state, result=partials))
    if receipt is not None or content is not None:
        raise Invalid("transient: only a data part of a joint job delivers its receipt and a ciphertext (content)")
    delivered = _deliver(ctx, job, sealed, kept, result_hash=result_hash, result=result, salt=salt, partial=False)
    if delivered is None:
        raise Invalid(
            "a completed job needs its result: result_hash with result and salt in transient, or sealed, or kept"
        )
    return _ended(end_job(ctx, job, state, result=delivered))


def _check_given(
    sealed: dict[str, Any] | None,
    kept: dict[str, Any] | None,
    result_hash: str | None,
    result: str | None,
    salt: str | None,
) -> None:
    """Refuse what is given of a result in two ways, or by half in one."""
    if [sealed, kept, result_hash].count(None) < 2 or ((sealed or kept) and (result, salt) != (None, None)):
        raise Invalid("a result is either in private data (result_hash), or sealed, or in a file (kept)")
    if None in (result_hash, result, salt) and (result_hash, result, salt) != (None, None, None):
        raise Invalid("a result needs result_hash and, in transient, result and salt")


def _deliver(
    ctx: Context,
    job: dict[str, Any],
    sealed: dict[str, Any] | None,
    kept: dict[str, Any] | None,
    *,
    result_hash: str | None,
    result: str | None,
    salt: str | None,
    partial: bool,
) -> dict[str, Any] | None:
    """Deliver a result as it is given, in private data, sealed or in a file; return its record, None for none.

    That of a combining part is the joint job's.
    """
    addressed = {**job, "job_id": whole_of(job)}
    if kept is not None:
        return deliver_file(ctx, addressed, kept, partial=partial)
    if sealed is not None:
        return deliver_sealed(ctx, addressed, sealed, partial=partial)
    if result_hash is None or result is None or salt is None:
        return None
    return deliver(ctx, addressed, result_hash, result, salt, partial=partial)


@transaction(
    "jobs.halt",
    who=PROVIDER,
    arguments={
        "job_id": JOB_ID,
        "result_hash": Optional(HASH),
        "sealed": Optional(SEALED),
        "kept": Optional(_KEPT),
        "undelivered": Optional(_KEPT),
    },
    transient=_DELIVERY,
    event="jobs.ended",
    errors=("not_found", "job_state", "result_limit", "invalid"),
)
def halt(
    ctx: Context,
    *,
    job_id: str,
    result_hash: str | None,
    sealed: dict[str, Any] | None,
    kept: dict[str, Any] | None,
    undelivered: dict[str, Any] | None,
    result: str | None,
    salt: str | None,
) -> JSON:
    """End a job that is out of totem or cancelled; pays what was used, returns the rest.

    A job that ran out of totem in its last phase, a reduce, may deliver the groups that were finished and paid for;
    they are marked partial. ``undelivered`` says how large they are where that is more than the policy allows.
    """
    job = ctx.state.need("job", job_id)
    told = _told(result_hash, sealed, kept)
    if job["state"] in ("out_of_totem", "cancelled") and (_delivered(job), job["undelivered"]) == (told, undelivered):
        return _ended(job)
    state = next_state(job, "halt")
    in_last_reduce = job["next_phase"] == phases_end(job) and job["phases"][-1]["phase"] == "reduce"
    has_groups = job["verdict"] == "out_of_totem" and in_last_reduce
    if not has_groups and (told or undelivered):
        raise Refused(
            f"{job_id} delivers nothing: only a job that ran out of totem in its last reduce has finished groups",
            code="no_partial_result",
        )
    _check_given(sealed, kept, result_hash, result, salt)
    delivered = _deliver(ctx, job, sealed, kept, result_hash=result_hash, result=result, salt=salt, partial=True)
    if undelivered is not None:
        if delivered is not None:
            raise Invalid("undelivered: the finished groups are delivered")
        _check_undelivered(job, undelivered)
    return _ended(end_job(ctx, job, state, result=delivered, undelivered=undelivered))


@transaction(
    "jobs.fail",
    who=PROVIDER,
    arguments={
        "job_id": JOB_ID,
        "side": Choice("program", "provider"),
        "error": ERROR,
        "reason": Optional(REASON, ""),
        "undelivered": Optional(_KEPT),
    },
    event="jobs.ended",
    errors=("not_found", "job_state", "invalid"),
)
def fail(
    ctx: Context, *, job_id: str, side: str, error: dict[str, Any], reason: str, undelivered: dict[str, Any] | None
) -> JSON:
    """End a job that failed: by its program (pays what was used), or by the provider (returns everything).

    A program's failure is what the last settlement says, or ``result_limit`` where the finished result is larger than
    the policy allows: ``undelivered`` then says how large, with its salted hash, for which the provider can be asked.
    """
    job = ctx.state.need("job", job_id)
    ended = "failed" if side == "program" else "provider_failed"
    if job["state"] == ended and (job["error"], job["undelivered"]) == (error, undelivered):
        return _ended(job)
    state = next_state(job, "fail" if side == "program" else "give_up")
    too_large = side == "program" and job["verdict"] == "finished"
    if too_large and is_data_part(job):
        raise Invalid(f"error: {job_id} is a data part: policies limit the result, not partial groups; deliver them")
    if side == "program":
        expected = {"kind": RESULT_LIMIT, "line": None} if too_large else job["error"]
        if error != expected:
            raise Invalid(f"error: the job's error is {canonical.encode(expected).decode()}")
    if (undelivered is not None) != too_large:
        raise Invalid("undelivered: it is given exactly for a finished result that is too large")
    if undelivered is not None:
        _check_undelivered(job, undelivered)
    return _ended(end_job(ctx, job, state, error=error, reason=reason, undelivered=undelivered))


def _check_undelivered(job: dict[str, Any], undelivered: dict[str, Any]) -> None:
    if not excess_of(job["policy"], undelivered["lines"], undelivered["bytes"]):
        raise Invalid("undelivered: so large a result is within the policy: deliver it")


def _ended(job: dict[str, Any]) -> JSON:
    return {name: job[name] for name in ("job_id", "state", "paid", "returned", "result", "error")}


def _told(
    result_hash: str | None, sealed: dict[str, Any] | None, kept: dict[str, Any] | None
) -> tuple[str, str | None] | None:
    """Return what names a result that is told: the hash of its plain text, and that of its ciphertext."""
    if sealed is not None:
        return sealed["hash"], sealed["ciphertext"]
    found = kept["hash"] if kept is not None else result_hash
    return None if found is None else (found, None)


def _delivered(job: dict[str, Any]) -> tuple[str, str | None] | None:
    """Return what names the result that a job has delivered, as ``_told`` does."""
    result = job["result"]
    if result is None:
        return None
    return result["hash"], result["sealed"] and result["sealed"]["ciphertext"]
