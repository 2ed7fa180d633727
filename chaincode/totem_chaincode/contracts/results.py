"""Results: for the consumer's eyes only, and so is the itemised bill (which the provider has as well).

A result goes through transient data into the private data of the consumer's organisation, or sealed to its key into
the provider's result store (``sealed``); on the channel are its salted hash and its size. ``result (job)`` is that
record, ``kept_result (provider, expiry, job)`` the index of those that are still there. Reads are checked here,
because a collection does not guard reads by itself: another organisation's client can ask a peer that has it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import BOOKMARK, JOB_ID, LIMIT
from totem_chaincode.contracts.jobs import COMBINING, CONSUMER, PARTIES, padded
from totem_chaincode.contracts.sealed import INLINE_BYTES, INLINE_LINES, get_lines, put_lines, sealed_record
from totem_chaincode.errors import Conflict, Invalid, NotFound, Refused
from totem_chaincode.job_states import is_data_part, is_joint
from totem_chaincode.kept import forget, keep
from totem_chaincode.registry import Rule, Who, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["KEPT_SECONDS", "RESULT", "deliver", "deliver_file", "deliver_sealed", "excess_of", "salted_hash"]

KEPT_SECONDS = 30 * 86_400
"""How long a result is kept for its consumer; then anybody of the job may purge it."""

RESULT = INLINE_LINES


def salted_hash(salt: str, data: bytes) -> str:
    """Return sha256 of the salt's bytes (given in hex) followed by the data, in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(salt) + data).hexdigest()


def deliver(
    ctx: Context, job: dict[str, Any], result_hash: str, result: str, salt: str, *, partial: bool
) -> dict[str, Any]:
    """Put a result into the consumer's private data and its record on the channel; return the record.

    Raises:
        Invalid: the hash is not the salted hash of the result, or the policy delivers results in files.
        Refused: code ``result_limit``: more groups or bytes than the datasets' policies allow.
    """
    if job["policy"]["delivery"] != "ledger":
        raise Invalid("transient.result: the policy delivers results in files; tell hash, lines and bytes (kept)")
    data = result.encode()
    if len(data) > INLINE_BYTES:
        raise Invalid(f"transient.result: more than {INLINE_BYTES} bytes are sealed (sealed), these are {len(data)}")
    if salted_hash(salt, data) != result_hash:
        raise Invalid("arguments.result_hash: not the salted hash of the result")
    if excess := excess_of(job["policy"], result.count("\n"), len(data)):
        raise Refused(f"the result has {excess}", code="result_limit")
    put_lines(ctx, [job["consumer_msp"]], "result", job["job_id"], lines=data, salt=salt)
    return _put(ctx, job, result_hash, len(data), None, partial=partial)


def deliver_sealed(ctx: Context, job: dict[str, Any], told: dict[str, Any], *, partial: bool) -> dict[str, Any]:
    """Record a result that is sealed to the consumer's key and kept by the provider's store; return the record.

    Raises:
        Invalid: the policy delivers results in files, the ciphertext is in no store, or sealed to another key.
        Refused: code ``result_limit``: more groups or bytes than the datasets' policies allow.
    """
    if job["policy"]["delivery"] != "ledger":
        raise Invalid("sealed: the policy delivers results in files; tell hash, lines and bytes (kept)")
    if excess := excess_of(job["policy"], told["lines"], told["bytes"]):
        raise Refused(f"the result has {excess}", code="result_limit")
    if told["location"] is None:
        raise Invalid("sealed.location: the ciphertext of a result is in its provider's store")
    sealed = sealed_record(told, job["consumer_key"])
    return _put(ctx, job, told["hash"], told["bytes"], sealed, partial=partial)


def deliver_file(ctx: Context, job: dict[str, Any], kept: dict[str, Any], *, partial: bool) -> dict[str, Any]:
    """Record a result that stays in a file for the provider to hand over; return the record.

    Raises:
        Invalid: the policy delivers results on the ledger.
        Refused: code ``result_limit``: more groups than the datasets' policies allow.
    """
    if job["policy"]["delivery"] != "file":
        raise Invalid("kept: the policy delivers results on the ledger")
    if excess := excess_of(job["policy"], kept["lines"], kept["bytes"]):
        raise Refused(f"the result has {excess}", code="result_limit")
    return _put(ctx, job, kept["hash"], kept["bytes"], None, partial=partial)


def _put(
    ctx: Context, job: dict[str, Any], result_hash: str, size: int, sealed: dict[str, Any] | None, *, partial: bool
) -> dict[str, Any]:
    record = {
        "hash": result_hash,
        "bytes": size,
        "partial": partial,
        "sealed": sealed,
        "expires_at": ctx.now + KEPT_SECONDS * 1_000,
        "purged_at": None,
    }
    keep(ctx, job["job_id"], job["provider"], record)
    return record


def excess_of(policy: dict[str, Any], lines: int, size: int) -> str:
    """Return in which a result of so many lines and bytes is larger than a policy allows; empty where it is not."""
    if policy["max_groups"] is not None and lines > policy["max_groups"]:
        return f"{lines} lines, the policy allows {policy['max_groups']}"
    if policy["delivery"] == "ledger" and size > policy["max_result_bytes"]:
        return f"{size} bytes, the policy allows {policy['max_result_bytes']}"
    return ""


@transaction(
    "results.get",
    who=CONSUMER,
    arguments={"job_id": JOB_ID},
    read_only=True,
    errors=("not_found", "purged", "result_in_file"),
)
def get(ctx: Context, *, job_id: str) -> JSON:
    """Return a job's result to its consumer: the lines, their salt and hash, whether they are partial.

    That of a joint job also names the providers that are missing in it. Of a sealed result it returns where it is and
    the envelope that opens it (``sealed``); lines and salt are null.
    """
    job = ctx.state.need("job", job_id)
    record = ctx.state.get("result", job_id)
    if record is None or is_data_part(job):
        raise NotFound(f"{job_id} is {job['state']}: it has delivered no result", code="no_result")
    if job["policy"]["delivery"] == "file":
        raise NotFound(
            f"the result of {job_id} is a file of {record['bytes']} bytes that its provider hands over: ask for it and"
            f" for its salt, and compare their sha256 with {record['hash']}",
            code="result_in_file",
        )
    found = {"result": None, "salt": None} if record["sealed"] else get_lines(ctx, "result", job_id)
    if found is None or record["purged_at"] is not None:
        raise NotFound(f"the result of {job_id} is purged", code="purged")
    missing = {"missing": job["missing"]} if is_joint(job) else {}
    return {"job_id": job_id, "state": job["state"], **record, **missing, **found}


@transaction("results.kept", who=by("provider"), arguments={"limit": LIMIT, "bookmark": BOOKMARK}, read_only=True)
def kept(ctx: Context, *, limit: int, bookmark: str) -> JSON:
    """List the results of the caller's jobs that are not purged yet, those that expire first first."""
    rows, following = ctx.state.page("kept_result", (ctx.caller.id,), limit, bookmark)
    found = [{"job_id": parts[-1], **ctx.state.need("result", parts[-1])} for parts, _ in rows]
    return {"results": found, "bookmark": following}


def _receipts(ctx: Context, job_id: str) -> list[dict[str, Any]] | None:
    """Return the receipts of a job's settled phases from the caller's organisation's private data.

    None where it does not have them: those of a data part reach the combining provider with its partial groups only.
    """
    # What is settled says which there are: a part has not all phases of its program.
    settled = [record["index"] for _, record in ctx.state.scan("phase", job_id)]
    found = [ctx.get_private("receipt", job_id, padded(index)) for index in settled]
    return None if None in found else found


def _missing(ctx: Context, job: dict[str, Any]) -> list[int]:
    """Return the settled phases whose receipts the caller's organisation does not have."""
    job_id = job["job_id"]
    settled = [record["index"] for _, record in ctx.state.scan("phase", job_id)]
    return [index for index in settled if ctx.get_private("receipt", job_id, padded(index)) is None]


def _held(ctx: Context, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the receipts of a job or part that the caller's organisation must have."""
    found = _receipts(ctx, job["job_id"])
    if found is None:
        raise NotFound(
            f"the receipts of {job['job_id']} are not all in the caller's private data: missing are those of phases"
            f" {', '.join(map(str, _missing(ctx, job)))}; its provider hands them over when the caller's organisation"
            " endorses again",
            code="no_receipt",
            details={"phases": _missing(ctx, job)},
        )
    return found


@transaction(
    "results.receipts", who=PARTIES, arguments={"job_id": JOB_ID}, read_only=True, errors=("not_found", "no_receipt")
)
def receipts(ctx: Context, *, job_id: str) -> JSON:
    """Return the receipts of a job's settled phases with their salts: whoever has them can recompute the bill.

    Of a joint job also which parts' receipts are not there (``not_held``): the combining provider gets those of a data
    part when it delivers.
    """
    job = ctx.state.need("job", job_id)
    if not is_joint(job):
        return {"job_id": job_id, "receipts": _held(ctx, job)}
    found = {part_id: _receipts(ctx, part_id) for part_id in job["parts"]}
    return {
        "job_id": job_id,
        "receipts": [item for items in found.values() for item in items or ()],
        "not_held": [part_id for part_id, items in found.items() if items is None],
    }


@transaction(
    "results.bill", who=PARTIES, arguments={"job_id": JOB_ID}, read_only=True, errors=("not_found", "no_receipt")
)
def bill(ctx: Context, *, job_id: str) -> JSON:
    """Return a job's itemised bill, recomputed from its receipts: opcode class × type of every settled phase.

    That of a joint job has the bills of its parts as well (``parts``) and is their sum. Parts whose receipts the caller
    does not hold are left out of it and named (``not_held``): the combining provider may never get them, the consumer
    gets them as soon as its organisation endorses.
    """
    job = ctx.state.need("job", job_id)
    if is_joint(job):
        return _joint_bill(ctx, job)
    return _bill(ctx, job, _held(ctx, job))


def _joint_bill(ctx: Context, job: dict[str, Any]) -> dict[str, Any]:
    parts = []
    not_held = []
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for part_id in job["parts"]:
        part = ctx.state.need("job", part_id)
        found = _receipts(ctx, part_id)
        if found is None:
            not_held.append(part_id)
            continue
        parts.append({"part": part["part"], "provider": part["provider"], **_bill(ctx, part, found)})
        for row in parts[-1]["bill"]:
            at = tuple(str(row[name]) for name in ("step", "phase", "opcode", "type"))
            there = rows.get(at, {**row, "count": 0, "totem": 0})
            rows[at] = {**row, "count": there["count"] + row["count"], "totem": there["totem"] + row["totem"]}
    return {
        "job_id": job["job_id"],
        "state": job["state"],
        "escrow": job["escrow"],
        "used": sum(part["used"] for part in parts),
        "paid": job["paid"],
        "returned": job["returned"],
        "bill": list(rows.values()),
        "parts": parts,
        "not_held": not_held,
    }


def _bill(ctx: Context, job: dict[str, Any], receipts: list[dict[str, Any]]) -> dict[str, Any]:
    found = [item["receipt"] for item in receipts]
    program = ctx.state.need("program", job["program_id"])
    table = ctx.state.need("table", job["table_id"])["document"]
    return {
        "job_id": job["job_id"],
        "state": job["state"],
        "escrow": job["escrow"],
        "used": sum(receipt["charge"] for receipt in found),
        "paid": job["paid"],
        "returned": job["returned"],
        "bill": ctx.evaluator.bill(program, table, found),
    }


@transaction(
    "results.purge",
    who=Who((*PARTIES.rules, *by("provider", owns=COMBINING).rules, Rule("consortium"))),
    arguments={"job_id": JOB_ID},
    event="results.purged",
    errors=("not_found", Conflict, "not_expired"),
)
def purge(ctx: Context, *, job_id: str) -> JSON:
    """Delete a result for good: its consumer at any time, the others once it has expired. The hash stays.

    The ciphertext of a sealed one is then for its provider's server to delete. Partial groups of a data part are purged
    like this where their joint job was ended by somebody else than the organisation that has them.
    """
    job = ctx.state.need("job", job_id)
    record = ctx.state.need("result", job_id)
    if record["purged_at"] is not None:
        raise Conflict(f"the result of {job_id} is purged already", code="already_purged")
    if ctx.caller.id != job["consumer"] and ctx.now < record["expires_at"]:
        raise Refused(f"the result of {job_id} is kept for its consumer until it expires", code="not_expired")
    record = forget(ctx, job_id, job["combining"] if is_data_part(job) else job["provider"], record)
    if is_data_part(job):
        ctx.purge_private(job["combining_msp"], "partials", job_id)
    elif job["policy"]["delivery"] == "ledger" and record["sealed"] is None:
        ctx.purge_private(job["consumer_msp"], "result", job_id)
    ctx.emit(job_id=job_id, provider=job["provider"], by=ctx.caller.id)
    return record
