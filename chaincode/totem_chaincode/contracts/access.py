"""Access: a consumer asks for a dataset with its purpose, the provider grants with key, expiry and quota.

``access (id)`` is request and grant in one record, ``access_of (party, time, id)`` an index, ``quota (id)`` a tally of
the totem that may still be spent under the grant. The access key itself goes through transient data into the
consumer organisation's private data; on the channel is only its hash. A one-time code does the same in the other
direction: the consumer makes it at submission, only the provider can read it, and accepting the job uses it up.

::

    request → requested ─┬─ grant → granted ── revoke → revoked
                         └─ deny → denied
    request → granted                      where the dataset's policy says approval: auto
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import (
    AMOUNT,
    BOOKMARK,
    DATASET_ID,
    JOB_ID,
    LIMIT,
    REASON,
    SECONDS,
    Choice,
    Optional,
    Text,
)
from totem_chaincode.contracts.datasets import metadata_of
from totem_chaincode.errors import Conflict, Forbidden, NotFound, Refused
from totem_chaincode.registry import Owns, Rule, Who, by, transaction
from totem_chaincode.state import newest_first
from totem_chaincode.tally import Tally

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["ACCESS_ID", "SECRET", "check_grant", "check_new_code", "hash_of", "put_code", "use_code"]

ACCESS_ID = Text(64, pattern=r"acc-[0-9a-f]{20}", what="access id", form="acc- and 20 hexadecimal digits")
SECRET = Text(128, pattern=r"(?:[0-9a-f]{2}){16,64}", what="secret (16 to 64 random bytes in hex)")

_BOUND_TO = ("job_id", "provider", "consumer", "consumer_certificate")
"""The fields of a job that its one-time code is bound to; accepting compares every one of them."""

_PROVIDER = Owns("access", "access_id", "provider")
_CONSUMER = Owns("access", "access_id", "consumer")


def hash_of(secret: str) -> str:
    """Return sha256 of a secret's text: secrets are random and long, so their hash needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_grant(ctx: Context, access_id: str, dataset_id: str, key: str) -> dict[str, Any]:
    """Return the caller's grant of a dataset after checking all that it must be.

    Raises:
        NotFound: there is no such grant.
        Forbidden: it is another's, of another dataset, not granted, expired, or the key is wrong.
    """
    access: dict[str, Any] = ctx.state.need("access", access_id)
    if access["consumer"] != ctx.caller.id or access["dataset_id"] != dataset_id:
        raise Forbidden(f"{access_id} is no grant of {dataset_id} to {ctx.caller.id}", code="grant")
    if access["state"] != "granted":
        raise Forbidden(f"{access_id} is {access['state']}: {access['reason'] or 'not answered yet'}", code="grant")
    if ctx.now >= access["expires_at"]:
        raise Forbidden(f"{access_id} has expired: ask for access again", code="grant")
    if access["key_hash"] != hash_of(key):
        raise Forbidden(f"{access_id}: the access key is wrong", code="access_key")
    return access


def check_new_code(ctx: Context, code: str) -> None:
    """Do nothing if a one-time code was never given to the ledger.

    Raises:
        Conflict: code ``one_time_code``: it was.
    """
    if ctx.state.get("one_time_code", hash_of(code)) is not None:
        raise Conflict("the one-time code was used before: make a new random one", code="one_time_code")


def put_code(ctx: Context, job: dict[str, Any], code: str) -> None:
    """Keep a new job's one-time code: its hash on the channel, itself for the job's provider only."""
    bound_to = {name: job[name] for name in _BOUND_TO}
    one_time = {**bound_to, "used_at": None}
    ctx.state.put("one_time_code", hash_of(code), record=one_time)
    ctx.put_private([job["provider_msp"]], "one_time_code", job["job_id"], record=code)


def use_code(ctx: Context, job: dict[str, Any], code: str) -> None:
    """Use up a job's one-time code.

    Raises:
        Forbidden: code ``one_time_code``: it is not the job's, or it was used before.
    """
    code_hash = hash_of(code)
    record = ctx.state.get("one_time_code", code_hash)
    if record is None or any(record[name] != job[name] for name in _BOUND_TO) or record["provider"] != ctx.caller.id:
        raise Forbidden(f"the one-time code is not the one of {job['job_id']}", code="one_time_code")
    if record["used_at"] is not None:
        raise Forbidden("the one-time code was used before: it works once", code="one_time_code")
    ctx.state.put("one_time_code", code_hash, record={**record, "used_at": ctx.now})


@transaction(
    "access.request",
    who=by("consumer"),
    arguments={"dataset_id": DATASET_ID, "purpose": REASON},
    transient={"access_key": Optional(SECRET)},
    event="access.requested",
    errors=("not_found", "withdrawn", "access_key"),
)
def request(ctx: Context, *, dataset_id: str, purpose: str, access_key: str | None) -> JSON:
    """Ask for access to a dataset, with the purpose (readable by all on the channel).

    Where the policy approves automatically it is granted at once, under the access key that the consumer gives.
    """
    metadata = metadata_of(ctx, dataset_id, None)
    access_id = f"acc-{ctx.tx_id[:20]}"
    if ctx.state.get("access", access_id) is not None:
        raise Conflict(f"{access_id} is there already: send the request again")
    record = {
        "access_id": access_id,
        "dataset_id": dataset_id,
        "provider": metadata["provider"],
        "consumer": ctx.caller.id,
        "consumer_msp": ctx.caller.msp_id,
        "purpose": purpose,
        "state": "requested",
        "requested_at": ctx.now,
        "expires_at": None,
        "quota": None,
        "key_hash": None,
        "reason": "",
    }
    policy = metadata["policy"]
    if policy["approval"] == "auto":
        if access_key is None:
            raise Refused(
                f"{dataset_id} is approved automatically: give a random access key in transient.access_key",
                code="access_key",
            )
        record = _granted(ctx, record, access_key, policy["grant_seconds"], policy["grant_quota"])
    ctx.state.put("access", access_id, record=record)
    for party in (record["consumer"], record["provider"]):
        ctx.state.mark("access_of", party, newest_first(ctx.now), access_id)
    ctx.emit(access_id=access_id, dataset_id=dataset_id, provider=record["provider"], state=record["state"])
    return record


def _granted(ctx: Context, record: dict[str, Any], key: str, seconds: int, quota: int | None) -> dict[str, Any]:
    access_id = record["access_id"]
    ctx.put_private([record["consumer_msp"]], "access_key", access_id, record=key)
    if quota is not None:
        Tally(ctx.state, "quota", access_id).give(quota, "grant")
    expires_at = ctx.now + seconds * 1_000
    return {**record, "state": "granted", "expires_at": expires_at, "quota": quota, "key_hash": hash_of(key)}


@transaction(
    "access.grant",
    who=by("provider", owns=_PROVIDER),
    arguments={"access_id": ACCESS_ID, "seconds": SECONDS, "quota": Optional(AMOUNT)},
    transient={"access_key": SECRET},
    event="access.granted",
    errors=("not_found", Conflict),
)
def grant(ctx: Context, *, access_id: str, seconds: int, quota: int | None, access_key: str) -> JSON:
    """Grant a request: for its purpose, so many seconds, and so much totem (no quota: any)."""
    record = _granted(ctx, _need(ctx, access_id, "requested"), access_key, seconds, quota)
    ctx.state.put("access", access_id, record=record)
    ctx.emit(access_id=access_id, dataset_id=record["dataset_id"], consumer=record["consumer"])
    return record


@transaction(
    "access.deny",
    who=by("provider", owns=_PROVIDER),
    arguments={"access_id": ACCESS_ID, "reason": REASON},
    event="access.denied",
    errors=("not_found", Conflict),
)
def deny(ctx: Context, *, access_id: str, reason: str) -> JSON:
    """Deny a request, with the reason."""
    return _answer(ctx, access_id, "requested", "denied", reason)


@transaction(
    "access.revoke",
    who=by("provider", owns=_PROVIDER),
    arguments={"access_id": ACCESS_ID, "reason": REASON},
    event="access.revoked",
    errors=("not_found", Conflict),
)
def revoke(ctx: Context, *, access_id: str, reason: str) -> JSON:
    """Take a grant back: no new jobs under it; jobs already submitted are the provider's to accept or decline."""
    return _answer(ctx, access_id, "granted", "revoked", reason)


def _answer(ctx: Context, access_id: str, before: str, after: str, reason: str) -> JSON:
    record = {**_need(ctx, access_id, before), "state": after, "reason": reason}
    ctx.state.put("access", access_id, record=record)
    ctx.emit(access_id=access_id, dataset_id=record["dataset_id"], consumer=record["consumer"])
    return record


def _need(ctx: Context, access_id: str, state: str) -> dict[str, Any]:
    record: dict[str, Any] = ctx.state.need("access", access_id)
    if record["state"] != state:
        raise Conflict(f"{access_id} is {record['state']}, not {state}", code="access_state")
    return record


@transaction(
    "access.get",
    who=Who((Rule("consumer", _CONSUMER), Rule("provider", _PROVIDER), Rule("consortium"))),
    arguments={"access_id": ACCESS_ID},
    read_only=True,
    errors=("not_found",),
)
def get(ctx: Context, *, access_id: str) -> JSON:
    """Return a request or grant, and what is left of its quota."""
    return _with_quota_left(ctx, ctx.state.need("access", access_id))


def _with_quota_left(ctx: Context, record: dict[str, Any]) -> dict[str, Any]:
    left = None if record["quota"] is None else Tally(ctx.state, "quota", record["access_id"]).total()
    return {**record, "quota_left": left}


@transaction(
    "access.list",
    who=by("consumer", "provider"),
    arguments={
        "state": Optional(Choice("requested", "granted", "denied", "revoked")),
        "limit": LIMIT,
        "bookmark": BOOKMARK,
    },
    read_only=True,
)
def list_(ctx: Context, *, state: str | None, limit: int, bookmark: str) -> JSON:
    """List the caller's requests and grants, newest first; with ``state``, those of the page that are in it.

    With what is left of each grant's quota.
    """
    rows, following = ctx.state.page("access_of", (ctx.caller.id,), limit, bookmark)
    records = [ctx.state.need("access", parts[2]) for parts, _ in rows]
    found = [_with_quota_left(ctx, item) for item in records if state in (None, item["state"])]
    return {"access": found, "bookmark": following}


@transaction(
    "access.key",
    who=by("consumer", owns=_CONSUMER),
    arguments={"access_id": ACCESS_ID},
    read_only=True,
    errors=("not_found",),
)
def key(ctx: Context, *, access_id: str) -> JSON:
    """Return the access key of the caller's own grant, from its organisation's private data."""
    found: JSON = ctx.get_private("access_key", access_id)
    if found is None:
        raise NotFound(f"there is no access key of {access_id}: it is not granted")
    return {"access_id": access_id, "access_key": found}


@transaction(
    "access.code",
    who=by("provider", owns=Owns("job", "job_id", "provider")),
    arguments={"job_id": JOB_ID},
    read_only=True,
    errors=("not_found",),
)
def code(ctx: Context, *, job_id: str) -> JSON:
    """Return a job's one-time code to its provider, from its organisation's private data."""
    found: JSON = ctx.get_private("one_time_code", job_id)
    if found is None:
        raise NotFound(f"there is no one-time code of {job_id}")
    return {"job_id": job_id, "code": found}
