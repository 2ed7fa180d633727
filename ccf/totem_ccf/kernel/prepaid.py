"""Rows whose charges are paid together: the mapper a second time, with counters but without checks.

Where a row can't cost more than a bound that is known when the program is compiled (no loops, no calls, no charges by
size), as many rows as the balance covers at that bound run without a check, and what their counts cost is paid after
them. Rows for which the balance may not suffice run with every charge checked before its work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from totem_ccf.kernel.areas import total
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
                if not any(arm and isinstance(arm[0], Block) for arm in (then, orelse)):
                    # Nothing counts which way it went.
                    return None
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


Flow = Mapping[str, int]
"""How often something is entered: a sum of locals (i64) with factors; ``_ROWS`` stands for the rows that were begun."""

_ROWS = "rows"


class _Flows:
    """How often each block of a mapper is entered, in terms of as few counters as possible.

    What enters an If enters one of its arms, and what leaves it left one of them; so one arm of each If is counted,
    the one with fewer operations, and the rest follows. A row that stops in a block (``stop<id>`` is then 1) enters
    none of the blocks behind it.

    Attributes:
        entered: for each block how often it is entered.
        counted: the blocks that have a counter, with its name.
    """

    def __init__(self, body: Body) -> None:
        self.entered: dict[int, Flow] = {}
        self.counted: dict[int, str] = {}
        self._left: list[Flow] = []
        self._follow(body, {_ROWS: 1})

    def _follow(self, body: Body, flow: Flow) -> Flow:
        """Note what a body's blocks are entered by; return what leaves its end."""
        for node in body:
            match node:
                case Block(id=number):
                    self.entered[number] = flow
                    flow = _sum(flow, {f"stop{number}": 1}, -1)
                case If(then=then, orelse=orelse):
                    flow = self._arms(then, orelse, flow)
                case Scope(body=inner):
                    self._left.append({})
                    through = self._follow(inner, flow)
                    flow = _sum(through, self._left.pop())
                case Exit(level=level):
                    self._left[-1 - level] = _sum(self._left[-1 - level], flow)
                    flow = {}
                case Return():
                    flow = {}
                case Loop():
                    raise InternalError("rows with loops can't be prepaid")
        return flow

    def _arms(self, then: Body, orelse: Body, flow: Flow) -> Flow:
        with_counter = [arm for arm in (then, orelse) if arm and isinstance(arm[0], Block)]
        if not with_counter:
            raise InternalError("an If has no arm that begins with a block")
        counted = min(with_counter, key=lambda arm: sum(len(block.ops) for block in blocks_of(arm)))
        first = next(blocks_of(counted)).id
        name = self.counted[first] = f"$block{first}"
        taken: Flow = {name: 1}
        other = _sum(flow, taken, -1)
        flows = (taken, other) if counted is then else (other, taken)
        return _sum(self._follow(then, flows[0]), self._follow(orelse, flows[1]))


def _sum(flow: Flow, other: Flow, factor: int = 1) -> Flow:
    total = {name: flow.get(name, 0) + factor * other.get(name, 0) for name in {**flow, **other}}
    return {name: times for name, times in total.items() if times}


class PrepaidCharges:
    """Counts the blocks of a mapper whose rows are prepaid; the counterpart of ``charges.Charges``.

    The first block is entered once for each row, from ``$first`` to before ``$row``.
    """

    def __init__(self, plan: StepPlan, out: Writer, local: Callable[[str, str], str]) -> None:
        self._plan = plan
        self._out = out
        self._local = local
        self._flows = _Flows(plan.program.functions[plan.roles["map"].main].body)
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

    def stop(self, block: int) -> None:
        """Write that the row stops in a block."""
        self._stopping.add(block)
        self._out.put(f"(local.set {self._local('$stopped', 'i32')} (i32.const {block + 1}))")

    def spill(self, out: Writer) -> None:
        """Write the counters to the meter's memory, and pay for them."""
        for number, flow in self._flows.entered.items():
            terms = [self._term(name, times) for name, times in flow.items() if self._is_there(name)]
            if not terms:
                continue
            count = total(terms)
            place = f"(i32.const {self._plan.meter.block(number)})"
            out.put(f"(local.set {self._local('$entered', 'i64')} {count})")
            out.put(f"(i64.store $meter {place} (i64.add (i64.load $meter {place}) (local.get $entered)))")
            if cost := self._plan.priced.block_cost[number]:
                paid = f"(i64.mul (local.get $entered) (i64.const {cost}))"
                out.put(f"(global.set $balance (i64.sub (global.get $balance) {paid}))")

    def _is_there(self, name: str) -> bool:
        return not name.startswith("stop") or int(name.removeprefix("stop")) in self._stopping

    def _term(self, name: str, times: int) -> str:
        if name == _ROWS:
            value = "(i64.extend_i32_u (i32.sub (local.get $row) (local.get $first)))"
        elif name.startswith("stop"):
            block = int(name.removeprefix("stop"))
            value = f"(i64.extend_i32_u (i32.eq (local.get $stopped) (i32.const {block + 1})))"
        else:
            value = f"(local.get {name})"
        return value if times == 1 else f"(i64.mul {value} (i64.const {times}))"
