"""Running one attempt of a task: its input from files, its lease from the updater, its output into files.

Everything that an attempt writes lies in a directory of its own, so attempts never meet; the report names the pieces.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from totem_ccf.faults import kill_point
from totem_ccf.mapreduce.executor import TaskExecutor
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.planner import TaskSpec
from totem_ccf.mapreduce.read_ahead import FragmentReader
from totem_ccf.mapreduce.runs import Piece, PieceWriter, make_durable, open_piece
from totem_ccf.mapreduce.shuffle import GroupBatch, ShuffleReader, ShuffleWriter
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.updater import Updater
from totem_ccf.storage import DataError
from totem_sdk.cost import PricedProgram
from totem_sdk.task import TaskResult

__all__ = ["AttemptRunner", "attempt_directory", "input_rows"]


def attempt_directory(job: Path, task: TaskSpec, number: int) -> Path:
    """Return where an attempt writes."""
    return job / f"phase-{task.phase:02d}" / f"task-{task.task:05d}" / f"attempt-{number}"


def input_rows(task: TaskSpec) -> int:
    """Return how many rows the task reads, as far as its documents say."""
    if task.fragment is not None:
        return int(task.fragment["rows"])
    return sum(int(piece["rows"]) for piece in task.pieces)


class AttemptRunner:
    """Runs attempts of one job, one after the other.

    Args:
        priced: the job's program under its table.
        executor: runs the tasks.
        directory: the job's directory.
        memory_limit: bytes of emits that are kept before they are written.
        onward: the documents of all fragments, if they are all read here and in order: then reading goes on into the
            next one while a task is finished.
    """

    def __init__(
        self,
        priced: PricedProgram,
        executor: TaskExecutor,
        directory: Path,
        memory_limit: int,
        *,
        onward: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._program = priced.program
        columns = self._program.schema.columns
        self._input = FragmentReader([columns[position].name for position in priced.columns_charged])
        self._onward = onward
        self._executor = executor
        self._directory = directory
        self._memory_limit = memory_limit

    def run(self, task: TaskSpec, number: int, updater: Updater) -> AttemptReport:
        """Run an attempt and return its report, with its output in place and on the disk.

        A report that was accepted is never taken back, so what it names must outlast a power cut.

        Raises:
            Fenced: the attempt counts no more; what it had written is removed.
            ShuffleError, OSError: what other tasks have written can't be read, or nothing can be written here.
        """
        directory = attempt_directory(self._directory, task, number)
        # A process that was killed may have left something under the same number.
        shutil.rmtree(directory, ignore_errors=True)
        try:
            report = (
                self._map(task, directory, updater) if task.kind == "map" else self._reduce(task, directory, updater)
            )
            make_durable((Piece.from_json(dict(piece)) for piece in report.output["pieces"]), self._directory)
        except DataError as error:
            shutil.rmtree(directory, ignore_errors=True)
            return AttemptReport("data_error", 0, error={"kind": error.for_consumer(), "detail": str(error)})
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        if not report.output["pieces"]:
            shutil.rmtree(directory, ignore_errors=True)
        return report

    def _map(self, task: TaskSpec, directory: Path, updater: Updater) -> AttemptReport:
        layout = self._executor.layout(task.step)
        writer: ShuffleWriter | _PairWriter
        if task.partitions:
            writer = ShuffleWriter(layout, task.partitions, directory, self._memory_limit)
        else:
            writer = _PairWriter(layout.schema, directory, self._memory_limit)
        result = self._executor.run_map(task.step, self._batches(task), updater, writer.add)
        pieces = writer.finish() if result.end == "done" else ()
        return _report(result, pieces, updater)

    def _reduce(self, task: TaskSpec, directory: Path, updater: Updater) -> AttemptReport:
        pieces = [Piece.from_json(dict(piece)) for piece in task.pieces]
        reader = ShuffleReader(self._executor.layout(task.step), pieces, self._memory_limit)
        counted = _Counted(reader.groups())
        writer = _PairWriter(PairLayout(*self._program.steps[task.step].emits).schema, directory, self._memory_limit)
        result = self._executor.run_reduce(task.step, counted, updater, writer.add)
        written = writer.finish() if result.end != "failed" else ()
        return _report(result, written, updater, counted.groups if result.end == "done" else result.groups_done)

    def _batches(self, task: TaskSpec) -> Iterator[Any]:
        if task.fragment is not None:
            yield from self._input.read(task.task, [task.fragment, *self._onward[task.task + 1 :]])
            return
        schema = PairLayout(*self._program.steps[task.step - 1].emits).schema
        for piece in task.pieces:
            yield from open_piece(Piece.from_json(dict(piece)), schema).to_batches()


class _PairWriter:
    """Writes the pairs of a task in order, in pieces of about ``memory_limit`` bytes."""

    def __init__(self, schema: Any, directory: Path, memory_limit: int) -> None:
        self._schema = schema
        self._directory = directory
        self._memory_limit = memory_limit
        self._batches: list[Any] = []
        self._bytes = 0
        self._pieces: list[Piece] = []

    def add(self, batch: Any) -> None:
        self._batches.append(batch)
        self._bytes += batch.nbytes
        if self._bytes > self._memory_limit:
            self._write()

    def finish(self) -> tuple[Piece, ...]:
        self._write()
        return tuple(self._pieces)

    def _write(self) -> None:
        if any(batch.num_rows for batch in self._batches):
            with PieceWriter(self._directory / f"pairs-{len(self._pieces):04d}.arrow", self._schema) as writer:
                self._pieces.append(writer.write(self._batches))
        self._batches, self._bytes = [], 0


class _Counted:
    """Groups as they come, counted."""

    def __init__(self, batches: Iterator[GroupBatch]) -> None:
        self._batches = batches
        self.groups = 0

    def __iter__(self) -> Iterator[GroupBatch]:
        return self

    def __next__(self) -> GroupBatch:
        batch = next(self._batches)
        kill_point("worker:reduce-read")
        self.groups += len(batch)
        return batch


def _report(result: TaskResult, pieces: tuple[Piece, ...], updater: Updater, groups: int = 0) -> AttemptReport:
    return AttemptReport.of(
        result,
        {"pieces": [piece.to_json() for piece in pieces]},
        groups=groups,
        stopped=updater.stopped == "cancelled",
    )
