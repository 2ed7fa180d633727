"""Submission: the whole pre-check ``eval``, and what a job that passes it leaves on the ledger.

``source (job)``, ``bounds (job)`` and ``program (program_id)`` never change: source and parameters are on the ledger
for everybody on it to read, because the provider must see what it runs; the bounds are what settlements are checked
against. ``submission (consumer, request key)`` makes a repeated submission one job.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical, escrow
from totem_chaincode.arguments import (
    DATASET_ID,
    HASH,
    SLUG,
    Document,
    Fields,
    Integer,
    ListOf,
    Optional,
    Record,
    Text,
)
from totem_chaincode.contracts.access import ACCESS_ID, SECRET, check_grant, hash_of
from totem_chaincode.contracts.datasets import metadata_of
from totem_chaincode.contracts.results import excess_of
from totem_chaincode.contracts.sealed import INLINE_BYTES
from totem_chaincode.contracts.tables import active_table
from totem_chaincode.errors import Conflict, Forbidden, Invalid, Refused
from totem_chaincode.evaluation import Evaluation, Question
from totem_chaincode.job_states import index_job
from totem_chaincode.policy import combine
from totem_chaincode.registry import by, transaction
from totem_chaincode.tally import Tally
from totem_sdk.cost import MAX_TOTEM
from totem_sdk.limits import SOURCE_BYTES

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

_PROGRAM: Fields = {
    "source": Text(SOURCE_BYTES, what="source", too_large="too-large"),
    "filename": Optional(Text(128, pattern=r"[\w.-]+", what="file name"), "job.py"),
    "params": Optional(Document(65_536, "parameters"), {}),
    "table_id": Optional(HASH),
}
_VERSION = Optional(Integer(1, 999_999, "version"))
_PROGRAM_ERRORS = ("not_found", "withdrawn", "datasets", "table", "program", "parameters")


def _load(ctx: Context, datasets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the metadata of a job's datasets, which must be one provider's and of one schema.

    ``policies`` are what each must be used under: of an earlier version its own and today's, which may be stricter.
    """
    names = [item["dataset_id"] for item in datasets]
    if len(set(names)) != len(names):
        raise Invalid("datasets: a dataset is there twice")
    found = []
    for item in datasets:
        current = metadata_of(ctx, item["dataset_id"], None)
        named = current if item["version"] is None else metadata_of(ctx, item["dataset_id"], item["version"])
        found.append({**named, "policies": [named["policy"], current["policy"]]})
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
    policy = combine([policy for item in found for policy in item["policies"]])
    if ctx.caller.public_key is None:  # nothing can be sealed to a key of another kind
        policy["max_result_bytes"] = min(policy["max_result_bytes"], INLINE_BYTES)
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
        raise Refused(f"needs at least {needs:,} totem, the escrow is {totem:,}", code="precheck", details=details)


def _check_result(evaluation: Evaluation, policy: dict[str, Any]) -> None:
    """Refuse a job whose result is certainly larger than the policy lets out, before anybody pays for it."""
    if excess := excess_of(policy, evaluation.least_lines, evaluation.least_bytes):
        raise Refused(
            f"the result has at least {excess}: let the job give less (fewer groups, shorter texts)",
            code="result_limit",
            details={
                "least_lines": evaluation.least_lines,
                "least_bytes": evaluation.least_bytes,
                "max_groups": policy["max_groups"],
                "max_result_bytes": policy["max_result_bytes"],
            },
        )


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
        "deadline_seconds": Optional(Integer(60, 90 * 86_400, "seconds"), 86_400),
        "request_key": Optional(SLUG),
    },
    transient={"access_keys": Document(65_536, "access keys by access id"), "code": SECRET},
    event="jobs.submitted",
    errors=(
        *_PROGRAM_ERRORS,
        "result_limit",
        "precheck",
        "balance",
        "quota",
        "grant",
        "access_key",
        "suspended",
        Conflict,
    ),
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

    A repetition with the same ``request_key`` and arguments (under whatever grants) answers with the job that is there
    already. ``code`` is a random one-time code, which only the provider can read and which accepting uses up.
    """
    given = {
        "source": source,
        "filename": filename,
        "params": params,
        "table_id": table_id,
        "datasets": [{"dataset_id": item["dataset_id"], "version": item["version"]} for item in datasets],
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
    _check_result(evaluation, policy)
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
        "consumer_key": ctx.caller.public_key,
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
        "data": {
            "rows": sum(metadata["statistics"]["rows"] for metadata in found),
            "fragments": sum(len(metadata["fragments"]) for metadata in found),
        },
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
        "undelivered": None,
    }
    ctx.state.put("job", job_id, record=job)
    params_text = list(evaluation.params)
    ctx.state.put("bounds", job_id, record=evaluation.bounds.to_json())
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
            f"{access['access_id']} has {there:,} totem of its quota left, the job asks for {totem:,}",
            code="quota",
            details={"quota_left": there, "escrow": totem},
        )
