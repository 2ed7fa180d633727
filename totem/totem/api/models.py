"""What travels over the REST API: requests with their limits, and the resources that come back.

Times are milliseconds since 1970 UTC, quantities of totem integers, hashes hexadecimal. Fields that only the ledger
needs are left out of the resources.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StringConstraints

__all__ = [
    "Access",
    "AccessPage",
    "AccessRequest",
    "Account",
    "Bill",
    "Block",
    "BlockPage",
    "DatasetDetail",
    "DatasetPage",
    "Entry",
    "Estimate",
    "EstimateRequest",
    "Health",
    "Job",
    "JobPage",
    "JobRequest",
    "JobSummary",
    "StatementPage",
    "Table",
    "TableDetail",
    "TablePage",
    "TotemRequest",
    "TotemRequestRecord",
]

DatasetId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
JobId = Annotated[str, StringConstraints(pattern=r"^job-[0-9a-f]{20}$")]
AccessId = Annotated[str, StringConstraints(pattern=r"^acc-[0-9a-f]{20}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Reason = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=500,
        # As the contracts have it: no control characters, nothing that changes the direction of writing.
        pattern=r"^[^\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]+$",
    ),
]
MAX_AMOUNT = 2**53 - 1

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
]


class _Request(BaseModel):
    # Strict: an amount is an integer, not something that could be read as one (true, 1e3, "5").
    model_config = ConfigDict(extra="forbid", strict=True)


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"]


class DatasetSummary(BaseModel):
    """A dataset in the catalogue."""

    dataset_id: str
    provider: str
    title: str
    version: int
    state: Literal["published", "withdrawn"]
    reason: str
    published_at: int


class DatasetPage(BaseModel):
    """A page of the catalogue; ``bookmark`` empty: it is the last one."""

    datasets: list[DatasetSummary]
    bookmark: str


class DatasetDetail(DatasetSummary):
    """A dataset's metadata: never rows, and of hidden columns nothing but name and type."""

    description: str
    current_version: int
    schema_: list[dict[str, str]] = Field(alias="schema", serialization_alias="schema")
    statistics: dict[str, Any]
    fragments: list[str] = Field(description="salted digests of the fragments, in the order of the plan")
    policy: dict[str, Any]


class AccessRequest(_Request):
    """Ask for access to a dataset."""

    dataset_id: DatasetId
    purpose: Reason = Field(description="readable by everybody on the ledger")


class Access(BaseModel):
    """A request for access, and what its provider answered."""

    access_id: str
    dataset_id: str
    provider: str
    consumer: str
    purpose: str
    state: Literal["requested", "granted", "denied", "revoked"]
    requested_at: int
    expires_at: int | None
    quota: int | None
    quota_left: int | None = None
    reason: str


class AccessPage(BaseModel):
    """A page of requests and grants, newest first."""

    access: list[Access]
    bookmark: str


Parameter = StrictBool | StrictInt | StrictFloat | Annotated[str, StringConstraints(max_length=4_096)]


class EstimateRequest(_Request):
    """A program to be checked and priced."""

    source: str = Field(min_length=1, max_length=131_072, description="the job's Python source")
    filename: str = Field("job.py", min_length=1, max_length=255)
    datasets: list[DatasetId] = Field(min_length=1, max_length=32)
    params: dict[Annotated[str, StringConstraints(max_length=128)], Parameter] = Field({}, max_length=256)
    table_id: Hash | None = Field(None, description="an active estimator table; the default one if left out")


class JobRequest(EstimateRequest):
    """A job to be submitted; its totem goes into escrow."""

    totem: int = Field(ge=0, le=MAX_AMOUNT)
    deadline_seconds: int = Field(86_400, ge=60, le=90 * 86_400)


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


class JobSummary(BaseModel):
    """A job that has been submitted."""

    job_id: str
    state: JobState
    provider: str
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


class ResultRecord(BaseModel):
    """What the ledger says of a result."""

    hash: str
    bytes: int
    partial: bool
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


class Undelivered(BaseModel):
    """A finished result that is larger than the datasets' policy allows: paid, and not delivered."""

    hash: str = Field(description="salted; the provider can be asked for the result")
    lines: int
    bytes: int


class Job(JobSummary):
    """A job with what it has used so far."""

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


class Bill(BaseModel):
    """A job's itemised bill."""

    job_id: str
    state: JobState
    escrow: int
    used: int
    paid: int | None
    returned: int | None
    bill: list[BillRow]


class Account(BaseModel):
    """What an account can spend, and what open jobs have reserved."""

    account: str
    available: int
    reserved: int


class Entry(BaseModel):
    """One side of a movement of totem."""

    account: str
    other: str
    amount: int
    kind: str
    reason: str
    job_id: str | None
    at: int
    tx_id: str


class StatementPage(BaseModel):
    """A page of an account's entries, newest first."""

    account: str
    entries: list[Entry]
    bookmark: str


class TotemRequest(_Request):
    """Ask the consortium for totem."""

    amount: int = Field(ge=1, le=MAX_AMOUNT)
    reason: Reason


class TotemRequestRecord(BaseModel):
    """A request for totem and its answer."""

    request_id: str
    account: str
    amount: int
    reason: str
    state: Literal["open", "issued", "declined"]
    at: int
    answer: str


class Table(BaseModel):
    """An estimator table on the ledger."""

    table_id: str
    name: str
    state: Literal["proposed", "active", "retired"]
    proposed_by: str
    proposed_at: int
    default: bool


class TablePage(BaseModel):
    """A page of estimator tables."""

    tables: list[Table]
    bookmark: str


class TableDetail(Table):
    """An estimator table with its weights and who has approved it."""

    document: dict[str, Any]
    approved_by: list[str]
    missing: list[str]


class LedgerTransaction(BaseModel):
    """A transaction in a block: who called what, and whether it was valid."""

    tx_id: str
    function: str
    creator: str
    valid: bool
    code: str
    event: str | None


class Block(BaseModel):
    """A block of the ledger; ``previous`` is the hash of the one before."""

    number: int
    hash: str
    previous: str
    at: int
    transactions: list[LedgerTransaction]


class BlockPage(BaseModel):
    """A page of blocks, newest first; ``height`` is how many there are."""

    height: int
    blocks: list[Block]
