"""The reference interpreter as a TaskExecutor: slow, for ``--interpreter`` and for comparing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from totem_ccf.mapreduce.executor import EMIT_ROWS, InputError
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.shuffle import GroupBatch
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError
from totem_sdk.interpreter import Group, run_map_task, run_reduce_task
from totem_sdk.program import Value
from totem_sdk.task import LeaseSource, TaskResult

__all__ = ["InterpreterExecutor"]


class InterpreterExecutor:
    """Runs tasks of one priced program with its bound parameters; see ``totem_ccf.mapreduce.executor``."""

    def __init__(self, priced: PricedProgram, params: Mapping[str, Value]) -> None:
        self._priced = priced
        self._params = params

    def layout(self, step: int) -> PairLayout:
        """Return how the map tasks of a step lay out what they emit: always pairs."""
        at = self._priced.program.steps[step]
        return PairLayout(*(at.emits if at.shuffled is None else at.shuffled))

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
        pairs, result = run_map_task(self._priced, step, rows, self._params, lease)
        _emit(self.layout(step), pairs, emit, emit_rows)
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
        pairs, result = run_reduce_task(self._priced, step, self._groups(step, groups), self._params, lease)
        _emit(PairLayout(*self._priced.program.steps[step].emits), pairs, emit, emit_rows)
        return result

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
        for batch in batches:
            keys = layout.keys_to_python(batch.keys.columns)
            values = layout.values_to_python(batch.values.columns)
            for number, key in enumerate(keys):
                yield key, values[batch.offsets[number] : batch.offsets[number + 1]]


def _emit(layout: PairLayout, pairs: Sequence[tuple[Any, Any]], emit: Callable[[Any], None], emit_rows: int) -> None:
    if emit_rows < 1:
        raise InternalError("emit_rows must be at least 1")
    for start in range(0, len(pairs), emit_rows):
        emit(layout.from_python(pairs[start : start + emit_rows]))
