"""How often blocks are entered, from a few counters; and the most that a way through them can cost.

What is paid for at once, many times (rows in ``prepaid``, rounds of loops in ``rounds``), is counted by this. A body is
gone through many times; each time is *begun*, and may end early in an operation that stops the function.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from totem_ccf.kernel.areas import total
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError
from totem_sdk.program import Block, Body, Exit, If, Loop, Return, Scope, blocks_of

__all__ = ["BEGUN", "Flow", "Flows", "amount", "dearest"]

Flow = Mapping[str, int]
"""How often something is entered: a sum of numbers with factors. They are ``BEGUN``, locals (i64) by their names, and
``stop<id>``, which is 1 where a block has stopped the function."""

BEGUN = "begun"
"""How often the body was begun."""


def dearest(priced: PricedProgram, body: Body) -> int | None:
    """Return a bound of what going through a body once can cost in blocks (at least 1).

    None where there is none, or where nothing would count which way was gone. Sites and calls are not in it.
    """
    bound = _dearest(priced, body)
    return None if bound is None else max(bound, 1)


def _dearest(priced: PricedProgram, body: Body) -> int | None:
    bound = 0
    for node in body:
        match node:
            case Block(id=number):
                cost: int | None = priced.block_cost[number]
            case If(then=then, orelse=orelse):
                if not any(arm and isinstance(arm[0], Block) for arm in (then, orelse)):
                    # Nothing counts which way it went.
                    return None
                arms = [_dearest(priced, then), _dearest(priced, orelse)]
                cost = None if None in arms else max(arm for arm in arms if arm is not None)
            case Scope(body=inner):
                cost = _dearest(priced, inner)
            case Loop():
                cost = None
            case Exit() | Return():
                return bound
        if cost is None:
            return None
        bound += cost
    return bound


class Flows:
    """How often each block of a body is entered, in terms of as few counters as possible.

    What enters an If enters one of its arms, and what leaves it left one of them; so one arm of each If is counted,
    the one with fewer operations, and the rest follows. What stops in a block enters none of the blocks behind it.

    Attributes:
        entered: for each block how often it is entered.
        counted: the blocks that have a counter, with its name.
    """

    def __init__(self, body: Body) -> None:
        self.entered: dict[int, Flow] = {}
        self.counted: dict[int, str] = {}
        self._left: list[Flow] = []
        self._follow(body, {BEGUN: 1})

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
                    if level < len(self._left):
                        self._left[-1 - level] = _sum(self._left[-1 - level], flow)
                    flow = {}
                case Return():
                    flow = {}
                case Loop():
                    raise InternalError("how often a loop goes round follows from no counter")
        return flow

    def _arms(self, then: Body, orelse: Body, flow: Flow) -> Flow:
        with_counter = [arm for arm in (then, orelse) if arm and isinstance(arm[0], Block)]
        if not with_counter:
            raise InternalError("an If has no arm that begins with a block")
        counted = min(with_counter, key=lambda arm: sum(len(block.ops) for block in blocks_of(arm)))
        first = next(blocks_of(counted)).id
        name = self.counted[first] = f"$taken{first}"
        taken: Flow = {name: 1}
        other = _sum(flow, taken, -1)
        flows = (taken, other) if counted is then else (other, taken)
        return _sum(self._follow(then, flows[0]), self._follow(orelse, flows[1]))


def _sum(flow: Flow, other: Flow, factor: int = 1) -> Flow:
    terms = {name: flow.get(name, 0) + factor * other.get(name, 0) for name in {**flow, **other}}
    return {name: times for name, times in terms.items() if times}


def amount(flow: Flow, begun: str, stopping: Collection[int]) -> str | None:
    """Return the instruction (an i64) for a flow, or None if it is 0.

    ``begun`` is the instruction for how often the body was begun. ``stopping`` are the blocks that can stop the
    function: the local ``$stopped`` is the number of the one that did, plus 1, or 0.
    """
    terms = []
    for name, times in flow.items():
        if name == BEGUN:
            value = begun
        elif name.startswith("stop"):
            block = int(name.removeprefix("stop"))
            if block not in stopping:
                continue
            value = f"(i64.extend_i32_u (i32.eq (local.get $stopped) (i32.const {block + 1})))"
        else:
            value = f"(local.get {name})"
        terms.append(value if times == 1 else f"(i64.mul {value} (i64.const {times}))")
    return total(terms) if terms else None
