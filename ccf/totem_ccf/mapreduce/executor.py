"""The port between the framework and what runs a task: the WebAssembly kernel or the reference interpreter.

A ``TaskExecutor`` is made for one priced program with its parameters and runs any number of tasks, one after the
other. It knows nothing of workers, files and partitions: batches come in by an iterator, totem by a LeaseSource,
emits leave by a function. Steps count from 0 as in ``Program.steps``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
    from totem_ccf.mapreduce.shuffle import GroupBatch
    from totem_sdk.task import LeaseSource, TaskResult

__all__ = ["EMIT_ROWS", "InputError", "TaskExecutor"]

EMIT_ROWS = 65_536
"""Most rows of a batch that an executor hands to ``emit`` unless told otherwise."""


class InputError(Exception):
    """Batches that an executor can't run on: the provider's side is wrong, not the program. Never shows a cell."""


class TaskExecutor(Protocol):
    """Runs tasks of one program."""

    def layout(self, step: int) -> PairLayout | FoldLayout:
        """Return how the map tasks of ``step`` lay out what they emit: pairs, or partial folds of them."""
        ...

    def run_map(
        self,
        step: int,
        batches: Iterator[pa.RecordBatch],
        lease: LeaseSource,
        emit: Callable[[pa.RecordBatch], None],
        *,
        emit_rows: int = EMIT_ROWS,
    ) -> TaskResult:
        """Run one map task: init, every row or pair, final, and the combiner with its init and final.

        ``batches`` holds, for step 0, the columns that ``PricedProgram.columns_charged`` names (found by name, of the
        column's type); for a later step the pairs that the step before emitted, in the pair layout of its ``emits``.
        ``emit`` is given batches of ``layout(step)`` with 1 to ``emit_rows`` rows, in the order of the emits; they
        count only if the task ends ``done``.

        The end (done, out of totem, an error of the program) is in the result. What the iterator, the lease source
        (other than OutOfTotem) or ``emit`` raise passes through unchanged; the attempt is then lost.

        Raises:
            InputError: the batches don't have the columns or types that the program was compiled for, or one row is
                too large to be held in the executor's memory.
        """
        ...

    def run_reduce(
        self,
        step: int,
        groups: Iterator[GroupBatch],
        lease: LeaseSource,
        emit: Callable[[pa.RecordBatch], None],
        *,
        emit_rows: int = EMIT_ROWS,
    ) -> TaskResult:
        """Run one reduce task: init, every group, final.

        ``groups`` holds pairs or partial folds of ``layout(step)``, grouped and in the order of the abstract machine
        (§2). ``emit`` is given batches in the pair layout of the step's ``emits``, in the order of the emits. When the
        task runs out of totem, ``emit`` has been given exactly the emits of calls that had ended (``reducer_init``, the
        groups that ``TaskResult.groups_done`` counts, ``reducer_final``).

        Errors as in ``run_map``.
        """
        ...
