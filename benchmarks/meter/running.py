"""Whole jobs on the kernel in this process: their totem, and what they are charged by."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.mapreduce.pairs import ARROW_TYPES
from totem_ccf.mapreduce.shuffle import GroupBatch, Piece, ShuffleReader, ShuffleWriter
from totem_sdk.cost import BillRow, price
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow, TaskResult
from totem_sdk.types import Option, Scalar

__all__ = ["ENOUGH", "JobFailed", "Prepared", "Ran"]

ENOUGH = 1 << 50
LEASE = 1 << 40
MEMORY = 1 << 30
BATCH_ROWS = 65_536

Rows = Sequence[tuple[Any, ...]]


class JobFailed(Exception):
    """A job ended in an error of its program: its time says nothing."""


@dataclass(frozen=True)
class Ran:
    """What a run took: processor seconds, totem, the totem's (class → unit bytes), and whether it was complete."""

    seconds: float
    totem: int
    units: Mapping[str, int]
    complete: bool


class Prepared:
    """A job, compiled under a bundled table."""

    def __init__(
        self, source: str, schema: Schema, params: Mapping[str, Any] | None = None, table: str = "standard-1"
    ) -> None:
        """Compile.

        Raises:
            Refused: the language or the table refuses the source.
        """
        self.priced = price(compile_job(source, schema), load(table))
        self._executor = KernelExecutor(compile_kernel(self.priced), bind(self.priced.program, dict(params or {})))

    def batches(self, rows: Rows) -> list[Any]:
        """Return rows as record batches of the columns that the program uses."""
        return [self._batch(rows[start : start + BATCH_ROWS]) for start in range(0, len(rows), BATCH_ROWS)]

    def run(self, tasks: Sequence[Sequence[Any]], escrow: int = ENOUGH) -> Ran:
        """Run the job to its end, or until the escrow is spent; each task of the first step has its batches.

        Raises:
            JobFailed: it ended in an error of the program.
        """
        pot = Escrow(escrow, min(LEASE, escrow))
        started = time.process_time()
        bill, complete = self._phases(tasks, pot)
        seconds = time.process_time() - started
        weights = self.priced.table.weights
        units: Counter[str] = Counter()
        for row in bill:
            if weights[row.opcode]:
                units[row.opcode] += row.totem // weights[row.opcode]
        return Ran(seconds, sum(row.totem for row in bill), units, complete)

    def _phases(self, tasks: Sequence[Sequence[Any]], pot: Escrow) -> tuple[list[BillRow], bool]:
        program = self.priced.program
        bill: list[BillRow] = []
        inputs: list[Sequence[Any]] = list(tasks)
        for phase in program.phases:
            if phase.kind == "reduce":
                inputs = self._shuffled(phase.step, inputs)
            run: Callable[..., TaskResult] = (
                self._executor.run_map if phase.kind == "map" else self._executor.run_reduce
            )
            outputs: list[Sequence[Any]] = []
            for task in inputs:
                out: list[Any] = []
                result = run(phase.step, iter(task), pot, out.append)
                pot.left += result.unspent
                bill += self.priced.bill(phase.step, phase.kind, result.counts)
                outputs.append(out)
                if result.end == "failed":
                    raise JobFailed(str(result.error))
                if result.end != "done":
                    return bill, False
            inputs = outputs
        return bill, True

    def _shuffled(self, step: int, tasks: Sequence[Sequence[Any]]) -> list[Sequence[GroupBatch]]:
        layout = self._executor.layout(step)
        partitions = self.priced.program.steps[step].partitions
        with tempfile.TemporaryDirectory(prefix="totem-meter-") as folder:
            pieces: list[Piece] = []
            for number, batches in enumerate(tasks):
                writer = ShuffleWriter(layout, partitions, Path(folder) / str(number), MEMORY)
                for batch in batches:
                    writer.add(batch)
                pieces += writer.finish()
            return [
                list(ShuffleReader(layout, [piece for piece in pieces if piece.partition == number], MEMORY).groups())
                for number in range(partitions)
            ]

    def _batch(self, rows: Rows) -> Any:
        fields, arrays = [], []
        for position in self.priced.columns_charged:
            column = self.priced.program.schema.columns[position]
            inner = column.type.item if isinstance(column.type, Option) else column.type
            assert isinstance(inner, Scalar)  # noqa: S101  for the type checker: columns are scalars
            fields.append(pa.field(column.name, ARROW_TYPES[inner], nullable=isinstance(column.type, Option)))
            arrays.append(pa.array([row[position] for row in rows], ARROW_TYPES[inner]))
        if not fields:
            # A program that uses no column has rows all the same; Arrow needs a column to count them.
            return pa.RecordBatch.from_arrays([pa.nulls(len(rows))], names=["_"])
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
