"""Participants: who takes part, as what, and whether they may act now.

``participant (id)`` is a participant's record, ``role (role, id)`` its index, ``charter ()`` the consortium's rules,
``public_key (id)`` the key to which others seal what only this participant may read: that of the certificate with
which it has announced it, or published a dataset, last. Whoever gets a new certificate with a new key announces it.
A certificate alone proves nothing here: any organisation's CA can write any role into it. Certificate and enrolment
must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from totem_chaincode.arguments import BOOKMARK, LIMIT, NOTE, PARTICIPANT, REASON, Choice, Optional
from totem_chaincode.contracts.sealed import key_of
from totem_chaincode.errors import Conflict, Invalid, Refused
from totem_chaincode.formats import Position
from totem_chaincode.registry import EVERYBODY, ROLES, Who, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["active_providers", "note_key"]

_FOUNDER = Who(by("consortium").rules, enrolled=False)


def active_providers(ctx: Context) -> list[str]:
    """Return the ids of all providers that are enrolled and not suspended, in order."""
    ids = [parts[1] for parts, _ in ctx.state.scan("role", "provider")]
    return [id_ for id_ in ids if ctx.state.need("participant", id_)["state"] == "active"]


def note_key(ctx: Context) -> dict[str, JSON] | None:
    """Keep the key of the caller's certificate, unless it is there already; return its record, None without a key."""
    if ctx.caller.public_key is None:
        return None
    known: dict[str, JSON] | None = ctx.state.get("public_key", ctx.caller.id)
    if known is not None and known["public_key"] == ctx.caller.public_key:
        return known
    record: dict[str, JSON] = {
        "participant": ctx.caller.id,
        "public_key": ctx.caller.public_key,
        "certificate": ctx.caller.fingerprint,
        "announced_at": ctx.now,
    }
    ctx.state.put("public_key", ctx.caller.id, record=record)
    return record


@transaction(
    "participants.found",
    who=_FOUNDER,
    arguments={"table_approval": Choice("all", "majority"), "title": Optional(NOTE, "")},
    event="participants.founded",
    errors=(Conflict,),
    any_format=True,
)
def found(ctx: Context, *, table_approval: str, title: str) -> JSON:
    """Found the consortium: set its charter and enrol the caller as its first member. Once in a ledger's life."""
    if ctx.state.get("charter") is not None:
        raise Conflict("the consortium is founded already", code="already_founded")
    charter = {"table_approval": table_approval, "title": title, "founded_at": ctx.now, "founded_by": ctx.caller.id}
    ctx.state.put("charter", record=charter)
    ctx.formats.write(ctx.state, Position(ctx.formats.newest))
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
    known = ctx.state.get("participant", participant)
    if known is not None:
        raise Conflict(f"{participant} is enrolled already, as {known['role']}", code="already_enrolled")
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
    """Return a participant's record with the public key that it has announced; the caller's own where none is named."""
    named = participant or ctx.caller.id
    return {**ctx.state.need("participant", named), "public_key": key_of(ctx, named)}


@transaction("participants.announce_key", who=EVERYBODY, event="participants.key_announced", errors=("no_p256_key",))
def announce_key(ctx: Context) -> JSON:
    """Have others seal what only the caller may read to the key of the certificate that signed this.

    What was sealed to an earlier key stays so: keep it until nothing of that time is needed any more.
    """
    record = note_key(ctx)
    if record is None:
        raise Refused("results can be sealed to ECDSA P-256 keys only, the certificate has another", code="no_p256_key")
    ctx.emit(participant=ctx.caller.id, certificate=ctx.caller.fingerprint)
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
