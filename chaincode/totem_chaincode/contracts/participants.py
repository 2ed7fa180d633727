"""Participants: who takes part, as what, and whether they may act now.

``participant (id)`` is a participant's record, ``role (role, id)`` its index, ``charter ()`` the consortium's rules.
A certificate alone proves nothing here: any organisation's CA can write any role into it. Certificate and enrolment
must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from totem_chaincode.arguments import BOOKMARK, LIMIT, NOTE, PARTICIPANT, REASON, Choice, Optional
from totem_chaincode.errors import Conflict, Invalid
from totem_chaincode.registry import EVERYBODY, ROLES, Who, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["active_providers"]

_FOUNDER = Who(by("consortium").rules, enrolled=False)


def active_providers(ctx: Context) -> list[str]:
    """Return the ids of all providers that are enrolled and not suspended, in order."""
    ids = [parts[1] for parts, _ in ctx.state.scan("role", "provider")]
    return [id_ for id_ in ids if ctx.state.need("participant", id_)["state"] == "active"]


@transaction(
    "participants.found",
    who=_FOUNDER,
    arguments={"table_approval": Choice("all", "majority"), "title": Optional(NOTE, "")},
    event="participants.founded",
    errors=(Conflict,),
)
def found(ctx: Context, *, table_approval: str, title: str) -> JSON:
    """Found the consortium: set its charter and enrol the caller as its first member. Once in a ledger's life."""
    if ctx.state.get("charter") is not None:
        raise Conflict("the consortium is founded already", code="already_founded")
    charter = {"table_approval": table_approval, "title": title, "founded_at": ctx.now, "founded_by": ctx.caller.id}
    ctx.state.put("charter", record=charter)
    _enrol(ctx, ctx.caller.id, "consortium")
    ctx.emit(participant=ctx.caller.id)
    return charter


@transaction(
    "participants.enrol",
    who=by("consortium"),
    arguments={"participant": PARTICIPANT, "role": Choice(*ROLES)},
    event="participants.enrolled",
    errors=(Conflict,),
)
def enrol(ctx: Context, *, participant: str, role: str) -> JSON:
    """Enrol a certificate's holder; its certificate must carry the same role."""
    if ctx.state.get("participant", participant) is not None:
        raise Conflict(f"{participant} is enrolled already", code="already_enrolled")
    record = _enrol(ctx, participant, role)
    ctx.emit(participant=participant, role=role)
    return record


def _enrol(ctx: Context, participant: str, role: str) -> dict[str, JSON]:
    name, msp_id = participant.split("@")
    record: dict[str, JSON] = {
        "participant": participant,
        "name": name,
        "msp_id": msp_id,
        "role": role,
        "state": "active",
        "enrolled_at": ctx.now,
        "enrolled_by": ctx.caller.id,
        "reason": "",
    }
    ctx.state.put("participant", participant, record=record)
    ctx.state.mark("role", role, participant)
    return record


@transaction(
    "participants.suspend",
    who=by("consortium"),
    arguments={"participant": PARTICIPANT, "reason": REASON},
    event="participants.suspended",
    errors=("not_found", Invalid, Conflict),
)
def suspend(ctx: Context, *, participant: str, reason: str) -> JSON:
    """Suspend a participant: nothing it signs is accepted until it is reinstated. Its running jobs expire."""
    record = ctx.state.need("participant", participant)
    if participant == ctx.caller.id:
        raise Invalid("participant: nobody suspends themselves (the last member would lock the consortium out)")
    if record["state"] == "suspended":
        raise Conflict(f"{participant} is suspended already", code="already_suspended")
    record = {**record, "state": "suspended", "reason": reason}
    ctx.state.put("participant", participant, record=record)
    ctx.emit(participant=participant)
    return record


@transaction(
    "participants.reinstate",
    who=by("consortium"),
    arguments={"participant": PARTICIPANT},
    event="participants.reinstated",
    errors=("not_found", Conflict),
)
def reinstate(ctx: Context, *, participant: str) -> JSON:
    """Let a suspended participant act again."""
    record = ctx.state.need("participant", participant)
    if record["state"] != "suspended":
        raise Conflict(f"{participant} is not suspended", code="not_suspended")
    record = {**record, "state": "active", "reason": ""}
    ctx.state.put("participant", participant, record=record)
    ctx.emit(participant=participant)
    return record


@transaction(
    "participants.get",
    who=EVERYBODY,
    arguments={"participant": Optional(PARTICIPANT)},
    read_only=True,
    errors=("not_found",),
)
def get(ctx: Context, *, participant: str | None) -> JSON:
    """Return a participant's record; the caller's own where none is named."""
    record: JSON = ctx.state.need("participant", participant or ctx.caller.id)
    return record


@transaction(
    "participants.list",
    who=EVERYBODY,
    arguments={"role": Optional(Choice(*ROLES)), "limit": LIMIT, "bookmark": BOOKMARK},
    read_only=True,
)
def list_(ctx: Context, *, role: str | None, limit: int, bookmark: str) -> JSON:
    """List participants, all or of one role."""
    if role is None:
        rows, following = ctx.state.page("participant", (), limit, bookmark)
        return {"participants": [record for _, record in rows], "bookmark": following}
    rows, following = ctx.state.page("role", (role,), limit, bookmark)
    return {"participants": [ctx.state.need("participant", parts[1]) for parts, _ in rows], "bookmark": following}


@transaction("participants.charter", who=EVERYBODY, read_only=True, errors=("not_found",))
def charter(ctx: Context) -> JSON:
    """Return the consortium's charter."""
    record: JSON = ctx.state.need("charter")
    return record
