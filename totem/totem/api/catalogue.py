"""Routes for what a consumer needs before a job: datasets, access, the account, estimator tables."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, status

from totem.api import models
from totem.api.context import Bookmark, Caller, Limit

__all__ = ["router"]

router = APIRouter(prefix="/v1")


@router.get("/datasets", response_model=models.DatasetPage, tags=["datasets"])
def list_datasets(caller: Caller, limit: Limit = 50, bookmark: Bookmark = "") -> Any:
    """List the catalogue."""
    return caller.session.query("datasets.list", limit=limit, bookmark=bookmark)


@router.get("/datasets/{dataset_id}", response_model=models.DatasetDetail, tags=["datasets"])
def get_dataset(
    caller: Caller,
    dataset_id: models.DatasetId,
    version: Annotated[int | None, Query(ge=1, le=999_999)] = None,
) -> Any:
    """Return a dataset's schema, statistics and policy."""
    return caller.dataset(dataset_id, version)


@router.post("/access-requests", response_model=models.Access, status_code=status.HTTP_201_CREATED, tags=["access"])
def request_access(caller: Caller, body: models.AccessRequest) -> Any:
    """Ask for access to a dataset; it may be granted at once, by the dataset's policy."""
    return caller.request_access(body.dataset_id, body.purpose)


@router.get("/access-requests", response_model=models.AccessPage, tags=["access"])
def list_access(caller: Caller, limit: Limit = 50, bookmark: Bookmark = "") -> Any:
    """List the caller's requests and grants, newest first."""
    return caller.session.query("access.list", limit=limit, bookmark=bookmark)


@router.get("/access-requests/{access_id}", response_model=models.Access, tags=["access"])
def get_access(caller: Caller, access_id: models.AccessId) -> Any:
    """Return a request or grant, with what is left of its quota."""
    return caller.access_record(access_id)


@router.get("/account", response_model=models.Account, tags=["account"])
def get_account(caller: Caller) -> Any:
    """Return what the caller's account can spend and what open jobs have reserved."""
    return caller.balance()


@router.get("/account/statement", response_model=models.StatementPage, tags=["account"])
def get_statement(caller: Caller, limit: Limit = 50, bookmark: Bookmark = "") -> Any:
    """List the account's entries, newest first."""
    return caller.session.query("accounts.statement", limit=limit, bookmark=bookmark)


@router.post(
    "/account/requests", response_model=models.TotemRequestRecord, status_code=status.HTTP_201_CREATED, tags=["account"]
)
def request_totem(caller: Caller, body: models.TotemRequest) -> Any:
    """Ask the consortium for totem."""
    return caller.request_totem(body.amount, body.reason)


@router.get("/tables", response_model=models.TablePage, tags=["tables"])
def list_tables(caller: Caller, limit: Limit = 50, bookmark: Bookmark = "") -> Any:
    """List the estimator tables in every state."""
    return caller.session.query("tables.list", limit=limit, bookmark=bookmark)


@router.get("/tables/{table_id}", response_model=models.TableDetail, tags=["tables"])
def get_table(caller: Caller, table_id: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]) -> Any:
    """Return an estimator table with its weights and approvals."""
    return caller.session.query("tables.get", table_id=table_id)
