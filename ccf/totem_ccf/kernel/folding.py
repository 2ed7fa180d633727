"""Which reducers and combiners can have their values folded early, and how a fold lies in memory (docs/kernel.md).

The abstract machine (§10) lets an executor compute ``sum``, ``min`` and ``max`` of a group's values in the map task if
the reducer draws its values in no other way. The kernel does so where the function has exactly one such operation,
not in a loop, over values whose accumulators have a fixed size. The charges stay where the machine has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from totem_ccf.kernel.flatten import slots
from totem_ccf.mapreduce.pairs import FoldLayout
from totem_sdk.program import Block, Body, If, Loop, Op, Program, Scope, blocks_of
from totem_sdk.types import BOOL, FLOAT, INT, Option, Tuple, Type

__all__ = ["Fold", "fold_of"]

_KINDS: dict[str, Literal["sum", "min", "max"]] = {"fold_sum": "sum", "fold_min": "min", "fold_max": "max"}


@dataclass(frozen=True, slots=True)
class Fold:
    """A fold of values of type ``value``."""

    kind: Literal["sum", "min", "max"]
    value: Type

    @property
    def accumulator(self) -> Type:
        """The type as which the accumulator lies in memory.

        For a sum the low and high half of a 128-bit number and, of floats, the address of a wide sum or 0
        (``runtime/sums.h``); for ``min`` and ``max`` of floats, whether the first value is NaN, and the best of those
        that are not; else the value.
        """
        if self.kind == "sum":
            return Tuple((INT, INT)) if self.value == INT else Tuple((INT, INT, INT))
        return Tuple((BOOL, Option(FLOAT))) if self.value == FLOAT else self.value

    def layout(self, key: Type) -> FoldLayout:
        """Return the layout of partial folds by keys of a type."""
        return FoldLayout(key, self.kind, self.value)


def fold_of(program: Program, function: int, value: Type) -> Fold | None:
    """Return how the values of a combiner's or reducer's groups can be folded early, or None if they can't."""
    body = program.functions[function].body
    drawing = [op for op in _operations(body, loops=True) if op.code in _KINDS or op.code == "read_value"]
    once = [op for op in _operations(body, loops=False) if op.code in _KINDS]
    if len(drawing) != 1 or drawing != once or any(op.code == "more_values" for op in _operations(body, loops=True)):
        return None
    kind = _KINDS[once[0].code]
    if kind == "sum":
        return Fold(kind, value) if value in (INT, FLOAT) else None
    if value == FLOAT or all(slot.kind in ("int", "bool", "present") for slot in slots(value)):
        return Fold(kind, value)
    return None


def _operations(body: Body, *, loops: bool) -> Iterator[Op]:
    """Yield the operations of a body, with or without those in loops."""
    for node in body:
        match node:
            case Block(ops=ops):
                yield from ops
            case If(then=then, orelse=orelse):
                yield from _operations(then, loops=loops)
                yield from _operations(orelse, loops=loops)
            case Scope(body=inner):
                yield from _operations(inner, loops=loops)
            case Loop(body=inner) if loops:
                for block in blocks_of(inner):
                    yield from block.ops
