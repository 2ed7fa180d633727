"""Jobs as they travel over the REST API: estimates, submissions, jobs with their phases, bills.

Times are milliseconds since 1970 UTC, quantities of totem integers, hashes hexadecimal.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StringConstraints

from totem.api.models import MAX_AMOUNT, DatasetId, Hash, Participant, Request
from totem_sdk.limits import SOURCE_BYTES
from totem_sdk.parameters import MAX_TEXT_BYTES

__all__ = [
    "Bill",
    "Estimate",
    "EstimateRequest",
    "Job",
    "JobId",
    "JobPage",
    "JobRequest",
    "JobState",
    "JobSummary",
]

JobId = Annotated[str, StringConstraints(pattern=r"^job-[0-9a-f]{20}$")]
JobState = Literal[
    "submitted",
    "running",
    "cancelling",
    "completed",
    "out_of_totem",
    "failed",
    "cancelled",
    "declined",
    "provider_failed",
    "expired",
    "too_few",
]
"""``too_few`` ends only jobs over several providers: fewer of them delivered than were asked for."""

Parameter = StrictBool | StrictInt | StrictFloat | Annotated[str, StringConstraints(max_length=MAX_TEXT_BYTES)]


class EstimateRequest(Request):
    """A program to be checked and priced."""

    # How long it may be is the contract's to say: JSON Schema counts characters, not bytes, and has no code of its own.
    source: str = Field(min_length=1, description=f"the job's Python source, at most {SOURCE_BYTES:,} bytes of UTF-8")
    filename: str = Field("job.py", min_length=1, max_length=255)
    datasets: list[DatasetId] = Field(min_length=1, max_length=32)
    params: dict[Annotated[str, StringConstraints(max_length=128)], Parameter] = Field({}, max_length=256)
    table_id: Hash | None = Field(None, description="an active estimator table; the default one if left out")
    combining: Participant | None = Field(
        None,
        description="who combines the partial groups where the datasets are of several providers; if left out the first"
        " of them whom the policies of all others allow",
    )


class JobRequest(EstimateRequest):
    """A job to be submitted; its totem goes into escrow."""

    totem: int = Field(ge=0, le=MAX_AMOUNT)
    deadline_seconds: int = Field(86_400, ge=60, le=90 * 86_400)
    at_least: int | None = Field(
        None, ge=1, le=32, description="of several providers, how many must deliver; all if left out"
    )
    parts_seconds: int | None = Field(
        None,
        ge=30,
        le=90 * 86_400,
        description="how long each of several providers has to deliver; half of deadline_seconds if left out",
    )


class Bounds(BaseModel):
    """An estimate in totem; ``upper`` null: unbounded."""

    lower: int
    expected: int
    upper: int | None


class PhaseName(BaseModel):
    """A phase of the program."""

    step: int
    phase: Literal["map", "reduce"]


class ParameterValue(BaseModel):
    """A parameter as the ledger keeps it: the value as text."""

    name: str
    type: str
    value: str


class PartName(BaseModel):
    """One part of a job over several providers: a provider's own data, or combining what comes out of all."""

    part: Literal["data", "combine"]
    provider: str


class PartEstimate(PartName):
    """What a part costs."""

    phases: list[PhaseName]
    estimate: Bounds


class Note(BaseModel):
    """Something in the program that is accepted and has no effect here; line and column count from 1."""

    line: int
    column: int
    message: str


class EstimatedLine(Bounds):
    """What one line of the source, with its text, may cost in all phases."""

    line: int
    source: str


class BilledLine(BaseModel):
    """What one line of the source, with its text, has cost in the phases settled so far."""

    line: int
    source: str
    totem: int


class Estimate(BaseModel):
    """What the pre-check says about a program without submitting it."""

    program_id: str
    table_id: str
    table: str
    phases: list[PhaseName]
    params: list[ParameterValue]
    estimate: Bounds
    precheck: Literal["none", "lower", "expected", "upper"]
    needs: int | None = Field(description="least escrow that the provider's policy accepts; null: none is enough")
    parts: list[PartEstimate] = Field([], description="of several providers: what each part costs")
    notes: list[Note] = Field([], description="what in the program has no effect here: counters, hints for engines")
    lines: list[EstimatedLine] = Field([], description="by source line, where `by_line` asks for it")


class JobSummary(BaseModel):
    """A job that has been submitted; one over several providers has ``combining`` and what follows it.

    Its ``provider`` is then the one that combines.
    """

    job_id: str
    state: JobState
    provider: str
    combining: str | None = None
    parties: list[str] = Field([], description="all providers of parts, in listed order; the combining one too")
    at_least: int | None = Field(None, description="how many data parts must deliver")
    parts_deadline: int | None = Field(None, description="until when the data parts have to deliver")
    program_id: str
    table_id: str
    phases: list[PhaseName]
    estimate: Bounds
    escrow: int
    deadline: int


class ProgramError(BaseModel):
    """Why a job failed: kind, and the source line where it is the program's error."""

    kind: str
    line: int | None


class SettledPhase(PhaseName):
    """A phase that the ledger has settled."""

    index: int
    charge: int
    left: int
    end: Literal["done", "out_of_totem", "failed", "cancelled"]
    verdict: str
    settled_at: int


class SealedRecord(BaseModel):
    """Where a sealed result is, and what opens it: ciphertext's sha256 and size, key envelope, the reader's key."""

    format: str
    recipient: str
    envelope: str
    ciphertext: str
    ciphertext_bytes: int
    location: str


class ResultRecord(BaseModel):
    """What the ledger says of a result; ``sealed`` where its provider's store has it: all over 1 MB, some others."""

    hash: str
    bytes: int
    partial: bool
    sealed: SealedRecord | None
    expires_at: int
    purged_at: int | None


class Withheld(BaseModel):
    """A result that is larger than the policy allows: its size and salted sha256, as its provider tells them."""

    hash: str
    lines: int
    bytes: int


class DataSize(BaseModel):
    """How large the data of a job are: published rows, and the fragments that they are in."""

    rows: int
    fragments: int


class Dry(BaseModel):
    """A part that waits for what others leave: what it has used of its slice, and the charge that waits."""

    used: int
    needs: int


class JobPart(PartName):
    """A part with what it has used so far; ``slice`` is what it holds of the job's escrow.

    ``left_out``: why the combining provider goes on without a data part that was delivered.
    """

    job_id: str
    state: JobState
    data: DataSize
    phases: list[PhaseName]
    estimate: Bounds
    deadline: int
    accepted_at: int | None
    ended_at: int | None
    slice: int
    used: int
    left: int
    paid: int | None
    dry: Dry | None
    left_out: str | None
    settled: list[SettledPhase]
    error: ProgramError | None
    reason: str


class Job(JobSummary):
    """A job with what it has used so far; one over several providers with its parts, and whose data are missing."""

    consumer: str
    data: DataSize
    submitted_at: int
    accepted_at: int | None
    ended_at: int | None
    used: int
    left: int
    paid: int | None
    returned: int | None
    settled: list[SettledPhase]
    error: ProgramError | None
    reason: str
    result: ResultRecord | None
    undelivered: Withheld | None
    missing: list[str] = []
    parts: list[JobPart] = []


class JobListed(JobSummary):
    """A job in a list."""

    submitted_at: int
    ended_at: int | None
    paid: int | None
    returned: int | None
    error: ProgramError | None


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    jobs: list[JobListed]
    bookmark: str


class BillRow(BaseModel):
    """How often an opcode class worked on a data type, and what that cost."""

    step: int
    phase: Literal["map", "reduce"]
    opcode: str
    type: str
    count: int
    totem: int


class BillOf(BaseModel):
    """The itemised bill of a job, or of one part."""

    job_id: str
    state: JobState
    escrow: int
    used: int
    paid: int | None
    returned: int | None
    bill: list[BillRow]


class PartBill(BillOf, PartName):
    """The itemised bill of one part."""


class Bill(BillOf):
    """A job's itemised bill; of one over several providers the sum of its parts', and these.

    ``not_held``: parts that are not in it, because the caller does not hold their receipts.
    """

    parts: list[PartBill] = []
    not_held: list[str] = []
    lines: list[BilledLine] = Field([], description="by source line, where `by_line` asks for it; adds up to `used`")
