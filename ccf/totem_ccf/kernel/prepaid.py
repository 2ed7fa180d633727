"""Rows whose charges are paid together: the mapper a second time, with counters but without checks.

Where a row can't cost more than a bound that is known when the program is compiled (no loops, no calls, no charges by
size), as many rows as the balance covers at that bound run without a check, and what their counts cost is paid after
them. Rows for which the balance may not suffice run with every charge checked before its work.
"""

from __future__ import annotations

from collections.abc import Callable

from totem_ccf.kernel.flows import Flows, amount, dearest
from totem_ccf.kernel.plan import StepPlan
from totem_ccf.kernel.writer import Writer
from totem_sdk.errors import InternalError
from totem_sdk.program import Block, blocks_of

__all__ = ["PrepaidCharges", "row_bound"]

_MOST_BLOCKS = 24
"""Blocks of a function whose counters are all kept in locals (compare ``charges``)."""

_BEGUN = "(i64.extend_i32_u (i32.sub (local.get $row) (local.get $first)))"


def row_bound(plan: StepPlan) -> int | None:
    """Return the most that one row can cost in the mapper (at least 1), or None if that is not known or not useful."""
    function = plan.program.functions[plan.roles["map"].main]
    blocks = list(blocks_of(function.body))
    if len(blocks) > _MOST_BLOCKS or not isinstance(function.body[0], Block):
        return None
    if any(plan.priced.sites_of_block.get(block.id) or any(op.code == "call" for op in block.ops) for block in blocks):
        return None
    return dearest(plan.priced, function.body)


class PrepaidCharges:
    """Counts the blocks of a mapper whose rows are prepaid; the counterpart of ``charges.Charges``.

    The first block is entered once for each row, from ``$first`` to before ``$row``. The balance stays in its global
    until then: as a local that nothing uses it took a register from the loop over the rows, and a quarter of its time.
    """

    def __init__(self, plan: StepPlan, out: Writer, local: Callable[[str, str], str]) -> None:
        self._plan = plan
        self._out = out
        self._local = local
        self._flows = Flows(plan.program.functions[plan.roles["map"].main].body)
        self._stopping: set[int] = set()

    def block(self, number: int, *, in_loop: bool) -> None:
        """Write the count of entering a block."""
        if not in_loop:
            raise InternalError("only whole batches of rows are prepaid")
        if (counter := self._flows.counted.get(number)) is not None:
            name = self._local(counter, "i64")
            self._out.put(f"(local.set {name} (i64.add (local.get {name}) (i64.const 1)))")

    def site(self, *_arguments: object, **_options: object) -> None:
        """Refuse a charge that depends on sizes."""
        raise InternalError("charges by size can't be prepaid")

    def rounds(self, *_arguments: object) -> None:
        """Refuse a loop."""
        raise InternalError("rows with loops can't be prepaid")

    def leave(self, label: str) -> str:
        """Return the jump to a label."""
        return f"(br {label})"

    def stop(self, block: int, reason: str, entry: int) -> None:
        """Write that the row ends in an error in a block (see ``Charges.stop``)."""
        self._stopping.add(block)
        self._out.put(
            f"(local.set {self._local('$stopped', 'i32')} (i32.const {block + 1}))",
            f"(call $fail (global.get $balance) {reason} (i32.const {entry})) (br $stop)",
        )

    def spill(self, out: Writer) -> None:
        """Write the counters to the meter's memory, and pay for them."""
        for number, flow in self._flows.entered.items():
            count = amount(flow, _BEGUN, self._stopping)
            if count is None:
                continue
            place = f"(i32.const {self._plan.meter.block(number)})"
            out.put(f"(local.set {self._local('$entered', 'i64')} {count})")
            out.put(f"(i64.store $meter {place} (i64.add (i64.load $meter {place}) (local.get $entered)))")
            if cost := self._plan.priced.block_cost[number]:
                paid = f"(i64.mul (local.get $entered) (i64.const {cost}))"
                out.put(f"(global.set $balance (i64.sub (global.get $balance) {paid}))")
