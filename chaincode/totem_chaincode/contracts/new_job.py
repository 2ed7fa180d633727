"""What every submission does, to one provider or to several: its arguments, its grants, its records.

``source (job)`` and ``program (program_id)`` never change: source and parameters are on the ledger for everybody on it
to read, because the provider must see what it runs. ``submission (consumer, request key)`` makes a repeated submission
one job.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.arguments import DATASET_ID, SLUG, Document, Fields, Integer, ListOf, Optional, Record
from totem_chaincode.contracts.access import ACCESS_ID, SECRET, check_grant
from totem_chaincode.contracts.precheck import PROGRAM, PROGRAM_ERRORS, VERSION
from totem_chaincode.errors import Conflict, Forbidden
from totem_sdk.cost import MAX_TOTEM

if TYPE_CHECKING:
    from totem_chaincode.context import Context
    from totem_chaincode.contracts.precheck import Checked
    from totem_chaincode.evaluation import Evaluation

__all__ = [
    "ACCESS_KEYS",
    "SUBMISSION",
    "SUBMISSION_ERRORS",
    "active_provider",
    "check_grants",
    "dataset_entries",
    "earlier_of",
    "new_job_id",
    "new_record",
    "note_submission",
    "put_program",
    "size_of",
]

SUBMISSION: Fields = {
    **PROGRAM,
    "datasets": ListOf(Record({"dataset_id": DATASET_ID, "version": VERSION, "access_id": ACCESS_ID}), 32, 1),
    "totem": Integer(0, MAX_TOTEM, "totem"),
    "deadline_seconds": Optional(Integer(60, 90 * 86_400, "seconds"), 86_400),
    "request_key": Optional(SLUG),
}
"""What every submission takes, to one provider or to several."""

SUBMISSION_ERRORS = (
    *PROGRAM_ERRORS,
    "result_limit",
    "precheck",
    "balance",
    "quota",
    "grant",
    "access_key",
    "suspended",
    Conflict,
)

ACCESS_KEYS = Document(65_536, "access keys by access id")


def earlier_of(ctx: Context, request_key: str | None, given: dict[str, Any]) -> tuple[str, str | None]:
    """Return the hash of what a consumer asks for, and the id of the job that it has become already, or None.

    Raises:
        Conflict: code ``request_key``: the key was used for something else.
    """
    datasets = [{name: item[name] for name in ("dataset_id", "version")} for item in given["datasets"]]
    asked = {**given, "datasets": datasets}
    arguments_hash = hashlib.sha256(canonical.encode(asked)).hexdigest()
    earlier = None if request_key is None else ctx.state.get("submission", ctx.caller.id, request_key)
    if earlier is None:
        return arguments_hash, None
    if earlier["arguments_hash"] != arguments_hash:
        raise Conflict(f"the request key {request_key!r} was used for another job", code="request_key")
    return arguments_hash, earlier["job_id"]


def new_job_id(ctx: Context) -> str:
    """Return the id of the job that this transaction makes.

    Raises:
        Conflict: by a rare chance there is one of this name.
    """
    job_id = f"job-{ctx.tx_id[:20]}"
    if ctx.state.get("job", job_id) is not None:
        raise Conflict(f"{job_id} is there already: submit again")
    return job_id


def check_grants(ctx: Context, datasets: list[dict[str, Any]], access_keys: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the caller's grants of datasets after checking them and their keys (see ``check_grant``)."""
    return [
        check_grant(
            ctx, item["access_id"], item["dataset_id"], SECRET.check(access_keys.get(item["access_id"]), "access_keys")
        )
        for item in datasets
    ]


def active_provider(ctx: Context, participant: str) -> dict[str, Any]:
    """Return a provider's record.

    Raises:
        NotFound: nobody of this name is enrolled.
        Forbidden: it is suspended (code ``suspended``), or no provider.
    """
    provider: dict[str, Any] = ctx.state.need("participant", participant)
    if provider["state"] != "active":
        raise Forbidden(f"the provider {participant} is suspended", code="suspended")
    if provider["role"] != "provider":
        raise Forbidden(f"{participant} is a {provider['role']}, not a provider")
    return provider


def dataset_entries(
    datasets: list[dict[str, Any]], found: list[dict[str, Any]], grants: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what a job's record says of its datasets."""
    return [
        {
            "dataset_id": item["dataset_id"],
            "version": metadata["version"],
            "access_id": item["access_id"],
            "quota": access["quota"] is not None,
        }
        for item, metadata, access in zip(datasets, found, grants, strict=True)
    ]


def size_of(found: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many rows and fragments datasets have together, as they are published."""
    return {
        "rows": sum(metadata["statistics"]["rows"] for metadata in found),
        "fragments": sum(len(metadata["fragments"]) for metadata in found),
    }


def new_record(ctx: Context, job_id: str, checked: Checked, totem: int, deadline_seconds: int) -> dict[str, Any]:
    """Return what the record of every new job says, whoever runs it."""
    evaluation = checked.evaluation
    return {
        "job_id": job_id,
        "state": "submitted",
        "verdict": "start",
        "consumer": ctx.caller.id,
        "consumer_msp": ctx.caller.msp_id,
        "consumer_certificate": ctx.caller.fingerprint,
        "consumer_key": ctx.caller.public_key,
        "program_id": evaluation.program_id,
        "table_id": checked.table["table_id"],
        "policy": checked.policy,
        "phases": [{"step": step, "phase": phase} for step, phase in evaluation.phases],
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


def put_program(ctx: Context, job_id: str, evaluation: Evaluation, source: str, filename: str) -> None:
    """Write what a job runs: its source with its parameters, and the compiled program."""
    params = list(evaluation.params)
    ctx.state.put("source", job_id, record={"source": source, "filename": filename, "params": params})
    ctx.state.put("program", evaluation.program_id, record=evaluation.program)


def note_submission(ctx: Context, request_key: str | None, job_id: str, arguments_hash: str) -> None:
    """Remember under which request key a job was submitted."""
    if request_key is not None:
        submission = {"job_id": job_id, "arguments_hash": arguments_hash}
        ctx.state.put("submission", ctx.caller.id, request_key, record=submission)
