"""From a program to tasks (abstract machine, §1): what each task of each phase reads and writes.

A task's output is a document ``{"pieces": [...]}`` (``totem_ccf.mapreduce.runs.Piece``). A map task whose step has a
reducer writes the pieces of its partitions; every other task writes its pairs in order, in no or one piece.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from totem_sdk.cut import Part, phases_of
from totem_sdk.errors import InternalError
from totem_sdk.program import Phase, Program

__all__ = ["Plan", "TaskSpec"]

Output = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task: what it reads, and for how many partitions it writes (0: it writes its pairs in order).

    ``fragment`` is the document of a fragment (map tasks of step 0); ``pieces`` are the documents of what earlier
    tasks wrote for this one, in plan order.
    """

    phase: int
    step: int
    kind: Literal["map", "reduce"]
    task: int
    partitions: int
    fragment: Mapping[str, Any] | None
    pieces: Sequence[Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return the task as a JSON object."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TaskSpec:
        """Read what ``to_json`` gives."""
        return cls(**document)


class Plan:
    """The tasks of one job.

    Args:
        program: what is run.
        fragments: the documents of the map tasks of step 0, in order.
        part: what of the program is run.
        entering: of a combining part, what the data parts have put out, in order, instead of fragments.
    """

    def __init__(
        self,
        program: Program,
        fragments: Sequence[Mapping[str, Any]],
        part: Part = "whole",
        entering: Sequence[Output] = (),
    ) -> None:
        needed, other = (entering, fragments) if part == "combine" else (fragments, entering)
        if not needed or other:
            raise InternalError(
                "a job needs at least one fragment, or, to combine, at least one file of partial groups"
            )
        self.program = program
        self.fragments = tuple(fragments)
        self.run = phases_of(program, part)
        self._entering = tuple(entering)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The program's phases in plan order; the job runs those of ``run``."""
        return self.program.phases

    def tasks(self, phase: int, before: int) -> int:
        """Return the number of tasks of a phase; ``before`` is that of the phase before."""
        if phase == 0:
            return len(self.fragments)
        at = self.phases[phase]
        return self.program.steps[at.step].partitions if at.kind == "reduce" else before

    def task(self, phase: int, number: int, outputs: Sequence[Output]) -> TaskSpec:
        """Return one task; ``outputs`` are those of the tasks of the phase before, in task order.

        For the first phase of a combining part they are not looked at: what enters it is known.
        """
        if phase == self.run.start:
            outputs = self._entering
        at = self.phases[phase]
        step = self.program.steps[at.step]
        fragment: Mapping[str, Any] | None = None
        pieces: list[Mapping[str, Any]] = []
        if phase == 0:
            fragment = self.fragments[number]
        elif at.kind == "map":
            pieces = list(outputs[number]["pieces"])
        else:
            pieces = [piece for output in outputs for piece in output["pieces"] if piece["partition"] == number]
        shuffles = at.kind == "map" and step.reducer is not None
        return TaskSpec(phase, at.step, at.kind, number, step.partitions if shuffles else 0, fragment, pieces)
