"""Partial groups: what a data part of a joint job delivers, to the combining provider and nobody else.

They go through transient data into the private data of the combining provider's organisation, or sealed to its key into
the data provider's store where they are large; on the channel are their salted hash and their size. They are purged by
the transaction that ends the joint job. The consumer never sees them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from totem_chaincode.arguments import JOB_ID
from totem_chaincode.contracts.jobs import padded
from totem_chaincode.contracts.sealed import INLINE_BYTES, get_lines, key_of, put_lines, sealed_record
from totem_chaincode.errors import Invalid, NotFound
from totem_chaincode.job_states import is_data_part
from totem_chaincode.registry import Owns, by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["deliver_partials"]

_COMBINING = by("provider", owns=Owns("job", "job_id", "combining"))


def deliver_partials(
    ctx: Context,
    part: dict[str, Any],
    sealed: dict[str, Any] | None,
    told: tuple[str, str, str] | None,
) -> dict[str, Any]:
    """Put a data part's partial groups where the combining provider reads them; return what its record says of them.

    ``told`` are their salted hash, the groups and the salt; ``sealed`` is given instead where they are large.

    Raises:
        Invalid: they are neither given nor sealed, too large, or the hash is not theirs.
    """
    if sealed is not None:
        record = sealed_record(sealed, key_of(ctx, part["combining"]))
        return {"hash": sealed["hash"], "bytes": sealed["bytes"], "sealed": record}
    if told is None:
        raise Invalid("a data part delivers its partial groups: result_hash with result and salt, or sealed")
    partials_hash, groups, salt = told
    data = groups.encode()
    if len(data) > INLINE_BYTES:
        raise Invalid(f"transient.result: more than {INLINE_BYTES} bytes are sealed (sealed), these are {len(data)}")
    if hashlib.sha256(bytes.fromhex(salt) + data).hexdigest() != partials_hash:
        raise Invalid("arguments.result_hash: not the salted hash of the partial groups")
    put_lines(ctx, [part["combining_msp"]], "partials", part["job_id"], lines=data, salt=salt)
    return {"hash": partials_hash, "bytes": len(data), "sealed": None}


@transaction(
    "joint.partials",
    who=_COMBINING,
    arguments={"job_id": JOB_ID},
    read_only=True,
    errors=("not_found", "no_result", "purged"),
)
def partials(ctx: Context, *, job_id: str) -> JSON:
    """Return a data part's partial groups to the combining provider: text, salt, hash, and its receipt with its salt.

    Sealed ones are named only (``sealed``); text and salt are null then.
    """
    part = ctx.state.need("job", job_id)
    if not is_data_part(part):
        raise Invalid(f"job_id: {job_id} is no data part: only data parts deliver partial groups")
    record = part["result"]
    if record is None:
        raise NotFound(f"{job_id} is {part['state']}: it has delivered no partial groups", code="no_result")
    found = {"result": None, "salt": None} if record["sealed"] else get_lines(ctx, "partials", job_id)
    if found is None:
        raise NotFound(f"the partial groups of {job_id} are purged: its joint job has ended", code="purged")
    return {
        "job_id": job_id,
        "provider": part["provider"],
        **record,
        **found,
        "receipt": ctx.get_private("receipt", job_id, padded(0)),
    }
