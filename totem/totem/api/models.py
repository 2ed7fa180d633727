"""What travels over the REST API: requests with their limits, and the resources that come back.

Jobs are in ``job_models``. Times are milliseconds since 1970 UTC, quantities of totem integers, hashes hexadecimal.
Fields that only the ledger needs are left out of the resources.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "Access",
    "AccessPage",
    "AccessRequest",
    "Account",
    "Block",
    "BlockPage",
    "DatasetDetail",
    "DatasetId",
    "DatasetPage",
    "Entry",
    "Hash",
    "Health",
    "MAX_AMOUNT",
    "Participant",
    "Request",
    "StatementPage",
    "Table",
    "TableDetail",
    "TablePage",
    "TotemRequest",
    "TotemRequestRecord",
]

DatasetId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Participant = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}@[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
]
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


class Request(BaseModel):
    """What every request is: nothing unknown in it, and nothing read as what it is not."""

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


class AccessRequest(Request):
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


class TotemRequest(Request):
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
