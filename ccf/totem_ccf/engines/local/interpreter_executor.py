"""The reference interpreter as a TaskExecutor: slow, for ``--interpreter`` and for comparing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from totem_ccf.kernel.mathematics import runtime_port
from totem_ccf.mapreduce.executor import EMIT_ROWS, InputError
from totem_ccf.mapreduce.fold_rows import folds_from_columns
from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_ccf.mapreduce.partials import combined_layout
from totem_ccf.mapreduce.shuffle import GroupBatch
from totem_sdk.cost import PricedProgram
from totem_sdk.cut import Part
from totem_sdk.errors import InternalError
from totem_sdk.interpreter import Group, run_map_task, run_reduce_task
from totem_sdk.interpreter.folded import Folded
from totem_sdk.interpreter.mathematics import using
from totem_sdk.program import Value
from totem_sdk.task import LeaseSource, TaskResult

__all__ = ["InterpreterExecutor"]


class InterpreterExecutor:
    """Runs tasks of one priced program with its bound parameters; see ``totem_ccf.mapreduce.executor``.

    In a combining ``part`` the first reduce phase reads what other providers have folded.
    """

    def __init__(self, priced: PricedProgram, params: Mapping[str, Value], part: Part = "whole") -> None:
        self._priced = priced
        self._params = params
        self._combines = part == "combine"

    def layout(self, step: int) -> PairLayout | FoldLayout:
        """Return how the map tasks of a step lay out what they emit: pairs, except what others have folded."""
        if step == 0 and self._combines:
            return combined_layout(self._priced.program)
        return self._pairs_of(step)

    def run_map(
        self,
        step: int,
        batches: Iterator[Any],
        lease: LeaseSource,
        emit: Callable[[Any], None],
        *,
        emit_rows: int = EMIT_ROWS,
    ) -> TaskResult:
        """Run one map task; see TaskExecutor."""
        rows = self._rows(batches) if step == 0 else self._pairs(step, batches)
        with using(runtime_port):
            pairs, result = run_map_task(self._priced, step, rows, self._params, lease)
        _emit(self._pairs_of(step), pairs, emit, emit_rows)
        return result

    def run_reduce(
        self,
        step: int,
        groups: Iterator[GroupBatch],
        lease: LeaseSource,
        emit: Callable[[Any], None],
        *,
        emit_rows: int = EMIT_ROWS,
    ) -> TaskResult:
        """Run one reduce task; see TaskExecutor."""
        with using(runtime_port):
            pairs, result = run_reduce_task(self._priced, step, self._groups(step, groups), self._params, lease)
        _emit(PairLayout(*self._priced.program.steps[step].emits), pairs, emit, emit_rows)
        return result

    def _pairs_of(self, step: int) -> PairLayout:
        at = self._priced.program.steps[step]
        return PairLayout(*(at.emits if at.shuffled is None else at.shuffled))

    def _rows(self, batches: Iterator[Any]) -> Iterator[Sequence[Any]]:
        columns = self._priced.program.schema.columns
        charged = self._priced.columns_charged
        for batch in batches:
            row: list[Any] = [[None] * batch.num_rows] * len(columns)
            for position in charged:
                name = columns[position].name
                if name not in batch.schema.names:
                    raise InputError(f"a batch has no column {name!r}")
                row[position] = batch.column(name).to_pylist()
            yield from zip(*row, strict=True)

    def _pairs(self, step: int, batches: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        layout = PairLayout(*self._priced.program.steps[step - 1].emits)
        for batch in batches:
            yield from layout.to_python(batch)

    def _groups(self, step: int, batches: Iterator[GroupBatch]) -> Iterator[Group]:
        layout = self.layout(step)
        pairs = self._pairs_of(step)
        for batch in batches:
            keys = pairs.keys_to_python(batch.keys.columns)
            folds = folds_from_columns(layout, batch.values.columns) if isinstance(layout, FoldLayout) else []
            values = [] if folds else pairs.values_to_python(batch.values.columns)
            for number, key in enumerate(keys):
                start, end = batch.offsets[number], batch.offsets[number + 1]
                yield key, reduce(Folded.then, folds[start:end]) if folds else values[start:end]


def _emit(layout: PairLayout, pairs: Sequence[tuple[Any, Any]], emit: Callable[[Any], None], emit_rows: int) -> None:
    if emit_rows < 1:
        raise InternalError("emit_rows must be at least 1")
    for start in range(0, len(pairs), emit_rows):
        emit(layout.from_python(pairs[start : start + emit_rows]))
