"""Tallies: integers that many transactions add to at once and only their owner takes from.

One key for a balance would be hot: of fifty concurrent updates forty-nine conflict. A tally is a base record plus one
*credit* record an addition. Adding writes a key of its own and reads nothing, so additions never conflict with
anything. Taking reads and rewrites the base; only when the base is too small it sweeps credits into it. Two takers of
one tally do conflict, as they must: each needs to know that there is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from totem_chaincode.state import State

__all__ = ["Tally"]

_SWEEP = 64


class Tally:
    """The tally ``kind`` of ``owner``: ``(kind, owner)`` is its base, ``(kind_credit, owner, source)`` its credits."""

    def __init__(self, state: State, kind: str, owner: str) -> None:
        self._state = state
        self._kind = kind
        self._credit = f"{kind}_credit"
        self._owner = owner

    def total(self) -> int:
        """Return base plus credits. Reads every credit: for queries, not for transactions that write."""
        total = self._base()
        for _, credit in self._state.scan(self._credit, self._owner):
            total += credit
        return total

    def give(self, amount: int, source: str) -> None:
        """Add ``amount`` under ``source``, which names this addition and no other (a transaction's or a job's id)."""
        if amount:
            self._state.put(self._credit, self._owner, source, record=amount)

    def take(self, amount: int) -> int | None:
        """Take ``amount``; None when it was there, else what is there (and nothing is taken)."""
        there = self._base()
        swept: list[str] = []
        if there < amount:
            for (_, source), credit in self._state.scan(self._credit, self._owner):
                there += credit
                swept.append(source)
                if there >= amount and len(swept) >= _SWEEP:
                    break
        if there < amount:
            return there
        for source in swept:
            self._state.delete(self._credit, self._owner, source)
        if amount or swept:
            self._state.put(self._kind, self._owner, record=there - amount)
        return None

    def _base(self) -> int:
        base = self._state.get(self._kind, self._owner)
        return 0 if base is None else int(base)
