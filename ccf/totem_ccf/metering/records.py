"""What the manager's durable log holds: every fact that must survive a crash, in order.

Replaying the records gives the manager's state, but for attempts that wait for totem: they ask again. A lease counts
as spent from the moment its record is written, whether or not the attempt got the answer, until the attempt's end or
loss is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from totem_ccf.metering.receipt import AttemptReport
from totem_sdk.errors import InvalidDocument

__all__ = [
    "AttemptEnded",
    "AttemptLost",
    "AttemptStarted",
    "EscrowGrown",
    "JobCancelled",
    "LeaseDenied",
    "LeaseGranted",
    "LeaseReturned",
    "PhaseClosed",
    "PhaseOpened",
    "PhaseSettled",
    "PoolAsked",
    "Record",
    "TaskVoided",
    "record_from_json",
    "record_to_json",
]


@dataclass(frozen=True, slots=True)
class PhaseOpened:
    """A phase of ``tasks`` tasks has begun; ``phase`` is its index in plan order."""

    phase: int
    tasks: int


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """An attempt may ask for totem with this token; attempts of a task count from 1."""

    task: int
    attempt: int
    token: str


@dataclass(frozen=True, slots=True)
class LeaseGranted:
    """Request ``seq`` of an attempt was answered: it now holds ``clean`` + ``recycled``, of which ``used`` is used."""

    task: int
    attempt: int
    seq: int
    clean: int
    recycled: int
    used: int


@dataclass(frozen=True, slots=True)
class LeaseReturned:
    """An attempt waits for totem; what it had not used went back to the pool."""

    task: int
    attempt: int
    clean: int
    recycled: int
    used: int


@dataclass(frozen=True, slots=True)
class LeaseDenied:
    """The lowest task that is not done can't have what it needs: it halts, and it is the end."""

    task: int
    attempt: int


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt has ended by itself and its report is accepted; what it did not use went back."""

    task: int
    attempt: int
    report: AttemptReport


@dataclass(frozen=True, slots=True)
class TaskVoided:
    """A task lost to a lower one: its totem went back to the pool, its output counts no more."""

    task: int
    attempt: int


@dataclass(frozen=True, slots=True)
class AttemptLost:
    """The provider's machines lost an attempt: its totem went back, the consumer pays nothing for it."""

    task: int
    attempt: int


@dataclass(frozen=True, slots=True)
class PhaseClosed:
    """No attempt of the phase is live; ``receipt`` is what is settled (None: the data can't be read, ``error``)."""

    phase: int
    receipt: Mapping[str, Any] | None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PhaseSettled:
    """The ledger has the phase's receipt and has answered."""

    phase: int
    proceed: bool
    left: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class PoolAsked:
    """The pool is asked for more for the lowest task: nothing above it is started until there is an answer.

    So what is used stays what the pool was told, whatever is lost or cancelled meanwhile.
    """

    task: int


@dataclass(frozen=True, slots=True)
class EscrowGrown:
    """The pool has given more: the job's escrow is ``escrow`` now, all that it had before included."""

    escrow: int


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """The consumer or the provider has cancelled: nothing more is granted."""


Record = (
    PhaseOpened
    | AttemptStarted
    | LeaseGranted
    | LeaseReturned
    | LeaseDenied
    | AttemptEnded
    | TaskVoided
    | AttemptLost
    | PhaseClosed
    | PhaseSettled
    | PoolAsked
    | EscrowGrown
    | JobCancelled
)

_KINDS: dict[str, type[Record]] = {
    "open": PhaseOpened,
    "start": AttemptStarted,
    "lease": LeaseGranted,
    "return": LeaseReturned,
    "deny": LeaseDenied,
    "end": AttemptEnded,
    "void": TaskVoided,
    "lost": AttemptLost,
    "close": PhaseClosed,
    "settled": PhaseSettled,
    "asked": PoolAsked,
    "more": EscrowGrown,
    "cancel": JobCancelled,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def record_to_json(record: Record) -> dict[str, Any]:
    """Return the record as a JSON object with its kind under ``is``."""
    if isinstance(record, AttemptEnded):
        return {"is": "end", "task": record.task, "attempt": record.attempt, "report": record.report.to_json()}
    return {"is": _NAMES[type(record)], **asdict(record)}


def record_from_json(document: Mapping[str, Any]) -> Record:
    """Read what ``record_to_json`` gives.

    Raises:
        InvalidDocument: the kind is unknown or the fields are not those of the kind.
    """
    fields = dict(document)
    kind = _KINDS.get(fields.pop("is", ""))
    if kind is None:
        raise InvalidDocument(f"lease log: unknown record {document.get('is')!r}")
    if kind is AttemptEnded and isinstance(fields.get("report"), dict):
        fields["report"] = AttemptReport.from_json(fields["report"])
    try:
        return kind(**fields)
    except TypeError as error:
        raise InvalidDocument(f"lease log: record {document['is']!r}: {error}") from None
