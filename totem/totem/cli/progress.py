"""The meter on a terminal: the totem of a job running down while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from totem.cli.output import Output, show
from totem_ccf.engines.local import Progress as State

__all__ = ["Meter"]


class Meter:
    """A bar of the escrow that is left, with the phase that is running (``phases``: what they are called)."""

    def __init__(self, output: Output, escrow: int, phases: Sequence[str]) -> None:
        self._phases = phases
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[left]} totem left"),
            TimeElapsedColumn(),
            console=output.err,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=max(escrow, 1), completed=escrow, left=show(escrow))

    def update(self, progress: State) -> None:
        """Show what the framework says."""
        name = self._phases[progress.phase] if progress.phase < len(self._phases) else "ending"
        phase = f"{name}: {progress.tasks_done}/{progress.tasks} tasks, {show(progress.rows)} rows"
        self._progress.update(self._task, completed=progress.left, left=show(progress.left), description=phase)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
