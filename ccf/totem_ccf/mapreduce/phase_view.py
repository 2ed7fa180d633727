"""The master's view of the open phase: which tasks are to be started, run, done; the manager's books decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.receipt import AttemptReport

__all__ = ["PhaseView", "TaskView"]


@dataclass(slots=True)
class TaskView:
    """One task: ``starting`` until the manager has let the attempt start; ``lost`` counts attempts that broke."""

    status: Literal["pending", "starting", "live", "done", "ended"] = "pending"
    attempt: int = 0
    lost: int = 0
    report: AttemptReport | None = None


class PhaseView:
    """The tasks of a phase.

    ``order`` is the order in which tasks are started, until ``strict``: then it is from the lowest upwards.
    ``ceiling``: a task at or above it may only be started when it is the lowest that is not done.
    """

    def __init__(self, index: int, order: Sequence[int], ceiling: int) -> None:
        self.index = index
        self.tasks = [TaskView() for _ in order]
        self.order = order
        self.ceiling = ceiling
        self.strict = False
        self.lowest = 0

    @classmethod
    def of_snapshot(cls, snapshot: Mapping[str, Any], order: Sequence[int], known: PhaseView | None) -> Self:
        """Make the view from the manager's snapshot; ``known`` is what this master knew of the same phase before."""
        view = cls(snapshot["phase"], order, snapshot["ceiling"])
        for number, told in enumerate(snapshot["tasks"]):
            task = view.tasks[number]
            task.status, task.attempt = told["status"], told["attempt"]
            task.report = None if told["report"] is None else AttemptReport.from_json(told["report"])
            if known is not None and known.index == view.index:
                # A number is never used twice: a start that is still under way must not be taken for the next one.
                task.attempt = max(task.attempt, known.tasks[number].attempt)
                task.lost = known.tasks[number].lost
        view.advance()
        return view

    @property
    def all_done(self) -> bool:
        """Whether every task is done."""
        return self.lowest == len(self.tasks)

    def advance(self) -> None:
        """Find the lowest task that is not done."""
        while self.lowest < len(self.tasks) and self.tasks[self.lowest].status == "done":
            self.lowest += 1

    def startable(self) -> Iterator[int]:
        """Yield the tasks that may be started, in the order in which they are to be."""
        for number in range(len(self.tasks)) if self.strict else self.order:
            if self.tasks[number].status == "pending" and (number < self.ceiling or number == self.lowest):
                yield number

    def current(self, id_: AttemptId) -> TaskView | None:
        """Return the task of an attempt if the attempt is its latest."""
        if id_.phase != self.index or self.tasks[id_.task].attempt != id_.number:
            return None
        return self.tasks[id_.task]

    def over(self, id_: AttemptId, report: AttemptReport) -> None:
        """Note the end of a task, also by an attempt that was given up here: what the manager has accepted counts."""
        task = self.tasks[id_.task]
        task.report = report
        if report.end == "done":
            task.status = "done"
            self.advance()
        else:
            task.status = "ended"
            self.ceiling = min(self.ceiling, id_.task)

    def voided(self, id_: AttemptId) -> None:
        """Note that a task lost to a lower one and is to be run again, should it become the lowest."""
        self.ceiling = min(self.ceiling, id_.task)
        task = self.tasks[id_.task]
        if task.status in ("done", "ended") or task.attempt == id_.number:
            task.status, task.report = "pending", None

    def outputs(self) -> list[tuple[int, AttemptReport]]:
        """Return the reports of the tasks that hold their places, with their numbers."""
        return [(number, task.report) for number, task in enumerate(self.tasks) if task.report is not None]
