"""Tables: the estimator tables that all providers agreed on.

``table (id)`` is a table and its state, ``approval (id, provider)`` one provider's consent (a key of its own, so that
approvals don't conflict), ``default_table ()`` the table that a job gets where it names none. A table's hash is its
id: whoever approves an id approves every weight in it. Several tables may be active; a job keeps its own for life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import BOOKMARK, HASH, LIMIT, Boolean, Document, Optional, Text
from totem_chaincode.contracts.participants import active_providers
from totem_chaincode.errors import Conflict, NotFound, Refused
from totem_chaincode.registry import EVERYBODY, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["active_table"]

_NAME = Text(256, what="table name", prose="line")


def active_table(ctx: Context, table_id: str | None) -> dict[str, Any]:
    """Return the record of an active table; the default one where none is named.

    Raises:
        NotFound: there is no such table, or no default yet.
        Refused: code ``table``: the table is not active.
    """
    if table_id is None:
        table_id = ctx.state.get("default_table")
        if table_id is None:
            raise NotFound("no estimator table is active yet: providers propose and approve one first")
    record: dict[str, Any] = ctx.state.need("table", table_id)
    if record["state"] != "active":
        raise Refused(f"the table {record['name']!r} ({table_id}) is {record['state']}, not active", code="table")
    return record


@transaction(
    "tables.propose",
    who=by("provider", "consortium"),
    arguments={"document": Document(262_144, "table document")},
    event="tables.proposed",
    errors=("invalid", Conflict),
)
def propose(ctx: Context, *, document: dict[str, Any]) -> JSON:
    """Propose an estimator table; its hash becomes its id. Nobody has approved it yet, its proposer neither."""
    table_id = ctx.evaluator.table_id(document)
    if ctx.state.get("table", table_id) is not None:
        raise Conflict(f"the table {table_id} is proposed already", code="already_proposed")
    record = {
        "table_id": table_id,
        "name": _NAME.check(document.get("name"), "arguments.document.name"),
        "document": document,
        "state": "proposed",
        "proposed_by": ctx.caller.id,
        "proposed_at": ctx.now,
    }
    ctx.state.put("table", table_id, record=record)
    ctx.emit(table_id=table_id, name=record["name"], by=ctx.caller.id)
    return {"table_id": table_id, "state": "proposed"}


@transaction(
    "tables.approve",
    who=by("provider"),
    arguments={"table_id": HASH},
    event="tables.approved",
    errors=("not_found", Conflict),
)
def approve(ctx: Context, *, table_id: str) -> JSON:
    """Approve a proposed table as a provider."""
    record = ctx.state.need("table", table_id)
    if record["state"] != "proposed":
        raise Conflict(f"the table {table_id} is {record['state']}, not proposed", code="table_state")
    if ctx.state.get("approval", table_id, ctx.caller.id) is not None:
        raise Conflict(f"{ctx.caller.id} has approved the table {table_id} already", code="already_approved")
    ctx.state.put("approval", table_id, ctx.caller.id, record=ctx.now)
    ctx.emit(table_id=table_id, by=ctx.caller.id)
    return {"table_id": table_id, "approved_by": ctx.caller.id}


def _approvals(ctx: Context, table_id: str) -> tuple[list[str], list[str]]:
    """Return the active providers that have approved and those that have not."""
    consenting = {parts[1] for parts, _ in ctx.state.scan("approval", table_id)}
    providers = active_providers(ctx)
    return [id_ for id_ in providers if id_ in consenting], [id_ for id_ in providers if id_ not in consenting]


def _is_agreed(rule: str, approved: int, missing: int) -> bool:
    return approved > 0 and (missing == 0 if rule == "all" else approved > missing)


@transaction(
    "tables.activate",
    who=by("provider", "consortium"),
    arguments={"table_id": HASH, "default": Optional(Boolean(), True)},
    event="tables.activated",
    errors=("not_found", Conflict, "approvals"),
)
def activate(ctx: Context, *, table_id: str, default: bool) -> JSON:
    """Activate a table that as many active providers have approved as the charter asks; by default for all new jobs."""
    record = ctx.state.need("table", table_id)
    if record["state"] != "proposed":
        raise Conflict(f"the table {table_id} is {record['state']}, not proposed", code="table_state")
    rule = ctx.state.need("charter")["table_approval"]
    approved, missing = _approvals(ctx, table_id)
    if not _is_agreed(rule, len(approved), len(missing)):
        raise Refused(
            f"the charter asks for {'all' if rule == 'all' else 'a majority of the'} active providers:"
            f" {len(approved)} of {len(approved) + len(missing)} have approved",
            code="approvals",
            details={"approved": approved, "missing": missing},
        )
    ctx.state.put("table", table_id, record={**record, "state": "active", "activated_at": ctx.now})
    if default:
        ctx.state.put("default_table", record=table_id)
    ctx.emit(table_id=table_id, name=record["name"], default=default)
    return {"table_id": table_id, "state": "active", "default": default}


@transaction(
    "tables.retire",
    who=by("consortium"),
    arguments={"table_id": HASH},
    event="tables.retired",
    errors=("not_found", Conflict),
)
def retire(ctx: Context, *, table_id: str) -> JSON:
    """Retire an active table that is not the default: new jobs can't name it, running ones keep it."""
    record = ctx.state.need("table", table_id)
    if record["state"] != "active":
        raise Conflict(f"the table {table_id} is {record['state']}, not active", code="table_state")
    if ctx.state.get("default_table") == table_id:
        raise Conflict(f"the table {table_id} is the default: activate another one first", code="default_table")
    ctx.state.put("table", table_id, record={**record, "state": "retired"})
    ctx.emit(table_id=table_id, name=record["name"])
    return {"table_id": table_id, "state": "retired"}


@transaction(
    "tables.get",
    who=EVERYBODY,
    arguments={"table_id": Optional(HASH)},
    read_only=True,
    errors=("not_found",),
)
def get(ctx: Context, *, table_id: str | None) -> JSON:
    """Return a table with its document and approvals; the default one where none is named."""
    record = active_table(ctx, None) if table_id is None else ctx.state.need("table", table_id)
    approved, missing = _approvals(ctx, record["table_id"])
    return {**record, "approved_by": approved, "missing": missing, "default": _is_default(ctx, record["table_id"])}


@transaction(
    "tables.list",
    who=EVERYBODY,
    arguments={"limit": LIMIT, "bookmark": BOOKMARK},
    read_only=True,
)
def list_(ctx: Context, *, limit: int, bookmark: str) -> JSON:
    """List tables in every state, without their documents."""
    rows, following = ctx.state.page("table", (), limit, bookmark)
    tables = [
        {
            **{key: value for key, value in record.items() if key != "document"},
            "default": _is_default(ctx, record["table_id"]),
        }
        for _, record in rows
    ]
    return {"tables": tables, "bookmark": following}


def _is_default(ctx: Context, table_id: str) -> bool:
    return bool(ctx.state.get("default_table") == table_id)
