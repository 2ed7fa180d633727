"""Jobs: submission is the whole pre-check ``eval``; then accept, decline, cancel, expire. Phases are in ``settlement``.

``job (id)`` is the record that transitions rewrite; ``source (job)`` and ``program (program_id)`` never change: source
and parameters are on the ledger for everybody on it to read, because the provider must see what it runs. ``job_of``
and ``open_job (party, …)`` are indexes, ``submission (consumer, request key)`` makes a repeated submission one job.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical, escrow
from totem_chaincode.arguments import (
    BOOKMARK,
    DATASET_ID,
    HASH,
    JOB_ID,
    LIMIT,
    REASON,
    SLUG,
    Boolean,
    Choice,
    Document,
    Fields,
    Integer,
    ListOf,
    Optional,
    Record,
    Text,
)
from totem_chaincode.contracts.access import ACCESS_ID, SECRET, check_grant, hash_of, use_code
from totem_chaincode.contracts.datasets import metadata_of
from totem_chaincode.contracts.tables import active_table
from totem_chaincode.errors import Conflict, Forbidden, Invalid, Refused
from totem_chaincode.evaluation import Evaluation, Question
from totem_chaincode.job_states import STATES, end_job, index_job, next_state
from totem_chaincode.policy import combine
from totem_chaincode.registry import EVERYBODY, Owns, Rule, Who, by, transaction
from totem_chaincode.tally import Tally
from totem_sdk.cost import MAX_TOTEM

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["CONSUMER", "PARTIES", "PROVIDER", "padded"]

CONSUMER = by("consumer", owns=Owns("job", "job_id", "consumer"))
PROVIDER = by("provider", owns=Owns("job", "job_id", "provider"))
PARTIES = Who((*CONSUMER.rules, *PROVIDER.rules))
_READERS = Who((*PARTIES.rules, Rule("consortium")))

_PROGRAM: Fields = {
    "source": Text(131_072, what="source"),
    "filename": Optional(Text(128, pattern=r"[\w.-]+", what="file name"), "job.py"),
    "params": Optional(Document(65_536, "parameters"), {}),
    "table_id": Optional(HASH),
}
_VERSION = Optional(Integer(1, 999_999, "version"))
_PROGRAM_ERRORS = ("not_found", "withdrawn", "datasets", "table", "program", "parameters")


def padded(index: int) -> str:
    """Return a phase's number as a key part that sorts by number."""
    return f"{index:04d}"


def _load(ctx: Context, datasets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the metadata of a job's datasets, which must be one provider's and of one schema."""
    names = [item["dataset_id"] for item in datasets]
    if len(set(names)) != len(names):
        raise Invalid("datasets: a dataset is there twice")
    found = [metadata_of(ctx, item["dataset_id"], item["version"]) for item in datasets]
    first = found[0]
    for item in found[1:]:
        if item["provider"] != first["provider"]:
            raise Refused(
                f"{first['dataset_id']} and {item['dataset_id']} are of two providers: a job runs at one",
                code="datasets",
            )
        if item["schema"] != first["schema"]:
            raise Refused(
                f"{first['dataset_id']} and {item['dataset_id']} have different schemas: a job reads one",
                code="datasets",
            )
    return found


def _evaluate(
    ctx: Context,
    found: list[dict[str, Any]],
    *,
    source: str,
    filename: str,
    params: dict[str, Any],
    table_id: str | None,
) -> tuple[Evaluation, dict[str, Any], dict[str, Any]]:
    """Compile, check, price and estimate; return the evaluation, the table's record and the combined policy."""
    table = active_table(ctx, table_id)
    policy = combine([item["policy"] for item in found])
    evaluation = ctx.evaluator.evaluate(
        Question(
            source=source,
            filename=filename,
            params=params,
            schema=found[0]["schema"],
            hidden=frozenset(policy["hidden_columns"]),
            statistics=[item["statistics"] for item in found],
            table=table["document"],
        )
    )
    return evaluation, table, policy


def _needs(evaluation: Evaluation, precheck: str) -> int | None:
    """Return the totem that the pre-check asks for: 0 where it is off, None where it can't be bounded."""
    estimate = evaluation.estimate
    return {"none": 0, "lower": estimate.lower, "expected": estimate.expected, "upper": estimate.upper}[precheck]


def _precheck(evaluation: Evaluation, precheck: str, totem: int) -> None:
    needs = _needs(evaluation, precheck)
    details = {"needs": needs, "escrow": totem, "estimate": evaluation.estimate.to_json(), "precheck": precheck}
    if needs is None:
        raise Refused(
            "the provider's policy asks for an upper bound, and what the program needs can't be bounded",
            code="precheck",
            details=details,
        )
    if needs > totem:
        raise Refused(f"needs at least {needs} totem, the escrow is {totem}", code="precheck", details=details)


@transaction(
    "jobs.estimate",
    who=by("consumer", "provider"),
    arguments={
        **_PROGRAM,
        "datasets": ListOf(Record({"dataset_id": DATASET_ID, "version": _VERSION}), 32, 1),
    },
    read_only=True,
    errors=_PROGRAM_ERRORS,
)
def estimate(
    ctx: Context,
    *,
    source: str,
    filename: str,
    params: dict[str, Any],
    table_id: str | None,
    datasets: list[dict[str, Any]],
) -> JSON:
    """Run the pre-check without submitting: the program's id, phases, estimate, and what the policy asks for."""
    evaluation, table, policy = _evaluate(
        ctx, _load(ctx, datasets), source=source, filename=filename, params=params, table_id=table_id
    )
    return {
        "program_id": evaluation.program_id,
        "table_id": table["table_id"],
        "table": table["name"],
        "phases": [{"step": step, "phase": phase} for step, phase in evaluation.phases],
        "params": list(evaluation.params),
        "estimate": evaluation.estimate.to_json(),
        "precheck": policy["precheck"],
        "needs": _needs(evaluation, policy["precheck"]),
    }


@transaction(
    "jobs.submit",
    who=by("consumer"),
    arguments={
        **_PROGRAM,
        "datasets": ListOf(Record({"dataset_id": DATASET_ID, "version": _VERSION, "access_id": ACCESS_ID}), 32, 1),
        "totem": Integer(0, MAX_TOTEM, "totem"),
        "deadline_seconds": Optional(Integer(1, 90 * 86_400, "seconds"), 86_400),
        "request_key": Optional(SLUG),
    },
    transient={"access_keys": Document(65_536, "access keys by access id"), "code": SECRET},
    event="jobs.submitted",
    errors=(*_PROGRAM_ERRORS, "precheck", "balance", "quota", "grant", "access_key", "suspended", Conflict),
)
def submit(
    ctx: Context,
    *,
    source: str,
    filename: str,
    params: dict[str, Any],
    table_id: str | None,
    datasets: list[dict[str, Any]],
    totem: int,
    deadline_seconds: int,
    request_key: str | None,
    access_keys: dict[str, Any],
    code: str,
) -> JSON:
    """Check grants, program, price and balance, then reserve the totem: the whole pre-check. Refused with reasons.

    A repetition with the same ``request_key`` and arguments answers with the job that is there already. ``code`` is
    a random one-time code, which only the provider can read and which accepting uses up.
    """
    given = {
        "source": source,
        "filename": filename,
        "params": params,
        "table_id": table_id,
        "datasets": datasets,
        "totem": totem,
        "deadline_seconds": deadline_seconds,
    }
    arguments_hash = hashlib.sha256(canonical.encode(given)).hexdigest()
    if request_key is not None:
        earlier = ctx.state.get("submission", ctx.caller.id, request_key)
        if earlier is not None:
            if earlier["arguments_hash"] != arguments_hash:
                raise Conflict(f"the request key {request_key!r} was used for another job", code="request_key")
            return _summary(ctx.state.need("job", earlier["job_id"]))
    job_id = f"job-{ctx.tx_id[:20]}"
    if ctx.state.get("job", job_id) is not None:
        raise Conflict(f"{job_id} is there already: submit again")

    found = _load(ctx, datasets)
    grants = [
        check_grant(
            ctx, item["access_id"], item["dataset_id"], SECRET.check(access_keys.get(item["access_id"]), "access_keys")
        )
        for item in datasets
    ]
    provider = ctx.state.need("participant", found[0]["provider"])
    if provider["state"] != "active":
        raise Forbidden(f"the provider {provider['participant']} is suspended", code="suspended")
    if ctx.state.get("one_time_code", hash_of(code)) is not None:
        raise Conflict("the one-time code was used before: make a new random one", code="one_time_code")
    evaluation, table, policy = _evaluate(
        ctx, found, source=source, filename=filename, params=params, table_id=table_id
    )
    _precheck(evaluation, policy["precheck"], totem)
    for access in grants:
        _take_quota(ctx, access, totem)
    escrow.reserve(ctx, job_id, ctx.caller.id, provider["participant"], totem)

    job = {
        "job_id": job_id,
        "state": "submitted",
        "verdict": "start",
        "consumer": ctx.caller.id,
        "consumer_msp": ctx.caller.msp_id,
        "consumer_certificate": ctx.caller.fingerprint,
        "provider": provider["participant"],
        "provider_msp": provider["msp_id"],
        "program_id": evaluation.program_id,
        "table_id": table["table_id"],
        "datasets": [
            {
                "dataset_id": item["dataset_id"],
                "version": metadata["version"],
                "access_id": item["access_id"],
                "quota": access["quota"] is not None,
            }
            for item, metadata, access in zip(datasets, found, grants, strict=True)
        ],
        "policy": policy,
        "phases": [{"step": step, "phase": phase} for step, phase in evaluation.phases],
        "next_phase": 0,
        "estimate": evaluation.estimate.to_json(),
        "escrow": totem,
        "paid": None,
        "returned": None,
        "deadline": ctx.now + deadline_seconds * 1_000,
        "submitted_at": ctx.now,
        "accepted_at": None,
        "ended_at": None,
        "error": None,
        "reason": "",
        "result": None,
    }
    ctx.state.put("job", job_id, record=job)
    params_text = list(evaluation.params)
    ctx.state.put("source", job_id, record={"source": source, "filename": filename, "params": params_text})
    ctx.state.put("program", evaluation.program_id, record=evaluation.program)
    if request_key is not None:
        submission = {"job_id": job_id, "arguments_hash": arguments_hash}
        ctx.state.put("submission", ctx.caller.id, request_key, record=submission)
    index_job(ctx, job)
    one_time = {"job_id": job_id, "provider": provider["participant"], "consumer": ctx.caller.id, "used_at": None}
    ctx.state.put("one_time_code", hash_of(code), record=one_time)
    ctx.put_private([provider["msp_id"]], "one_time_code", job_id, record=code)
    ctx.emit(job_id=job_id, consumer=ctx.caller.id, provider=provider["participant"], escrow=totem)
    return _summary(job)


def _summary(job: dict[str, Any]) -> JSON:
    fields = ("job_id", "state", "provider", "program_id", "table_id", "phases", "estimate", "escrow", "deadline")
    return {name: job[name] for name in fields}


def _take_quota(ctx: Context, access: dict[str, Any], totem: int) -> None:
    if access["quota"] is None:
        return
    there = Tally(ctx.state, "quota", access["access_id"]).take(totem)
    if there is not None:
        raise Refused(
            f"{access['access_id']} has {there} totem of its quota left, the job asks for {totem}",
            code="quota",
            details={"quota_left": there, "escrow": totem},
        )


@transaction(
    "jobs.accept",
    who=PROVIDER,
    arguments={"job_id": JOB_ID},
    transient={"code": SECRET},
    event="jobs.accepted",
    errors=("not_found", "job_state", "one_time_code", "deadline"),
)
def accept(ctx: Context, *, job_id: str, code: str) -> JSON:
    """Accept a submitted job: uses up its one-time code; the provider's framework may begin."""
    job = ctx.state.need("job", job_id)
    state = next_state(job, "accept")
    if ctx.now >= job["deadline"]:
        raise Refused(f"the deadline of {job_id} has passed: it can only expire", code="deadline")
    use_code(ctx, job, code)
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

    Its provider settles what the live phase has used and ends it by ``jobs.halt``.
    """
    job = ctx.state.need("job", job_id)
    state = next_state(job, "cancel")
    if state == "cancelled":
        return end_job(ctx, job, state)
    record = {**job, "state": state}
    ctx.state.put("job", job_id, record=record)
    ctx.emit(job_id=job_id, state=state, consumer=job["consumer"], provider=job["provider"])
    return record


@transaction(
    "jobs.expire",
    who=EVERYBODY,
    arguments={"job_id": JOB_ID},
    event="jobs.ended",
    errors=("not_found", "job_state", "deadline"),
)
def expire(ctx: Context, *, job_id: str) -> JSON:
    """End an open job whose deadline has passed; everything is returned."""
    job = ctx.state.need("job", job_id)
    state = next_state(job, "expire")
    if ctx.now < job["deadline"]:
        raise Refused(
            f"the deadline of {job_id} has not passed yet", code="deadline", details={"deadline": job["deadline"]}
        )
    return end_job(ctx, job, state)


@transaction("jobs.get", who=_READERS, arguments={"job_id": JOB_ID}, read_only=True, errors=("not_found",))
def get(ctx: Context, *, job_id: str) -> JSON:
    """Return a job: its record, what its escrow has used and has left, its settled phases."""
    job = ctx.state.need("job", job_id)
    held = ctx.state.need("escrow", job_id)
    settled = [record for _, record in ctx.state.scan("phase", job_id)]
    return {**job, "used": held["used"], "left": held["reserved"] - held["used"], "settled": settled}


@transaction("jobs.source", who=_READERS, arguments={"job_id": JOB_ID}, read_only=True, errors=("not_found",))
def source_(ctx: Context, *, job_id: str) -> JSON:
    """Return what a job runs: source, parameters, the compiled program's canonical encoding, the table's document."""
    job = ctx.state.need("job", job_id)
    return {
        **ctx.state.need("source", job_id),
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
