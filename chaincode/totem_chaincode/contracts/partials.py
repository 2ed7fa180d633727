"""Partial groups: what a data part of a joint job delivers, to the combining provider and nobody else.

They go through transient data into the private data of the combining provider's organisation, or sealed to its key into
the data provider's store where they are large; on the channel are their salted hash and their size. The receipt of the
phase goes with them. They can't be read once the joint job has ended, and are purged then. The consumer never sees
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.arguments import JOB_ID
from totem_chaincode.contracts.jobs import COMBINING, padded
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.contracts.sealed import INLINE_BYTES, get_lines, key_of, put_lines, sealed_record
from totem_chaincode.errors import Invalid, NotFound
from totem_chaincode.job_states import OPEN, is_data_part
from totem_chaincode.registry import by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context

__all__ = ["deliver_partials"]


def deliver_partials(
    ctx: Context,
    part: dict[str, Any],
    *,
    sealed: dict[str, Any] | None,
    partials_hash: str | None,
    groups: str | None,
    salt: str | None,
    receipt: dict[str, Any] | None,
) -> dict[str, Any]:
    """Put a data part's partial groups where the combining provider reads them; return what its record says of them.

    Their salted hash, the groups and the salt are given, or ``sealed`` where they are large. ``receipt`` is that of the
    settled phase with its salt. Settling does not give it to the combining provider: a private record can be written
    only with the endorsement of the organisation that it is for, and nobody's pay may hang on one that is gone.

    Raises:
        Invalid: they are neither given nor sealed, too large, or the hash or the receipt is not theirs.
    """
    settled = ctx.state.need("phase", part["job_id"], padded(0))
    if receipt is None or salted_hash(receipt["salt"], canonical.encode(receipt["receipt"])) != settled["digest"]:
        raise Invalid("transient.receipt: a data part delivers the receipt that was settled, with its salt")
    ctx.put_private([part["combining_msp"]], "receipt", part["job_id"], padded(0), record=receipt)
    if sealed is not None:
        record = sealed_record(sealed, key_of(ctx, part["combining"]))
        return {"hash": sealed["hash"], "bytes": sealed["bytes"], "sealed": record}
    if partials_hash is None or groups is None or salt is None:
        raise Invalid("a data part delivers its partial groups: result_hash with result and salt, or sealed")
    data = groups.encode()
    if len(data) > INLINE_BYTES:
        raise Invalid(f"transient.result: more than {INLINE_BYTES} bytes are sealed (sealed), these are {len(data)}")
    if salted_hash(salt, data) != partials_hash:
        raise Invalid("arguments.result_hash: not the salted hash of the partial groups")
    put_lines(ctx, [part["combining_msp"]], "partials", part["job_id"], lines=data, salt=salt)
    return {"hash": partials_hash, "bytes": len(data), "sealed": None}


@transaction(
    "joint.partials",
    who=by("provider", owns=COMBINING),
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
    if ctx.state.need("job", part["joint"])["state"] not in OPEN:
        raise NotFound(f"the partial groups of {job_id} are purged: its joint job has ended", code="purged")
    found = {"result": None, "salt": None} if record["sealed"] else get_lines(ctx, "partials", job_id)
    if found is None:
        raise NotFound(f"the partial groups of {job_id} are not in the private data that they were put into")
    return {
        "job_id": job_id,
        "provider": part["provider"],
        **record,
        **found,
        "receipt": ctx.get_private("receipt", job_id, padded(0)),
    }
