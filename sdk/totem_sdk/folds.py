"""Which combiners and reducers can have their values folded early, away from where the group is reduced.

The abstract machine (§10) lets an executor compute ``sum``, ``min`` and ``max`` of a group's values early if the
function draws its values in no other way. That is done where the function has exactly one such operation, not in a
loop, over values whose accumulator has a fixed size. Who folds (a map task of the kernel, a provider for another
one) asks here, so that all agree on what is folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from totem_sdk.program import Block, Body, If, Loop, Op, Program, Scope, blocks_of
from totem_sdk.types import BOOL, FLOAT, INT, NONE, Option, Tuple, Type

__all__ = ["FOLDS", "Fold", "draws", "fold_of"]

FOLDS: dict[str, Literal["sum", "min", "max"]] = {"fold_sum": "sum", "fold_min": "min", "fold_max": "max"}
"""The operations that draw all values of a group into one, and what each is called in a program."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A fold of values of type ``value``."""

    kind: Literal["sum", "min", "max"]
    value: Type


def fold_of(program: Program, function: int, value: Type) -> Fold | None:
    """Return how the values of a combiner's or reducer's groups can be folded early, or None if they can't."""
    body = program.functions[function].body
    drawing = draws(program, function)
    once = [op for op in _operations(body, loops=False) if op.code in FOLDS]
    if len(drawing) != 1 or drawing != once:
        return None
    kind = FOLDS[once[0].code]
    if kind == "sum":
        return Fold(kind, value) if value in (INT, FLOAT) else None
    return Fold(kind, value) if value == FLOAT or _is_fixed(value) else None


def draws(program: Program, function: int) -> list[Op]:
    """Return the operations with which a combiner or reducer looks at the values of its groups, in their order."""
    operations = _operations(program.functions[function].body, loops=True)
    return [op for op in operations if op.code in FOLDS or op.code in ("read_value", "more_values")]


def _is_fixed(value: Type) -> bool:
    """Return whether the first of the smallest such values can be told from any others without their order."""
    match value:
        case Option(item=item):
            return _is_fixed(item)
        case Tuple(items=items):
            return all(_is_fixed(item) for item in items)
        case _:
            return value in (INT, BOOL, NONE)


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
