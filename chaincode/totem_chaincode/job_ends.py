"""What every end of a job does: close its escrow, give back quotas, take it out of what is open, write its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from totem_chaincode import escrow
from totem_chaincode.job_states import is_joint, is_part, pays
from totem_chaincode.joint_job import end_part
from totem_chaincode.state import newest_first
from totem_chaincode.tally import Tally

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["end_job", "index_job"]


def index_job(ctx: Context, job: Mapping[str, Any]) -> None:
    """Write the index entries of a new job: of its parties, of the consortium, and of what is open.

    A joint job is its consumer's, each of its parts its provider's. While it is open it is there for every provider of
    a part: each may have to end it, also when its own part has ended.
    """
    if is_part(job):
        parties = [job["provider"]]
    else:
        parties = [job["consumer"], "*"] if is_joint(job) else [job["consumer"], job["provider"], "*"]
    for party in parties:
        ctx.state.mark("job_of", party, newest_first(job["submitted_at"]), job["job_id"])
    for party in (*parties, *job["parties"]) if is_joint(job) else parties:
        ctx.state.mark("open_job", party, job["job_id"])


def end_job(ctx: Context, job: Mapping[str, Any], state: str, **changes: Any) -> dict[str, Any]:
    """End a job, or a part of a joint one, in ``state``; return its record.

    Whether it pays is for ``job_states.pays`` to say. ``changes`` are fields of the record that the end sets.
    """
    if is_part(job):
        return end_part(ctx, job, state, changes)
    job_id = job["job_id"]
    money = escrow.pay_out(ctx, job_id) if pays(ctx, job, state) else escrow.void(ctx, job_id)
    for item in job["datasets"]:
        if item["quota"]:
            Tally(ctx.state, "quota", item["access_id"]).give(money["returned"], job_id)
    for party in (job["consumer"], job["provider"], "*"):
        ctx.state.delete("open_job", party, job_id)
    record = {**job, **changes, **money, "state": state, "ended_at": ctx.now}
    ctx.state.put("job", job_id, record=record)
    ctx.emit(
        job_id=job_id, state=state, consumer=job["consumer"], provider=job["provider"], error=record["error"], **money
    )
    return record
