"""Where a program can be cut, so that several providers answer one job together (docs/language.md, section 16).

What leaves a provider must be something for a group, never something for a row. So a program can be cut behind its
first map phase if whoever consumes the mapper's values first draws them only through folds: the combiner, or, where
there is none, the reducer. Then each provider runs the map phase of step 0 on its own fragments (a *data part*), and
the combining provider all later phases on the *partial groups* of the data parts (the *combining part*).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from totem_sdk.errors import InternalError, Refusal
from totem_sdk.folds import FOLDS, Fold, draws, fold_of
from totem_sdk.program import Op, Program, blocks_of
from totem_sdk.types import Type

__all__ = ["CODES", "Part", "Partial", "partial_of", "phases_of", "refusals"]

Part = Literal["whole", "data", "combine"]
"""What a job runs of a program: all of it, the map phase of step 0, or everything behind that."""

CODES: dict[str, str] = {
    "rows-would-move": "single values of the mapper would have to leave their provider",
    "fold-not-mergeable": "the reducer's fold can't be continued at another provider",
}
"""Every code of a refusal to cut, and what it means."""

_ONE_PROVIDER = "or run the job at one provider"


@dataclass(frozen=True, slots=True)
class Partial:
    """What travels from a data part to the combining part, for keys of type ``key``.

    ``fold`` says how the reducer's values were folded: one accumulator for each group. None: what the combiner of each
    map task has emitted, values of type ``value`` in the order of the tasks, because the reducer wants them one by one.
    """

    key: Type
    value: Type
    fold: Fold | None


def phases_of(program: Program, part: Part) -> range:
    """Return the indexes of the phases that a part runs; they are those of the whole program."""
    count = len(program.phases)
    return {"whole": range(count), "data": range(min(count, 1)), "combine": range(1, count)}[part]


def partial_of(program: Program) -> Partial:
    """Return what the data parts of a program put out.

    Raises:
        InternalError: the program can't be cut: ``refusals`` was not asked.
    """
    step = program.steps[0]
    if step.shuffled is None or step.reducer is None or refusals(program):
        raise InternalError(f"{program.name} can't be cut")
    key, value = step.shuffled
    return Partial(key, value, fold_of(program, step.reducer, value))


def refusals(program: Program) -> list[Refusal]:
    """Return why a program can't be cut, in source order; an empty list if it can."""
    step = program.steps[0]
    if step.shuffled is None or step.reducer is None:
        mappers = (step.mapper_init, step.mapper, step.mapper_final)
        emit = next(op for number in mappers if number is not None for op in _ops(program, number) if op.code == "emit")
        why = "step 0 has no reducer: what its mapper yields are rows, and rows would have to move to another provider"
        return [_refusal(emit, "rows-would-move", why, f"add a reducer that sums up its values, {_ONE_PROVIDER}")]
    role, function = ("reducer", step.reducer) if step.combiner is None else ("combiner", step.combiner)
    drawing = draws(program, function)
    # A for loop over the values asks for more before it takes one; it is one place in the source.
    loops = {(op.line, op.column): op for op in drawing if op.code not in FOLDS}
    if loops:
        why = (
            f"the {role} of step 0 loops over single values: rows would have to move to another provider, because"
            " there are no partial groups that could move instead"
        )
        return [_refusal(op, "rows-would-move", why, _loop_hint(role)) for _, op in sorted(loops.items())]
    if role == "combiner" or fold_of(program, function, step.shuffled[1]) is not None:
        return []
    if not drawing:
        why = "the reducer of step 0 never looks at its values, so nothing is folded: all of them would have to move"
        hint = f"add a combiner that yields one value for a key, {_ONE_PROVIDER}"
        return [_refusal(next(_ops(program, function)), "rows-would-move", why, hint)]
    if len(drawing) > 1:
        why = "the reducer of step 0 folds its values in one of several ways: which one, only the reducer knows"
        hint = f"fold them in one place, or add a combiner made of sum, min or max, {_ONE_PROVIDER}"
        return [_refusal(op, "fold-not-mergeable", why, hint) for op in drawing]
    (op,) = drawing
    why = f"the {FOLDS[op.code]} of {step.shuffled[1]} has no accumulator of a fixed size that could move"
    hint = f"add a combiner that does the same for each map task, {_ONE_PROVIDER}"
    return [_refusal(op, "fold-not-mergeable", why, hint)]


def _ops(program: Program, function: int) -> Iterator[Op]:
    return (op for block in blocks_of(program.functions[function].body) for op in block.ops)


def _loop_hint(role: str) -> str:
    if role == "combiner":
        return f"use sum, min or max over the values instead of the loop, {_ONE_PROVIDER}"
    return f"use sum, min or max over the values instead of the loop, or add a combiner made of them, {_ONE_PROVIDER}"


def _refusal(op: Op, code: str, message: str, hint: str) -> Refusal:
    return Refusal(max(op.line, 1), max(op.column, 1), code, message, hint)
