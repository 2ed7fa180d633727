"""Runs tasks on the WebAssembly kernel: the TaskExecutor of compiled programs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from totem_ccf.kernel.attempt import Attempt, Stopped
from totem_ccf.kernel.compiled import CompiledKernel
from totem_ccf.kernel.emits import HeldEmits, PlainEmits
from totem_ccf.kernel.feed import GroupFeed, RowFeed
from totem_ccf.kernel.roles import RolePlan
from totem_ccf.mapreduce.executor import EMIT_ROWS
from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_ccf.mapreduce.shuffle import GroupBatch, Grouper
from totem_sdk.errors import InternalError
from totem_sdk.program import Value
from totem_sdk.task import LeaseSource, TaskResult

__all__ = ["KernelExecutor"]

Emit = Callable[[Any], None]


class KernelExecutor:
    """Runs tasks of one compiled program; see ``totem_ccf.mapreduce.executor.TaskExecutor``.

    Args:
        compiled: the program's native code.
        params: its parameters, as ``totem_sdk.parameters.bind`` gives them.
        directory: where emits go that a combiner can't group in memory (None: the system's temporary directory).
        memory_limit: bytes of emits that a combiner groups in memory, and that a group's emits may take before they
            go to a file.
    """

    def __init__(
        self,
        compiled: CompiledKernel,
        params: Mapping[str, Value],
        *,
        directory: Path | None = None,
        memory_limit: int = 256 << 20,
    ) -> None:
        self._compiled = compiled
        self._params = dict(params)
        self._directory = directory
        self._memory_limit = memory_limit

    def layout(self, step: int) -> PairLayout | FoldLayout:
        """Return how the map tasks of ``step`` lay out what they emit: pairs, or partial folds of them."""
        return self._compiled.plans[step].map_layout

    def run_map(
        self,
        step: int,
        batches: Iterator[Any],
        lease: LeaseSource,
        emit: Emit,
        *,
        emit_rows: int = EMIT_ROWS,
    ) -> TaskResult:
        """Run one map task, with its combiner; see TaskExecutor."""
        attempt = Attempt(self._compiled, step, self._params, lease)
        try:
            return self._map(attempt, batches, emit, emit_rows)
        finally:
            attempt.close()

    def run_reduce(
        self,
        step: int,
        groups: Iterator[GroupBatch],
        lease: LeaseSource,
        emit: Emit,
        *,
        emit_rows: int = EMIT_ROWS,
    ) -> TaskResult:
        """Run one reduce task; see TaskExecutor."""
        attempt = Attempt(self._compiled, step, self._params, lease)
        try:
            role = attempt.plan.roles.get("reduce")
            if role is None or role.groups is None:
                raise InternalError(f"step {step} has no reducer")
            feed = GroupFeed(attempt, role.groups)
            held = HeldEmits(attempt, role, emit, emit_rows, memory_limit=self._memory_limit, directory=self._directory)
            with held as emits:
                try:
                    self._run_groups(attempt, role, feed, groups, emits.ended)
                except Stopped:
                    emits.take()
                    return attempt.stopped(role, emits.rows)
                return attempt.done(role, feed.values, emits.rows)
        finally:
            attempt.close()

    def _map(self, attempt: Attempt, batches: Iterator[Any], emit: Emit, emit_rows: int) -> TaskResult:
        role, combine = attempt.plan.roles["map"], attempt.plan.roles.get("combine")
        with self._scratch() if combine is not None else nullcontext() as folder:
            grouper = None if folder is None else Grouper(role.out.layout, Path(folder), self._memory_limit)
            emits = PlainEmits(attempt, role, emit if grouper is None else grouper.add, emit_rows)
            feed = RowFeed(attempt)
            try:
                self._run_rows(attempt, role, feed, batches)
                if grouper is not None and combine is not None and combine.groups is not None:
                    emits = PlainEmits(attempt, combine, emit, emit_rows)
                    feed_groups = GroupFeed(attempt, combine.groups)
                    self._run_groups(attempt, combine, feed_groups, grouper.groups(), attempt.flush)
            except Stopped:
                return attempt.stopped(role, 0)
            return attempt.done(role, feed.rows, emits.rows)

    def _scratch(self) -> tempfile.TemporaryDirectory[str]:
        """Return a folder for what a combiner can't group in memory."""
        return tempfile.TemporaryDirectory(dir=self._directory, ignore_cleanup_errors=True)

    def _run_rows(self, attempt: Attempt, role: RolePlan, feed: RowFeed, batches: Iterator[Any]) -> None:
        attempt.begin(role)
        if role.init is not None:
            attempt.run("map_init")
        for batch in batches:
            for rows in feed.put(batch):
                attempt.run("map_main", rows)
        if role.final is not None:
            attempt.run("map_final")
        attempt.flush()

    def _run_groups(
        self,
        attempt: Attempt,
        role: RolePlan,
        feed: GroupFeed,
        groups: Iterator[GroupBatch],
        ended: Callable[[], None],
    ) -> None:
        """Run the functions of a combiner or reducer; ``ended`` is called after init, after all groups, after final."""
        attempt.begin(role)
        attempt.on_values = feed.more
        if role.init is not None:
            attempt.run(f"{role.name}_init")
            ended()
        for batch in groups:
            for count in feed.put(batch):
                attempt.run(f"{role.name}_main", count)
        ended()
        if role.final is not None:
            attempt.run(f"{role.name}_final")
            ended()
