"""Routes for jobs: price, submit, follow, cancel, bill, result."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response, status
from fastapi.responses import StreamingResponse
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from totem.api import job_models
from totem.api.context import Bookmark, Caller, Limit, request_key
from totem.api.problems import problem_of
from totem.services.by_line import billed_lines, estimated_lines
from totem.services.consumer import ENDED, Consumer, Submission
from totem.services.errors import ServiceError
from totem.services.lines import ResultLines
from totem.services.pricing import job_notes
from totem.services.session import Record

__all__ = ["RESULT_MEDIA_TYPE", "router"]

router = APIRouter(prefix="/v1", tags=["jobs"])

RESULT_MEDIA_TYPE = "application/x-ndjson"
ByLine = Annotated[bool, Query(description="also what each line of the source costs")]
_POLL_SECONDS = 0.25


def _submission(body: job_models.EstimateRequest, **more: Any) -> Submission:
    return Submission(
        source=body.source,
        filename=body.filename,
        datasets=body.datasets,
        params=body.params,
        table=body.table_id,
        combining=body.combining,
        **more,
    )


@router.post("/estimates", response_model=job_models.Estimate)
def estimate(caller: Caller, body: job_models.EstimateRequest, *, by_line: ByLine = False) -> Any:
    """Check and price a program without submitting it; a refused one answers 422 with the reasons.

    Over datasets of several providers the answer says what each part costs.
    """
    submission = _submission(body)
    found = {**caller.estimate(submission), "notes": job_notes(body.source, body.filename)}
    return {**found, "lines": estimated_lines(caller, submission)} if by_line else found


@router.post("/jobs", response_model=job_models.JobSummary, status_code=status.HTTP_202_ACCEPTED)
def submit_job(
    caller: Caller,
    body: job_models.JobRequest,
    response: Response,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$", description="makes a repeated request the same job"
        ),
    ] = None,
) -> Any:
    """Submit a job under the caller's grants: its totem goes into escrow, the provider runs it.

    With datasets of several providers each runs its part, and one of them combines what comes out.
    """
    job = caller.submit(
        _submission(
            body,
            totem=body.totem,
            deadline_seconds=body.deadline_seconds,
            request_key=request_key(idempotency_key),
            at_least=body.at_least,
            parts_seconds=body.parts_seconds,
        )
    )
    response.headers["Location"] = f"/v1/jobs/{job['job_id']}"
    return {"provider": job.get("combining"), **job}


@router.get("/jobs", response_model=job_models.JobPage)
def list_jobs(
    caller: Caller,
    limit: Limit = 50,
    bookmark: Bookmark = "",
    state: Annotated[job_models.JobState | None, Query(description="only those of the page in this state")] = None,
) -> Any:
    """List the caller's jobs, newest first."""
    return caller.session.query("jobs.list", limit=limit, bookmark=bookmark, state=state)


@router.get("/jobs/{job_id}", response_model=job_models.Job)
def get_job(caller: Caller, job_id: job_models.JobId) -> Any:
    """Return a job with what it has used so far."""
    return caller.job(job_id)


@router.post("/jobs/{job_id}/cancel", response_model=job_models.Job, status_code=status.HTTP_202_ACCEPTED)
def cancel_job(caller: Caller, job_id: job_models.JobId) -> Any:
    """Cancel a job: before it is accepted it costs nothing, later what it has used."""
    caller.cancel(job_id)
    return caller.job(job_id)


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    responses={
        200: {"description": "server-sent events `job`: the job resource whenever it changes, until it ends"},
        204: {"description": "the job has ended, and its end is the event that Last-Event-ID names"},
    },
)
async def follow_job(
    caller: Caller,
    job_id: job_models.JobId,
    last_event_id: Annotated[
        str | None, Header(max_length=64, description="the last event seen: what it has told is not told again")
    ] = None,
) -> Response:
    """Follow a job: an event `job` with the job resource now and whenever it changes; the stream ends with the job.

    A reader that comes back with `Last-Event-ID` gets what has changed since. An event `problem` ends the stream where
    the job can't be read any more.
    """
    job = await run_in_threadpool(caller.job, job_id)
    if last_event_id == _event_of(job).id and job["state"] in ENDED:
        return Response(status_code=status.HTTP_204_NO_CONTENT)  # tells a reader not to come back
    return EventSourceResponse(_changes(caller, job, last_event_id))


async def _changes(caller: Consumer, job: Record, told: str | None) -> AsyncIterator[ServerSentEvent]:
    """Yield the job, unless its reader has been told, and again whenever it has changed, until it has ended."""
    while True:
        event = _event_of(job)
        if event.id != told:
            yield event
            told = event.id
        if job["state"] in ENDED:
            return
        await asyncio.sleep(_POLL_SECONDS)
        try:
            job = await run_in_threadpool(caller.job, job["job_id"])
        except ServiceError as error:
            yield ServerSentEvent(data=json.dumps(problem_of(error)), event="problem")
            return


def _event_of(job: Record) -> ServerSentEvent:
    """Return the event that tells a job as it is now; its id is the same wherever and whenever that is told."""
    document = json.dumps(job_models.Job.model_validate(job).model_dump(mode="json"))
    return ServerSentEvent(data=document, event="job", id=hashlib.sha256(document.encode()).hexdigest()[:16])


@router.get("/jobs/{job_id}/bill", response_model=job_models.Bill)
def get_bill(caller: Caller, job_id: job_models.JobId, *, by_line: ByLine = False) -> Any:
    """Return the itemised bill of the phases settled so far, recomputed from their receipts."""
    found = caller.bill(job_id)
    return {**found, "lines": billed_lines(caller.session, job_id)} if by_line else found


@router.get(
    "/jobs/{job_id}/result",
    response_class=Response,
    responses={
        200: {
            "description": "the result's canonical JSON lines, one [key,value] a line, fetched and opened if sealed",
            "content": {RESULT_MEDIA_TYPE: {"schema": {"type": "string"}}},
            "headers": {
                "ETag": {"schema": {"type": "string"}, "description": "sha256 of the lines"},
                "Totem-Partial": {"schema": {"type": "string"}, "description": "true: the job ran out of totem"},
                "Totem-Missing": {
                    "schema": {"type": "string"},
                    "description": "the providers whose data are not in it, comma-separated; only where there are any",
                },
            },
        }
    },
)
def get_result(caller: Caller, job_id: job_models.JobId) -> Response:
    """Return the result: exactly the bytes whose sha256 is the job's result_sha256.

    It stays where it is until it expires, or until whoever has stored it deletes it there.
    """
    found = caller.result(job_id)
    headers = {
        "ETag": f'"{found.sha256}"',
        "Totem-Partial": "true" if found.partial else "false",
        "Content-Length": str(found.content.size),
    }
    if found.missing:
        headers["Totem-Missing"] = ", ".join(found.missing)
    return StreamingResponse(_sent(found.content), media_type=RESULT_MEDIA_TYPE, headers=headers)


def _sent(lines: ResultLines) -> Iterator[bytes]:
    with closing(lines):
        yield from lines.pieces()


@router.delete("/jobs/{job_id}/result", response_model=job_models.ResultRecord)
def purge_result(caller: Caller, job_id: job_models.JobId) -> Any:
    """Delete the result for good, from the ledger and from its provider's store; its hash stays."""
    return caller.purge(job_id)
