"""Audit mode: every charge is reported by itself, with the opcodes that it pays for.

``ChargePricer`` is the updater's side: it prices the opcodes of a charge from the estimator table. ``AuditTrail`` is
the manager's: it adds up what was reported and compares it with the counts that the attempt reports when it ends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from totem_sdk.cost import Counts, PricedProgram
from totem_sdk.errors import InternalError

__all__ = ["AuditTrail", "ChargeItem", "ChargePricer"]


@dataclass(frozen=True, slots=True)
class ChargeItem:
    """One opcode of a charge: class, data type, how many, and the totem for them.

    ``count`` and ``totem`` are 0 where a charge of several terms over texts can't be taken apart from its total.
    """

    opcode: str
    type: str
    count: int
    totem: int


class ChargePricer:
    """Prices the opcodes of a charge."""

    def __init__(self, priced: PricedProgram) -> None:
        self._priced = priced

    def __call__(self, charge: int, cost: int) -> tuple[ChargeItem, ...]:
        """Return the opcodes of a block (``charge`` ≥ 0) or a site (``-1 - site id``) that costs ``cost``."""
        if charge >= 0:
            table = self._priced.table
            items = sorted(self._priced.block_items[charge].items())
            return tuple(ChargeItem(*item, count, count * table.cost(*item)) for item, count in items)
        terms = self._priced.sites[-1 - charge].terms
        if len(terms) == 1 and terms[0].by == "bytes":
            return (ChargeItem(terms[0].cls, terms[0].dtype, 0, cost),)
        if any(term.by == "bytes" for term in terms):
            return tuple(ChargeItem(term.cls, term.dtype, 0, 0) for term in terms)
        # A fold over n values: n units of each reading, n - 1 of each combining.
        units = sum(term.unit for term in terms)
        number = (cost + sum(term.unit for term in terms if term.by == "pairs")) // units
        counts = [(term, number if term.by == "count" else number - 1) for term in terms]
        return tuple(ChargeItem(term.cls, term.dtype, count, count * term.unit) for term, count in counts if count)


class AuditTrail:
    """The charges of one attempt as they were reported."""

    def __init__(self, priced: PricedProgram) -> None:
        self._priced = priced
        self._times: Counter[int] = Counter()
        self._totem: Counter[int] = Counter()
        self._seq = 0

    def add(self, seq: int, charge: int, cost: int) -> None:
        """Take note of a charge that was granted; a repeated request counts once."""
        if seq > self._seq:
            self._seq = seq
            self._times[charge] += 1
            self._totem[charge] += cost

    def check(self, counts: Counts) -> None:
        """Compare the charges with the attempt's counts.

        Raises:
            InternalError: they differ.
        """
        costs = self._priced.block_cost
        reported = {("block", charge): times for charge, times in self._times.items() if charge >= 0}
        reported |= {("site", -1 - charge): totem for charge, totem in self._totem.items() if charge < 0}
        counted = {("block", block): times for block, times in counts.blocks.items() if times and costs[block]}
        # A site is also counted where it costs nothing (an empty text), so only its totem can be compared.
        for site, entry in counts.sites.items():
            if totem := self._priced.sites[site].charge(*entry):
                counted["site", site] = totem
        if reported != counted:
            differ = sorted(set(reported.items()) ^ set(counted.items()))
            raise InternalError(f"audit: charges were reported one by one other than the attempt counts them: {differ}")
