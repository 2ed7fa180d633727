"""Accounts: totem is issued by the consortium, moves between participants, and is never made or lost otherwise.

``balance (account)`` with its credits is what an account can spend (``totem_chaincode.tally``), ``escrow (job)`` what
a job has reserved (``totem_chaincode.escrow``). Every movement is double entry: two ``entry`` records that add up to
zero, against the account ``issued`` where totem is made. So Σ balances + Σ open escrows = Σ issued, always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from totem_chaincode.arguments import AMOUNT, BOOKMARK, LIMIT, NOTE, PARTICIPANT, REASON, Choice, Optional, Text
from totem_chaincode.errors import Conflict, Forbidden, Invalid, Refused
from totem_chaincode.escrow import left_of
from totem_chaincode.job_states import is_joint
from totem_chaincode.journal import ISSUED, record_movement
from totem_chaincode.registry import EVERYBODY, by, transaction
from totem_chaincode.state import newest_first
from totem_chaincode.tally import Tally

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

_REQUEST_ID = Text(64, pattern=r"req-[0-9a-f]{20}", what="request id", form="req- and 20 hexadecimal digits")


def _own_or_consortium(ctx: Context, account: str | None) -> str:
    if account is None or account == ctx.caller.id:
        return ctx.caller.id
    if ctx.caller.role != "consortium":
        raise Forbidden(f"{account}: only its owner and the consortium see an account")
    ctx.state.need("participant", account)
    return account


@transaction(
    "accounts.request",
    who=by("consumer", "provider"),
    arguments={"amount": AMOUNT, "reason": REASON},
    event="accounts.requested",
)
def request(ctx: Context, *, amount: int, reason: str) -> JSON:
    """Ask the consortium for totem."""
    request_id = f"req-{ctx.tx_id[:20]}"
    if ctx.state.get("totem_request", request_id) is not None:
        raise Conflict(f"{request_id} is there already: send the request again")
    record = {
        "request_id": request_id,
        "account": ctx.caller.id,
        "amount": amount,
        "reason": reason,
        "state": "open",
        "at": ctx.now,
        "answer": "",
    }
    ctx.state.put("totem_request", request_id, record=record)
    for party in (ctx.caller.id, "*"):
        ctx.state.mark("totem_request_of", party, newest_first(ctx.now), request_id)
    ctx.emit(request_id=request_id, account=ctx.caller.id, amount=amount)
    return record


@transaction(
    "accounts.requests",
    who=EVERYBODY,
    arguments={"limit": LIMIT, "bookmark": BOOKMARK},
    read_only=True,
)
def requests(ctx: Context, *, limit: int, bookmark: str) -> JSON:
    """List requests for totem, newest first: the caller's own; for the consortium, everybody's."""
    party = "*" if ctx.caller.role == "consortium" else ctx.caller.id
    rows, following = ctx.state.page("totem_request_of", (party,), limit, bookmark)
    return {"requests": [ctx.state.need("totem_request", parts[2]) for parts, _ in rows], "bookmark": following}


@transaction(
    "accounts.issue",
    who=by("consortium"),
    arguments={
        "account": PARTICIPANT,
        "amount": AMOUNT,
        "reason": REASON,
        "reference": Optional(NOTE, ""),
        "request_id": Optional(_REQUEST_ID),
    },
    event="accounts.issued",
    errors=("not_found", Conflict, Invalid),
)
def issue(ctx: Context, *, account: str, amount: int, reason: str, reference: str, request_id: str | None) -> JSON:
    """Make totem and credit it to an account, with the reason or an external payment's reference."""
    ctx.state.need("participant", account)
    if request_id is not None:
        _answer(ctx, request_id, "issued", reason, account=account)
    record = {
        "account": account,
        "amount": amount,
        "reason": reason,
        "reference": reference,
        "by": ctx.caller.id,
        "at": ctx.now,
    }
    ctx.state.put("issue", ctx.tx_id, record=record)
    Tally(ctx.state, "balance", account).give(amount, ctx.tx_id)
    record_movement(ctx, ISSUED, account, amount, kind="issue", reason=reason)
    ctx.emit(account=account, amount=amount)
    return record


@transaction(
    "accounts.decline",
    who=by("consortium"),
    arguments={"request_id": _REQUEST_ID, "reason": REASON},
    event="accounts.declined",
    errors=("not_found", Conflict),
)
def decline(ctx: Context, *, request_id: str, reason: str) -> JSON:
    """Decline a request for totem."""
    record = _answer(ctx, request_id, "declined", reason)
    ctx.emit(request_id=request_id, account=record["account"])
    return record


def _answer(ctx: Context, request_id: str, state: str, answer: str, account: str | None = None) -> dict[str, JSON]:
    record: dict[str, JSON] = ctx.state.need("totem_request", request_id)
    if account is not None and record["account"] != account:
        raise Invalid(f"request_id: {request_id} is of {record['account']}, not of {account}")
    if record["state"] != "open":
        raise Conflict(f"{request_id} is {record['state']} already", code="already_answered")
    record = {**record, "state": state, "answer": answer}
    ctx.state.put("totem_request", request_id, record=record)
    return record


@transaction(
    "accounts.transfer",
    who=EVERYBODY,
    arguments={"to": PARTICIPANT, "amount": AMOUNT, "reason": REASON},
    event="accounts.transferred",
    errors=("not_found", Invalid, "balance"),
)
def transfer(ctx: Context, *, to: str, amount: int, reason: str) -> JSON:
    """Move totem from the caller's account to another participant's."""
    ctx.state.need("participant", to)
    if to == ctx.caller.id:
        raise Invalid("to: the account is the caller's own")
    there = Tally(ctx.state, "balance", ctx.caller.id).take(amount)
    if there is not None:
        raise Refused(f"the account holds {there:,} totem, {amount:,} are to be transferred", code="balance")
    Tally(ctx.state, "balance", to).give(amount, ctx.tx_id)
    record_movement(ctx, ctx.caller.id, to, amount, kind="transfer", reason=reason)
    ctx.emit(account=ctx.caller.id, to=to, amount=amount)
    return {"from": ctx.caller.id, "to": to, "amount": amount}


@transaction(
    "accounts.balance",
    who=EVERYBODY,
    arguments={"account": Optional(PARTICIPANT)},
    read_only=True,
    errors=("not_found", Forbidden),
)
def balance(ctx: Context, *, account: str | None) -> JSON:
    """Return what an account can spend and what its open jobs have reserved; the caller's own where none is named."""
    owner = _own_or_consortium(ctx, account)
    reserved = 0
    for parts, _ in ctx.state.scan("open_job", owner):
        job = ctx.state.need("job", parts[1])
        for holder in job["parts"] if is_joint(job) else [job["job_id"]]:
            escrow = ctx.state.need("escrow", holder)
            if escrow["consumer"] == owner:
                reserved += left_of(escrow)
    return {"account": owner, "available": Tally(ctx.state, "balance", owner).total(), "reserved": reserved}


@transaction(
    "accounts.statement",
    who=EVERYBODY,
    arguments={"account": Optional(PARTICIPANT), "limit": LIMIT, "bookmark": BOOKMARK},
    read_only=True,
    errors=("not_found", Forbidden),
)
def statement(ctx: Context, *, account: str | None, limit: int, bookmark: str) -> JSON:
    """List an account's entries, newest first."""
    owner = _own_or_consortium(ctx, account)
    rows, following = ctx.state.page("entry", (owner,), limit, bookmark)
    return {"account": owner, "entries": [record for _, record in rows], "bookmark": following}


@transaction(
    "accounts.audit",
    who=by("consortium"),
    arguments={"detail": Optional(Choice("totals", "accounts"), "totals")},
    read_only=True,
)
def audit(ctx: Context, *, detail: str) -> JSON:
    """Add up everything: issued, available, in escrow; ``balanced`` tells whether it is conserved.

    Reads every balance, credit, issue and escrow: a query for the consortium, not for daily use.
    """
    accounts: dict[str, int] = {}
    for kind in ("balance", "balance_credit"):
        for parts, amount in ctx.state.scan(kind):
            accounts[parts[0]] = accounts.get(parts[0], 0) + amount
    escrowed = sum(left_of(escrow) for _, escrow in ctx.state.scan("escrow"))
    issued = sum(record["amount"] for _, record in ctx.state.scan("issue"))
    available = sum(accounts.values())
    answer: dict[str, JSON] = {
        "issued": issued,
        "available": available,
        "escrowed": escrowed,
        "balanced": issued == available + escrowed,
    }
    if detail == "accounts":
        answer["accounts"] = accounts
    return answer
