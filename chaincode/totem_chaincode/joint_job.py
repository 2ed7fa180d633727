"""A joint job: one submission over datasets of several providers, and its parts, which are jobs of their own.

The joint job's record is written when it is submitted, cancelled, doomed and ended; its parts' records by their own
transactions. So parts that run at the same moment share no key. Whatever concerns all of them (the end, a cancel, the
combining part's beginning) goes through ``JointJob``: it reads every record once and writes each at most once.

::

    submit → running ─┬─ the combining part, once it runs, ends → as that ends
                      ├─ cancel, or it can't complete any more → cancelling ── the last part ends → as ``ending`` says
                      └─ expire → expired
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from totem_chaincode.job_states import OPEN, is_data_part, is_delivered, pays
from totem_chaincode.kept import keep
from totem_chaincode.pool import Pool
from totem_chaincode.tally import Tally

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["JointJob", "end_part"]

_RECORDED = ("result", "undelivered", "error", "reason")


class JointJob:
    """A joint job and its parts as one transaction sees and changes them; ``write`` puts what has changed."""

    def __init__(self, ctx: Context, joint_id: str) -> None:
        self._ctx = ctx
        self.record: dict[str, Any] = ctx.state.need("job", joint_id)
        self.parts: dict[str, dict[str, Any]] = {part: ctx.state.need("job", part) for part in self.record["parts"]}
        self.pool = Pool(ctx, self.parts)
        self._changed: set[str] = set()

    @property
    def data(self) -> list[dict[str, Any]]:
        """The data parts in listed order."""
        return [part for part in self.parts.values() if is_data_part(part)]

    @property
    def combining(self) -> dict[str, Any]:
        """The combining part."""
        return next(part for part in self.parts.values() if not is_data_part(part))

    @property
    def open_parts(self) -> list[dict[str, Any]]:
        """The parts that have not ended."""
        return [part for part in self.parts.values() if part["state"] in OPEN]

    @property
    def missing(self) -> list[str]:
        """The providers whose data part has ended without being of use, in listed order: not delivered, or left out."""
        return [part["provider"] for part in self.data if part["state"] not in OPEN and not is_delivered(part)]

    def set_part(self, part_id: str, **changes: Any) -> dict[str, Any]:
        """Change fields of a part's record; return it."""
        self.parts[part_id] = {**self.parts[part_id], **changes}
        self._changed.add(part_id)
        return self.parts[part_id]

    def close_part(self, part_id: str, state: str, **changes: Any) -> dict[str, Any]:
        """End one part in ``state``: what it used is paid or not, the rest goes into the pool; return its record."""
        record = _closed(self._ctx, self.pool, self.parts[part_id], state, changes)
        return self.set_part(part_id, **record)

    def stop_parts(self) -> None:
        """Stop what is open: a part that has not begun ends as cancelled, a running one is told to halt."""
        for part in self.open_parts:
            if part["state"] == "submitted":
                self.close_part(part["job_id"], "cancelled")
            elif part["state"] == "running":
                self.set_part(part["job_id"], state="cancelling")

    def end(self, state: str, **changes: Any) -> dict[str, Any]:
        """End the joint job: what the pool still holds returns to the consumer, partial groups are purged.

        All parts have ended. Returns its record.
        """
        ctx, record = self._ctx, self.record
        for part in self.data:
            if part["result"] is not None and part["result"]["sealed"]["location"] is None:
                self._drop_partials(part)
        for party in (record["consumer"], "*", *record["parties"]):
            ctx.state.delete("open_job", party, record["job_id"])
        returned = self.pool.give_back()
        self.set(
            state=state,
            paid=self.pool.paid(),
            returned=returned,
            missing=self.missing,
            ended_at=ctx.now,
            **changes,
        )
        return self.record

    def _drop_partials(self, part: Mapping[str, Any]) -> None:
        """Purge a data part's partial groups, or leave that to the combining provider where it is not here.

        Private data can be purged only with the endorsement of the organisation that has them. Totem must return to the
        consumer also when that organisation is gone; nobody can read the groups any more by the contracts.
        """
        ctx, part_id = self._ctx, part["job_id"]
        if ctx.caller.msp_id == part["combining_msp"]:
            ctx.purge_private(part["combining_msp"], "partials", part_id)
            return
        record = {**part["result"], "partial": True, "expires_at": ctx.now, "purged_at": None}
        keep(ctx, part_id, part["combining"], record)

    def set(self, **changes: Any) -> None:
        """Change fields of the joint job's own record."""
        self.record = {**self.record, **changes}
        self._changed.add(self.record["job_id"])

    def write(self) -> None:
        """Write every record that has changed, and the slices."""
        for job_id in sorted(self._changed):
            record = self.record if job_id == self.record["job_id"] else self.parts[job_id]
            self._ctx.state.put("job", job_id, record=record)
        self._changed.clear()
        self.pool.write()


def end_part(ctx: Context, part: Mapping[str, Any], state: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """End a part of a joint job in ``state``; return its record.

    The combining part, once it has begun, ends the joint job with it: nobody else is left to run.
    """
    part_id = part["job_id"]
    if is_data_part(part) or part["state"] == "submitted":
        pool = Pool(ctx, [part_id])
        record = {**part, **_closed(ctx, pool, part, state, changes)}
        ctx.state.put("job", part_id, record=record)
        pool.write()
        ended = None
    else:
        joint = JointJob(ctx, part["joint"])
        record = joint.close_part(part_id, state, **changes)
        ended = joint.end(state, **{name: record[name] for name in _RECORDED})["state"]
        joint.write()
    ctx.emit(
        job_id=part_id,
        state=state,
        consumer=part["consumer"],
        provider=part["provider"],
        error=record["error"],
        paid=record["paid"],
        returned=record["returned"],
        joint=part["joint"],
        joint_state=ended,
    )
    return record


def _closed(
    ctx: Context, pool: Pool, part: Mapping[str, Any], state: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the fields that the end of a part sets, after closing its slice."""
    part_id = part["job_id"]
    money = pool.close(part_id, pays=pays(ctx, part, state))
    for item in part["datasets"]:
        if item["quota"]:
            # The whole pool was taken from the quota at submission, since a slice may grow to that.
            Tally(ctx.state, "quota", item["access_id"]).give(part["pool"] - money["paid"], part_id)
    ctx.state.delete("open_job", part["provider"], part_id)
    return {**changes, **money, "state": state, "ended_at": ctx.now}
