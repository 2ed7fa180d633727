"""What the manager hears (events) and what it says (actions).

Updaters send ``Ask`` and ``Finish`` and get ``Grant``, ``Stop`` or ``Accepted``; the master sends the other events and
gets the other actions, but for ``Settle`` and ``AskMore``, which go to the settlement; it answers ``Settled`` and
``More``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.receipt import AttemptReport

__all__ = [
    "Accepted",
    "Ask",
    "AskMore",
    "Balance",
    "Broken",
    "Cancel",
    "ClosePhase",
    "Dry",
    "Finish",
    "Grant",
    "Lifted",
    "Lost",
    "MakeRoom",
    "ManagerAction",
    "ManagerEvent",
    "MasterConnected",
    "More",
    "NotStarted",
    "OpenPhase",
    "Pause",
    "Released",
    "Resume",
    "Settle",
    "Settled",
    "Snapshot",
    "StartAttempt",
    "Started",
    "Stop",
    "StopReason",
    "TaskDone",
    "TaskEnded",
    "Voided",
]

StopReason = Literal["out_of_totem", "void", "cancelled", "fenced"]
"""Why an attempt gets no more totem. Only ``out_of_totem`` and ``cancelled`` are followed by a report that counts."""


@dataclass(frozen=True, slots=True)
class Ask:
    """An attempt needs totem for a charge of ``cost``.

    ``seq`` counts the attempt's requests from 1 (a request is repeated with the same number), ``used`` is what the
    attempt has used so far, ``busy_ns`` how long its last lease took, ``hint`` the updater's own estimate of the whole
    task (only looked at in the first request; 0: none).
    """

    id: AttemptId
    token: str
    seq: int
    used: int
    cost: int
    busy_ns: int = 0
    hint: int = 0


@dataclass(frozen=True, slots=True)
class Finish:
    """An attempt has ended and its output is in place."""

    id: AttemptId
    token: str
    report: AttemptReport


@dataclass(frozen=True, slots=True)
class OpenPhase:
    """The master begins a phase of ``tasks`` tasks (step 2.2 of the published workflow)."""

    phase: int
    tasks: int


@dataclass(frozen=True, slots=True)
class StartAttempt:
    """The master is about to start an attempt whose updater will show ``token``."""

    id: AttemptId
    token: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The attempt's worker is gone, or the attempt broke down: it will never be heard of again."""

    id: AttemptId


@dataclass(frozen=True, slots=True)
class MakeRoom:
    """The answer to ``Dry`` when no worker is free for the lowest task."""

    task: int


@dataclass(frozen=True, slots=True)
class ClosePhase:
    """All tasks of the phase are done (step 12.1)."""

    phase: int


@dataclass(frozen=True, slots=True)
class MasterConnected:
    """A master (perhaps a new one) is there and knows of these live attempts; all others are lost."""

    live: frozenset[AttemptId]


@dataclass(frozen=True, slots=True)
class Settled:
    """The ledger's answer to a phase's receipt (step 13)."""

    phase: int
    proceed: bool
    left: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class More:
    """The pool's answer to ``AskMore``: what the job's escrow is now. It covers what was asked for, or nothing does."""

    escrow: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop everything; what live attempts have used is paid."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Grant nothing until ``Resume``."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Grant again."""


ManagerEvent = (
    Ask
    | Finish
    | OpenPhase
    | StartAttempt
    | Lost
    | MakeRoom
    | ClosePhase
    | MasterConnected
    | Settled
    | More
    | Cancel
    | Pause
    | Resume
)


@dataclass(frozen=True, slots=True)
class Grant:
    """The attempt may use ``held`` totem in all, counted from its start (answers request ``seq``)."""

    id: AttemptId
    seq: int
    held: int


@dataclass(frozen=True, slots=True)
class Stop:
    """The attempt gets nothing more."""

    id: AttemptId
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Accepted:
    """The attempt's report is in the log."""

    id: AttemptId


@dataclass(frozen=True, slots=True)
class Started:
    """The attempt may run."""

    id: AttemptId


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The attempt must not run (now)."""

    id: AttemptId


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A task is done."""

    id: AttemptId
    report: AttemptReport


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task has ended otherwise than done: it holds its place, everything above it is void."""

    id: AttemptId
    report: AttemptReport


@dataclass(frozen=True, slots=True)
class Voided:
    """A task lost to a lower one and is pending again."""

    id: AttemptId


@dataclass(frozen=True, slots=True)
class Lifted:
    """There is more totem: every task of the phase may be started again."""

    phase: int


@dataclass(frozen=True, slots=True)
class Dry:
    """Every live attempt waits, and the lowest task of the phase is not started."""

    phase: int
    task: int


@dataclass(frozen=True, slots=True)
class Settle:
    """The phase is closed: settle its receipt on the ledger (step 12.2 or 15.1)."""

    phase: int
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskMore:
    """The job stands at the charge that would end it: ``used`` is paid up to there, the charge ``needs`` so much.

    A job whose escrow is a slice of a pool asks for more before it halts.
    """

    used: int
    needs: int


@dataclass(frozen=True, slots=True)
class Released:
    """The phase is settled; ``proceed``: the next may begin (step 14), else everything stops (step 15.2)."""

    phase: int
    proceed: bool
    left: int
    reason: str | None
    receipt: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """The phase ended at data that can't be read; nothing is settled."""

    phase: int
    error: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Tell the master that has just connected everything that the books say."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How much of the escrow is used and left; not exact while leases are out."""

    used: int
    left: int


ManagerAction = (
    Grant
    | Stop
    | Accepted
    | Started
    | NotStarted
    | TaskDone
    | TaskEnded
    | Voided
    | Lifted
    | Dry
    | Settle
    | AskMore
    | Released
    | Broken
    | Snapshot
)
