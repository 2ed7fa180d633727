"""Partial groups: what a data part of a joint job delivers, to the combining provider and nobody else.

They are always sealed to the combining provider's key: whoever endorses sees transient data, and may be the consumer's
organisation, which never sees partial groups. Their ciphertext goes into the private data of the combining provider's
organisation, a large one into the data provider's store; on the channel are their salted hash and their size. The
receipt of the phase goes with them. They can't be read once the joint job has ended, and are purged then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.arguments import JOB_ID
from totem_chaincode.contracts.jobs import COMBINING, padded
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.contracts.sealed import get_ciphertext, key_of, put_ciphertext, sealed_record
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
    content: str | None,
    receipt: dict[str, Any] | None,
) -> dict[str, Any]:
    """Put a data part's partial groups where the combining provider reads them; return what its record says of them.

    ``sealed`` says what and where they are; ``content`` is the ciphertext of those that are in no store. ``receipt`` is
    that of the settled phase with its salt. Settling does not give it to the combining provider: a private record can
    be written only with the endorsement of the organisation that it is for, and nobody's pay may hang on one that is
    gone.

    Raises:
        Invalid: they are not sealed, or to another key, too large, or the ciphertext or the receipt is not theirs.
    """
    settled = ctx.state.need("phase", part["job_id"], padded(0))
    if receipt is None or salted_hash(receipt["salt"], canonical.encode(receipt["receipt"])) != settled["digest"]:
        raise Invalid("transient.receipt: a data part delivers the receipt that was settled, with its salt")
    ctx.put_private([part["combining_msp"]], "receipt", part["job_id"], padded(0), record=receipt)
    if sealed is None:
        raise Invalid("a data part delivers its partial groups sealed to the combining provider's key (sealed)")
    if (sealed["location"] is None) != (content is not None):
        raise Invalid("sealed.location: a ciphertext is either in a store, or given (content in transient)")
    record = sealed_record(sealed, key_of(ctx, part["combining"]))
    if content is not None:
        put_ciphertext(ctx, [part["combining_msp"]], "partials", part["job_id"], told=sealed, content=content)
    return {"hash": sealed["hash"], "bytes": sealed["bytes"], "sealed": record}


@transaction(
    "joint.partials",
    who=by("provider", owns=COMBINING),
    arguments={"job_id": JOB_ID},
    read_only=True,
    errors=("not_found", "no_result", "purged"),
)
def partials(ctx: Context, *, job_id: str) -> JSON:
    """Return a data part's partial groups to the combining provider, sealed, and its receipt with its salt.

    ``content`` is the ciphertext in base64, null where it is in the data provider's store. ``sealed`` says what opens
    it, ``hash`` is the salted hash of what is inside, with the salt.
    """
    part = ctx.state.need("job", job_id)
    if not is_data_part(part):
        raise Invalid(f"job_id: {job_id} is no data part: only data parts deliver partial groups")
    record = part["result"]
    if record is None:
        raise NotFound(f"{job_id} is {part['state']}: it has delivered no partial groups", code="no_result")
    if ctx.state.need("job", part["joint"])["state"] not in OPEN:
        raise NotFound(f"the partial groups of {job_id} are purged: its joint job has ended", code="purged")
    content = get_ciphertext(ctx, "partials", job_id) if record["sealed"]["location"] is None else None
    if content is None and record["sealed"]["location"] is None:
        raise NotFound(f"the partial groups of {job_id} are not in the private data that they were put into")
    return {
        "job_id": job_id,
        "provider": part["provider"],
        **record,
        "content": content,
        "receipt": ctx.get_private("receipt", job_id, padded(0)),
    }
