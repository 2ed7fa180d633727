"""Receipts that a consumer's organisation did not get when its job was settled, and gets later.

A private record can be written only with the endorsement of the organisation that it is for. What a provider has earned
must not hang on an organisation that is down or refuses: it may settle without (``jobs.settle``, ``shown`` false).
``unshown (provider, job, index)`` then lists what it still has to hand over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from totem_chaincode import canonical
from totem_chaincode.arguments import BOOKMARK, JOB_ID, LIMIT, Integer
from totem_chaincode.contracts.access import SECRET
from totem_chaincode.contracts.jobs import PROVIDER, padded
from totem_chaincode.contracts.receipts import RECEIPT
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.errors import Invalid
from totem_chaincode.registry import by, transaction

if TYPE_CHECKING:
    from totem_chaincode.canonical import JSON
    from totem_chaincode.context import Context


@transaction("results.unshown", who=by("provider"), arguments={"limit": LIMIT, "bookmark": BOOKMARK}, read_only=True)
def unshown(ctx: Context, *, limit: int, bookmark: str) -> JSON:
    """List the receipts, with their salts, that the caller has still to hand over to consumers' organisations."""
    rows, following = ctx.state.page("unshown", (ctx.caller.id,), limit, bookmark)
    found = []
    for (_, job_id, index), _ in rows:
        held = ctx.get_private("receipt", job_id, index)
        found.append({"job_id": job_id, "phase_index": int(index), **held})
    return {"receipts": found, "bookmark": following}


@transaction(
    "results.show_receipt",
    who=PROVIDER,
    arguments={"job_id": JOB_ID, "phase_index": Integer(0, 9_999, "phase")},
    transient={"receipt": RECEIPT, "salt": SECRET},
    event="results.shown",
    errors=("not_found", "invalid"),
)
def show_receipt(ctx: Context, *, job_id: str, phase_index: int, receipt: dict[str, Any], salt: str) -> JSON:
    """Hand the receipt of a settled phase over to the consumer's organisation, which did not get it then.

    May be repeated: it changes nothing but who has the receipt.
    """
    job = ctx.state.need("job", job_id)
    index = padded(phase_index)
    if salted_hash(salt, canonical.encode(receipt)) != ctx.state.need("phase", job_id, index)["digest"]:
        raise Invalid(f"transient.receipt: not the receipt that was settled for phase {phase_index}, or another salt")
    ctx.put_private([job["consumer_msp"]], "receipt", job_id, index, record={"receipt": receipt, "salt": salt})
    ctx.state.delete("unshown", job["provider"], job_id, index)
    ctx.emit(job_id=job_id, phase_index=phase_index, consumer=job["consumer"], provider=job["provider"])
    return {"job_id": job_id, "phase_index": phase_index}
