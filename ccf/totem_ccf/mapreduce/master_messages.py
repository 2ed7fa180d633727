"""What the master hears (events) and what it does (actions); what the manager tells it are actions of the manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from totem_ccf.mapreduce.job import JobState
from totem_ccf.mapreduce.planner import TaskSpec
from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId

__all__ = [
    "Action",
    "Assign",
    "AttemptOver",
    "Command",
    "Connected",
    "Disconnected",
    "Event",
    "JobOver",
    "Outcome",
    "Tell",
    "WorkerGone",
    "WorkerJoined",
]

Outcome = Literal["finished", "dropped", "broken"]


@dataclass(frozen=True, slots=True)
class Connected:
    """The manager is there; ``snapshot`` is what its books say (``totem_ccf.metering.wire.snapshot_of``)."""

    snapshot: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The manager is not there; what was told it and not answered may be lost."""


@dataclass(frozen=True, slots=True)
class WorkerJoined:
    """A worker is there and idle."""

    worker: int


@dataclass(frozen=True, slots=True)
class WorkerGone:
    """A worker has ended, or was not heard of for too long."""

    worker: int


@dataclass(frozen=True, slots=True)
class AttemptOver:
    """A worker is idle again.

    It handed in its attempt's report (``finished``), had to drop the attempt (``dropped``: the manager said so) or
    could not run it (``broken``, with the reason for the provider's log).
    """

    worker: int
    id: AttemptId
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """Whoever started the job wants something of it."""

    command: Literal["cancel", "pause", "resume"]


Event = Connected | Disconnected | WorkerJoined | WorkerGone | AttemptOver | Command | m.ManagerAction


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the manager, in order."""

    event: m.ManagerEvent


@dataclass(frozen=True, slots=True)
class Assign:
    """Give a worker an attempt to run."""

    worker: int
    id: AttemptId
    token: str
    task: TaskSpec


@dataclass(frozen=True, slots=True)
class JobOver:
    """The job has ended.

    ``outputs`` are those of the tasks whose pairs are delivered, in task order (None: nothing is delivered);
    ``error`` is {"kind", "line"} of a failed program, ``data_error`` {"kind", "detail"} of the provider's data,
    ``reason`` why the provider's side failed.
    """

    state: JobState
    outputs: Sequence[Mapping[str, Any]] | None = None
    partial: bool = False
    error: Mapping[str, Any] | None = None
    data_error: Mapping[str, Any] | None = None
    reason: str | None = None


Action = Tell | Assign | JobOver
