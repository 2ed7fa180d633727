"""Takes emits out of the kernel's memory as record batches and hands them on, or holds them until a group has ended."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from totem_ccf.kernel.attempt import Attempt
from totem_ccf.kernel.roles import RolePlan

__all__ = ["HeldEmits", "PlainEmits"]

Emit = Callable[[Any], None]


class PlainEmits:
    """Hands the emits of a role to ``emit`` in batches of at most ``emit_rows``; ``rows`` counts the emits."""

    def __init__(self, attempt: Attempt, role: RolePlan, emit: Emit, emit_rows: int) -> None:
        self.rows = 0
        self._attempt = attempt
        self._role = role
        self._emit = emit
        self._emit_rows = emit_rows
        attempt.on_emits = self.take

    def take(self) -> None:
        """Take what is in memory."""
        self._give(self._attempt.read_emits(self._role))

    def _give(self, batch: Any) -> None:
        folded = self._role.out.table is not None
        self.rows += pc.sum(batch.column("n")).as_py() or 0 if folded else batch.num_rows
        for start in range(0, batch.num_rows, self._emit_rows):
            self._emit(batch.slice(start, self._emit_rows))


class HeldEmits(PlainEmits):
    """Hands on only emits of calls that have ended; those of a group under way are held.

    What is held goes to a file in ``directory`` when it is more than ``memory_limit`` bytes. Used as a context
    manager, which removes the file.
    """

    def __init__(
        self,
        attempt: Attempt,
        role: RolePlan,
        emit: Emit,
        emit_rows: int,
        *,
        memory_limit: int,
        directory: Path | None,
    ) -> None:
        super().__init__(attempt, role, emit, emit_rows)
        self._memory_limit = memory_limit
        self._directory = directory
        self._held: list[Any] = []
        self._held_bytes = 0
        self._held_after = 0
        self._file: Any = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    def take(self) -> None:
        """Take what is in memory; hand on what belongs to groups that have ended."""
        finished, done = self._attempt.finished, self._attempt.groups_done
        batch = self._attempt.read_emits(self._role)
        if done > self._held_after:
            self._release()
        self._give(batch.slice(0, finished))
        self._hold(batch.slice(finished))
        self._held_after = done

    def ended(self) -> None:
        """Hand on everything: a step function has ended."""
        self._attempt.flush()
        self._release()

    def _hold(self, batch: Any) -> None:
        if batch.num_rows == 0:
            return
        self._held.append(batch)
        self._held_bytes += batch.nbytes
        if self._held_bytes > self._memory_limit:
            if self._writer is None:
                self._file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115  closed by _drop
                self._writer = pa.ipc.new_stream(self._file, batch.schema)
            for each in self._held:
                self._writer.write_batch(each)
            self._held, self._held_bytes = [], 0

    def _release(self) -> None:
        for batch in self._everything_held():
            self._give(batch)
        self._drop()

    def _everything_held(self) -> Iterator[Any]:
        if self._writer is not None:
            self._writer.close()
            self._file.seek(0)
            with pa.ipc.open_stream(self._file) as reader:
                yield from reader
        yield from self._held

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None
        self._held, self._held_bytes = [], 0
