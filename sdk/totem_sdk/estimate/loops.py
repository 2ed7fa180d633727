"""Loops as the analysis sees them: their heads, what their rounds write, how often a part of them is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from totem_sdk.estimate.forms import Quantity
from totem_sdk.estimate.known import Known, anything
from totem_sdk.estimate.lengths import CHANGES
from totem_sdk.program import Block, Body, Function, If, Loop, Op, blocks_of

__all__ = ["Head", "any_number", "assigned_in", "at_least", "at_most", "forget", "head_of", "lengthened_in"]


@dataclass(frozen=True)
class Head:
    """The head of a counted loop: the block with the test, its register, the rest of a round, the way out."""

    block: Block
    test: Op
    register: int
    stay: Body
    leave: Body


def any_number(quantity: Quantity) -> Quantity:
    """Return what any number of times a quantity, also none, can be."""
    bounded = quantity.high is not None and not any(quantity.high.values())
    return Quantity({}, {} if bounded else None, quantity.mean)


def at_most(quantity: Quantity) -> Quantity:
    """Return the same without a lower bound."""
    return Quantity({}, quantity.high, quantity.mean)


def at_least(quantity: Quantity) -> Quantity:
    """Return the same with nothing in the upper bound: it is paid for elsewhere."""
    return Quantity(quantity.low, {}, quantity.mean)


def head_of(node: Loop) -> Head | None:
    """Return the head of a loop that a hidden counter or a group's values end, None of any other."""
    match node.body:
        case (Block(ops=(Op(code="range_test" | "more_values", dst=int(register)) as test,)) as block, If() as branch):
            if branch.condition == register and node.kind in ("range", "list", "values"):
                return Head(block, test, register, branch.then, branch.orelse)
    return None


def assigned_in(body: Body) -> list[int]:
    """Return the registers that a body writes, and those of the lists that it makes longer or shorter."""
    written = {register for block in blocks_of(body) for op in block.ops for register in (op.dst, op.catch)}
    written.update(lengthened_in(body))
    return sorted(register for register in written if register is not None)


def lengthened_in(body: Body) -> list[int]:
    """Return the registers through which a body makes lists longer or shorter."""
    return sorted({op.args[0] for block in blocks_of(body) for op in block.ops if op.code in CHANGES})


def forget(registers: list[Known | None], assigned: Sequence[int], function: Function) -> None:
    """Keep nothing of registers but their types."""
    for register in assigned:
        registers[register] = anything(function.registers[register])
