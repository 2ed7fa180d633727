"""The pool of a joint job: one reservation, cut into slices that its parts hold.

``escrow (part)`` is a part's slice: the record that only this part's transactions rewrite while it runs, so parts that
run at the same moment never conflict. What a part that has ended did not use stays there (``pooled``) until another
part gets it or the joint job ends. In the journal the whole pool is one account, ``escrow:<joint job>``: moving totem
between slices is no movement of money.

::

    reserve → open ── mark_used, move* ──┬─ close, pays     → paid    used to the provider, the rest is pooled
                                         └─ close, pays not → voided  all of it is pooled
    pooled ──┬─ move      → into another part's open slice
             └─ give_back → to the consumer, at the end of the joint job
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from totem_chaincode.errors import Conflict
from totem_chaincode.escrow import left_of, take_balance
from totem_chaincode.journal import escrow_account, record_movement
from totem_chaincode.tally import Tally
from totem_sdk.errors import InternalError

if TYPE_CHECKING:
    from totem_chaincode.context import Context

__all__ = ["Pool", "cut_pool", "reserve_slices", "slices_of"]


def slices_of(amount: int, weights: Sequence[int]) -> list[int]:
    """Cut an amount in proportion to weights into integers that add up to it; equally where all weights are 0.

    What rounding leaves goes to those who lose most by it, the first of equals first.
    """
    weighed = weights if any(weights) else [1] * len(weights)
    total = sum(weighed)
    slices = [amount * weight // total for weight in weighed]
    order = sorted(range(len(weighed)), key=lambda place: (-(amount * weighed[place] % total), place))
    for place in order[: amount - sum(slices)]:
        slices[place] += 1
    return slices


def cut_pool(amount: int, estimates: Sequence[Mapping[str, int | None]]) -> list[int]:
    """Cut a pool into the slices of parts with these estimates (``expected``, ``upper``).

    Up to what they expect, in proportion to that; beyond it towards their upper bounds; the rest in proportion again.
    So no slice is too small where the pool is as large as all upper bounds: no part has to wait for another then.
    """
    expected = [estimate["expected"] or 0 for estimate in estimates]
    most = [max(least, estimate["upper"] or 0) for least, estimate in zip(expected, estimates, strict=True)]
    if amount <= sum(expected):
        return slices_of(amount, expected)
    if amount <= sum(most):
        base, weights = expected, [upper - least for upper, least in zip(most, expected, strict=True)]
    else:
        base, weights = most, expected
    more = slices_of(amount - sum(base), weights)
    return [part + extra for part, extra in zip(base, more, strict=True)]


def reserve_slices(ctx: Context, joint_id: str, consumer: str, slices: Sequence[tuple[str, str, int]]) -> None:
    """Move totem from the consumer's account into a joint job's pool: ``slices`` are (part, provider, totem).

    Raises:
        Refused: code ``balance``: the account holds less.
    """
    amount = sum(slice_ for _, _, slice_ in slices)
    take_balance(ctx, consumer, amount)
    for part_id, provider, slice_ in slices:
        record = {
            "job_id": part_id,
            "joint": joint_id,
            "consumer": consumer,
            "provider": provider,
            "reserved": slice_,
            "used": 0,
            "state": "open",
            "paid": 0,
            "returned": 0,
            "pooled": 0,
        }
        ctx.state.put("escrow", part_id, record=record)
    account = escrow_account(joint_id)
    record_movement(ctx, consumer, account, amount, kind="reserve", reason="job submitted", job_id=joint_id)


class Pool:
    """The slices of some parts of one joint job, read once, changed in memory, written once by ``write``."""

    def __init__(self, ctx: Context, parts: Iterable[str]) -> None:
        self._ctx = ctx
        self._slices: dict[str, dict[str, Any]] = {part: ctx.state.need("escrow", part) for part in parts}
        self._changed: set[str] = set()

    def slice(self, part: str) -> dict[str, Any]:
        """Return a part's slice as it is now."""
        return self._slices[part]

    def paid(self) -> int:
        """Return what all these parts were paid."""
        return sum(slice_["paid"] for slice_ in self._slices.values())

    def unspent(self, part: str) -> int:
        """Return what a part's slice holds beyond what is settled, or what it left in the pool when it ended."""
        slice_ = self._slices[part]
        return left_of(slice_) - (slice_["used"] if slice_["state"] == "open" else 0)

    def move(self, source: str, target: str, amount: int) -> None:
        """Move unspent totem from one part's slice to another's, which is open."""
        giver, taker = self._slices[source], self._slices[target]
        if taker["state"] != "open" or not 0 <= amount <= self.unspent(source):
            raise InternalError(f"{amount} totem of {source}'s {self.unspent(source)} can't go to {target}")
        if not amount or source == target:
            return
        given = {"reserved": giver["reserved"] - amount}
        if giver["state"] != "open":
            given["pooled"] = giver["pooled"] - amount
        self._put(source, **given)
        self._put(target, reserved=taker["reserved"] + amount)

    def close(self, part: str, *, pays: bool) -> dict[str, int]:
        """Close a part's slice: what was used is paid, or nothing is; the rest is pooled.

        Returns ``{"paid", "returned"}``: to the provider, and into the pool.

        Raises:
            Conflict: code ``escrow_closed``: it is closed already.
        """
        slice_ = self._slices[part]
        if slice_["state"] != "open":
            raise Conflict(f"the escrow of {part} is {slice_['state']} already", code="escrow_closed")
        paid = slice_["used"] if pays else 0
        pooled = slice_["reserved"] - paid
        self._put(part, state="paid" if pays else "voided", paid=paid, pooled=pooled)
        provider = slice_["provider"]
        Tally(self._ctx.state, "balance", provider).give(paid, part)
        account = escrow_account(slice_["joint"])
        record_movement(self._ctx, account, provider, paid, kind="pay", reason="escrow paid", job_id=part)
        return {"paid": paid, "returned": pooled}

    def give_back(self) -> int:
        """Return what is pooled to the consumer; return how much. Every slice must be closed."""
        returned = 0
        joint_id = consumer = ""
        for part, slice_ in self._slices.items():
            if slice_["state"] == "open":
                raise InternalError(f"{part}: its slice is open at the end of the joint job")
            returned += slice_["pooled"]
            joint_id, consumer = slice_["joint"], slice_["consumer"]
            if slice_["pooled"]:
                self._put(part, pooled=0, returned=slice_["pooled"])
        Tally(self._ctx.state, "balance", consumer).give(returned, joint_id)
        account = escrow_account(joint_id)
        record_movement(
            self._ctx, account, consumer, returned, kind="return", reason="joint job ended", job_id=joint_id
        )
        return returned

    def write(self) -> None:
        """Write every slice that has changed."""
        for part in sorted(self._changed):
            self._ctx.state.put("escrow", part, record=self._slices[part])
        self._changed.clear()

    def _put(self, part: str, **changes: Any) -> None:
        self._slices[part] = {**self._slices[part], **changes}
        self._changed.add(part)
