"""Rows whose charges are paid together: the mapper a second time, with counters but without checks.

Where a row can't cost more than a bound that is known when the program is compiled (no loops, no calls, no charges by
size), as many rows as the balance covers at that bound run without a check, and what their counts cost is paid after
them. Rows for which the balance may not suffice run with every charge checked before its work.
"""

from __future__ import annotations

from collections.abc import Callable

from totem_ccf.kernel.plan import StepPlan
from totem_ccf.kernel.writer import Writer
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError
from totem_sdk.program import Block, Body, Exit, If, Loop, Return, Scope, blocks_of

__all__ = ["PrepaidCharges", "row_bound"]

_MOST_BLOCKS = 24
"""Blocks of a function whose counters are all kept in locals (compare ``charges``)."""


def row_bound(plan: StepPlan) -> int | None:
    """Return the most that one row can cost in the mapper (at least 1), or None if that is not known or not useful."""
    function = plan.program.functions[plan.roles["map"].main]
    blocks = list(blocks_of(function.body))
    if len(blocks) > _MOST_BLOCKS or not isinstance(function.body[0], Block):
        return None
    if any(plan.priced.sites_of_block.get(block.id) or any(op.code == "call" for op in block.ops) for block in blocks):
        return None
    bound = _bound(plan.priced, function.body)
    return None if bound is None else max(bound, 1)


def _bound(priced: PricedProgram, body: Body) -> int | None:
    total = 0
    for node in body:
        match node:
            case Block(id=number):
                cost: int | None = priced.block_cost[number]
            case If(then=then, orelse=orelse):
                arms = [_bound(priced, then), _bound(priced, orelse)]
                cost = None if None in arms else max(arm for arm in arms if arm is not None)
            case Scope(body=inner):
                cost = _bound(priced, inner)
            case Loop():
                cost = None
            case Exit() | Return():
                return total
        if cost is None:
            return None
        total += cost
    return total


class PrepaidCharges:
    """Counts the blocks of a mapper whose rows are prepaid; the counterpart of ``charges.Charges``.

    The first block is entered once for each row, from ``$first`` to before ``$row``: it needs no counter.
    """

    def __init__(self, plan: StepPlan, out: Writer, local: Callable[[str, str], str]) -> None:
        self._plan = plan
        self._out = out
        self._local = local
        self._blocks: list[int] = []

    def block(self, number: int, *, in_loop: bool) -> None:
        """Write the count of entering a block."""
        if not in_loop:
            raise InternalError("only whole batches of rows are prepaid")
        if self._blocks:
            name = self._local(f"$block{number}", "i64")
            self._out.put(f"(local.set {name} (i64.add (local.get {name}) (i64.const 1)))")
        self._blocks.append(number)

    def site(self, *_arguments: object, **_options: object) -> None:
        """Refuse a charge that depends on sizes."""
        raise InternalError("charges by size can't be prepaid")

    def spill(self, out: Writer) -> None:
        """Write the counters to the meter's memory, and pay for them."""
        for number in self._blocks:
            rows = "(i64.extend_i32_u (i32.sub (local.get $row) (local.get $first)))"
            count = rows if number == self._blocks[0] else f"(local.get $block{number})"
            place = f"(i32.const {self._plan.meter.block(number)})"
            cost = f"(i64.mul {count} (i64.const {self._plan.priced.block_cost[number]}))"
            out.put(f"(i64.store $meter {place} (i64.add (i64.load $meter {place}) {count}))")
            out.put(f"(global.set $balance (i64.sub (global.get $balance) {cost}))")
