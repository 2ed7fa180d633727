"""Submission: the whole pre-check ``eval``, and what a job at one provider that passes it leaves on the ledger.

``bounds (job)`` never changes: it is what settlements are checked against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import escrow
from totem_chaincode.arguments import DATASET_ID, ListOf, Record
from totem_chaincode.contracts.access import SECRET, check_new_code, put_code
from totem_chaincode.contracts.new_job import (
    ACCESS_KEYS,
    SUBMISSION,
    SUBMISSION_ERRORS,
    active_provider,
    check_grants,
    dataset_entries,
    earlier_of,
    new_job_id,
    new_record,
    note_submission,
    put_program,
    size_of,
)
from totem_chaincode.contracts.precheck import (
    PROGRAM,
    PROGRAM_ERRORS,
    VERSION,
    check_escrow,
    check_result,
    evaluate,
    load,
    quote,
    take_quota,
)
from totem_chaincode.job_ends import index_job
from totem_chaincode.registry import by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context


@transaction(
    "jobs.estimate",
    who=by("consumer", "provider"),
    arguments={
        **PROGRAM,
        "datasets": ListOf(Record({"dataset_id": DATASET_ID, "version": VERSION}), 32, 1),
    },
    read_only=True,
    errors=PROGRAM_ERRORS,
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
    found = load(ctx, datasets)
    return quote(evaluate(ctx, found, source=source, filename=filename, params=params, table_id=table_id))


@transaction(
    "jobs.submit",
    who=by("consumer"),
    arguments=SUBMISSION,
    transient={"access_keys": ACCESS_KEYS, "code": SECRET},
    event="jobs.submitted",
    errors=SUBMISSION_ERRORS,
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
    program = {"source": source, "filename": filename, "params": params, "table_id": table_id}
    given = {**program, "datasets": datasets, "totem": totem, "deadline_seconds": deadline_seconds}
    arguments_hash, earlier = earlier_of(ctx, request_key, given)
    if earlier is not None:
        return _summary(ctx.state.need("job", earlier))
    job_id = new_job_id(ctx)

    found = load(ctx, datasets)
    grants = check_grants(ctx, datasets, access_keys)
    provider = active_provider(ctx, found[0]["provider"])
    check_new_code(ctx, code)
    checked = evaluate(ctx, found, source=source, filename=filename, params=params, table_id=table_id)
    check_result(checked)
    check_escrow(checked, totem)
    for access in grants:
        take_quota(ctx, access, totem)
    escrow.reserve(ctx, job_id, ctx.caller.id, provider["participant"], totem)

    job = {
        **new_record(ctx, job_id, checked, totem, deadline_seconds),
        "provider": provider["participant"],
        "provider_msp": provider["msp_id"],
        "datasets": dataset_entries(datasets, found, grants),
        "data": size_of(found),
        "next_phase": 0,
    }
    ctx.state.put("job", job_id, record=job)
    ctx.state.put("bounds", job_id, record=checked.evaluation.bounds.to_json())
    put_program(ctx, job_id, checked.evaluation, source, filename)
    note_submission(ctx, request_key, job_id, arguments_hash)
    index_job(ctx, job)
    put_code(ctx, job, code)
    ctx.emit(job_id=job_id, consumer=ctx.caller.id, provider=provider["participant"], escrow=totem)
    return _summary(job)


def _summary(job: dict[str, Any]) -> JSON:
    fields = ("job_id", "state", "provider", "program_id", "table_id", "phases", "estimate", "escrow", "deadline")
    return {name: job[name] for name in fields}
