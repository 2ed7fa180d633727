"""Metering compiled in: how a function pays charges and counts them (abstract machine, §4).

What is left of the leases is in the local ``$balance``. A charge is subtracted first; only if that makes it negative
the code calls ``$refill``, which asks the host for more. The first counters of blocks in loops are locals, written to
the meter's memory when the function ends; the others are counted in that memory directly. No other code knows of it.
"""

from __future__ import annotations

from collections.abc import Callable

from totem_ccf.kernel.areas import total
from totem_ccf.kernel.metermap import MeterMap
from totem_ccf.kernel.rounds import PrepaidLoop, RoundCharges, round_bound
from totem_ccf.kernel.writer import Writer
from totem_sdk.cost import PricedProgram, Site

__all__ = ["Charges"]

_LOCAL_COUNTERS = 24
"""Counters of a function that are kept in locals: every charge can jump to the function's end, where each local counter
is one more value to join, so compiling takes time with the product of the two.
"""


class Charges:
    """Writes the charges of one function.

    ``local`` declares a local of the function and returns its name. A charge that can't be paid jumps to the label
    ``$stop``. Where ``metered`` is false nothing is charged or counted (only benchmarks do that).
    """

    def __init__(
        self,
        priced: PricedProgram,
        meter: MeterMap,
        out: Writer,
        local: Callable[[str, str], str],
        *,
        metered: bool,
    ) -> None:
        self._priced = priced
        self._meter = meter
        self._out = out
        self._local = local
        self._metered = metered
        self._spills: dict[int, str] = {}

    def block(self, number: int, *, in_loop: bool) -> None:
        """Write the charge for entering a block."""
        if self._metered:
            if cost := self._priced.block_cost[number]:
                self._pay(f"(i64.const {cost})", number, "")
            self._count(self._meter.block(number), f"$block{number}", "(i64.const 1)", in_loop)

    def site(self, site: Site, entry: int, size: str, values: str, *, in_loop: bool) -> None:
        """Write the charge of a sized operation: ``size`` and ``values`` give an i64, ``entry`` is its trace entry."""
        if not self._metered:
            return
        self._out.put(f"(local.set {self._local('$size', 'i64')} {size})")
        terms = []
        by_values = any(term.by != "bytes" for term in site.terms)
        if by_values:
            self._out.put(f"(local.set {self._local('$values', 'i64')} {values})")
        for term in site.terms:
            amount = {
                "bytes": "(local.get $size)",
                "count": "(local.get $values)",
                "pairs": "(i64.sub (local.get $values) (i64.const 1))",
            }[term.by]
            terms.append(amount if term.unit == 1 else f"(i64.mul {amount} (i64.const {term.unit}))")
        self._out.put(f"(local.set {self._local('$charge', 'i64')} {total(terms)})")
        self._pay("(local.get $charge)", -1 - site.id, f"(call $frame (i32.const {entry}))")
        if by_values:
            self._count(self._meter.site_values(site.id), f"$values{site.id}", "(local.get $values)", in_loop)
        self._count(self._meter.site_bytes(site.id), f"$bytes{site.id}", "(local.get $size)", in_loop)

    def rounds(self, loop: PrepaidLoop) -> RoundCharges | None:
        """Return what writes the prepaid rounds of a loop; None if every round has to pay by itself."""
        bound = round_bound(self._priced, loop.body) if self._metered else None
        return None if bound is None else RoundCharges(self._out, self._local, loop, bound, settle=self._settle)

    def leave(self, label: str) -> str:
        """Return the jump to a label."""
        return f"(br {label})"

    def stop(self, block: int, reason: str, entry: int) -> None:
        """Write that the function ends in an error in ``block``.

        ``reason`` is an i32 (``metermap``), ``entry`` the operation's entry in the trace.
        """
        del block  # What was entered is counted.
        self._out.put(f"(call $fail (local.get $balance) {reason} (i32.const {entry})) (br $stop)")

    def spill(self, out: Writer) -> None:
        """Write the counters that are in locals to the meter's memory."""
        for address, name in self._spills.items():
            out.put(_added(address, f"(local.get {name})"))

    def _settle(self, number: int, entered: str) -> None:
        """Write that a block was entered so often (an i64), for which the balance is known to suffice."""
        if cost := self._priced.block_cost[number]:
            self._out.put(
                f"(local.set {self._local('$entered', 'i64')} {entered})",
                "(local.set $balance"
                f" (i64.sub (local.get $balance) (i64.mul (local.get $entered) (i64.const {cost}))))",
            )
            entered = "(local.get $entered)"
        self._count(self._meter.block(number), f"$block{number}", entered, in_loop=True)

    def _pay(self, cost: str, charge: int, frame: str) -> None:
        out = self._out
        out.put(f"(local.set $balance (i64.sub (local.get $balance) {cost}))")
        with out.within("(if (i64.lt_s (local.get $balance) (i64.const 0)) (then", "))"):
            out.put(f"(local.set $balance (call $refill (local.get $balance) {cost} (i32.const {charge})))")
            out.put(f"(if (i64.lt_s (local.get $balance) (i64.const 0)) (then {frame} (br $stop)))")

    def _count(self, address: int, name: str, amount: str, in_loop: bool) -> None:
        if in_loop and (address in self._spills or len(self._spills) < _LOCAL_COUNTERS):
            self._spills[address] = self._local(name, "i64")
            self._out.put(f"(local.set {name} (i64.add (local.get {name}) {amount}))")
        else:
            self._out.put(_added(address, amount))


def _added(address: int, amount: str) -> str:
    place = f"(i32.const {address})"
    return f"(i64.store $meter {place} (i64.add (i64.load $meter {place}) {amount}))"
