"""The state machines' messages as protobuf and back.

Receipts, reports, outputs and snapshots travel as JSON in bytes fields: they are documents with formats of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from totem_ccf.metering import messages as m
from totem_ccf.metering.audit import ChargeItem
from totem_ccf.metering.books import AttemptId, Books
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.receipt import AttemptReport
from totem_sdk.errors import InternalError, InvalidDocument

__all__ = [
    "ask_from_wire",
    "ask_to_wire",
    "attempt_to_wire",
    "dumps",
    "event_from_wire",
    "event_to_wire",
    "fingerprint",
    "id_from_wire",
    "loads",
    "news_from_wire",
    "news_to_wire",
    "report_from_wire",
    "snapshot_of",
]


def dumps(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def loads(data: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        InvalidDocument: it is none.
    """
    try:
        document = json.loads(data)
    except ValueError:
        raise InvalidDocument("a message holds something that is not JSON") from None
    if not isinstance(document, dict):
        raise InvalidDocument("a message holds JSON that is not an object")
    return document


def attempt_to_wire(id_: AttemptId, token: str = "") -> pb.Attempt:
    """Return an attempt's id, with its token where the receiver needs it."""
    return pb.Attempt(phase=id_.phase, task=id_.task, number=id_.number, token=token)


def id_from_wire(attempt: pb.Attempt) -> AttemptId:
    """Return an attempt's id."""
    return AttemptId(attempt.phase, attempt.task, attempt.number)


def fingerprint(token: str) -> str:
    """Return what the manager knows and keeps of an attempt's token: whoever reads its log can't show the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def report_from_wire(data: bytes) -> AttemptReport:
    """Read an attempt's report."""
    return AttemptReport.from_json(loads(data))


def ask_to_wire(ask: m.Ask, charge: int, items: tuple[ChargeItem, ...]) -> pb.AskRequest:
    """Return an updater's request."""
    return pb.AskRequest(
        attempt=attempt_to_wire(ask.id, ask.token),
        seq=ask.seq,
        used=ask.used,
        cost=ask.cost,
        busy_ns=ask.busy_ns,
        hint=ask.hint,
        charge=charge,
        items=[pb.ChargeItem(opcode=i.opcode, type=i.type, count=i.count, totem=i.totem) for i in items],
    )


def ask_from_wire(ask: pb.AskRequest) -> m.Ask:
    """Return an updater's request."""
    token = fingerprint(ask.attempt.token)
    return m.Ask(id_from_wire(ask.attempt), token, ask.seq, ask.used, ask.cost, ask.busy_ns, ask.hint)


def event_to_wire(event: m.ManagerEvent) -> pb.Word:
    """Return what the master tells the manager."""
    match event:
        case m.OpenPhase(phase=phase, tasks=tasks):
            return pb.Word(open=pb.OpenPhase(phase=phase, tasks=tasks))
        case m.StartAttempt(id=id_, token=token):
            return pb.Word(start=attempt_to_wire(id_, token))
        case m.Lost(id=id_):
            return pb.Word(lost=attempt_to_wire(id_))
        case m.MakeRoom(task=task):
            return pb.Word(make_room=task)
        case m.ClosePhase(phase=phase):
            return pb.Word(close=phase)
        case m.Cancel():
            return pb.Word(cancel=pb.Empty())
        case m.Pause():
            return pb.Word(pause=pb.Empty())
        case m.Resume():
            return pb.Word(resume=pb.Empty())
    raise InternalError(f"the master does not tell the manager a {type(event).__name__}")


def event_from_wire(word: pb.Word) -> m.ManagerEvent:
    """Return what the master has told."""
    match word.WhichOneof("word"):
        case "open":
            return m.OpenPhase(word.open.phase, word.open.tasks)
        case "start":
            return m.StartAttempt(id_from_wire(word.start), fingerprint(word.start.token))
        case "lost":
            return m.Lost(id_from_wire(word.lost))
        case "make_room":
            return m.MakeRoom(word.make_room)
        case "close":
            return m.ClosePhase(word.close)
        case "cancel":
            return m.Cancel()
        case "pause":
            return m.Pause()
        case "resume":
            return m.Resume()
    raise InvalidDocument("the master has told the manager nothing")


_ABOUT_ATTEMPTS: dict[str, type[m.Started | m.NotStarted | m.Voided]] = {
    "started": m.Started,
    "not_started": m.NotStarted,
    "voided": m.Voided,
}
"""News that say no more than which attempt they are about, by the name of their field."""


def news_to_wire(action: m.ManagerAction | m.Balance, books: Books) -> pb.News | None:
    """Return what the manager tells the master; None for actions that go elsewhere."""
    match action:
        case m.Started(id=id_) | m.NotStarted(id=id_) | m.Voided(id=id_):
            news = pb.News()
            name = next(name for name, kind in _ABOUT_ATTEMPTS.items() if kind is type(action))
            getattr(news, name).CopyFrom(attempt_to_wire(id_))
            return news
        case m.TaskDone(id=id_, report=report) | m.TaskEnded(id=id_, report=report):
            over = pb.TaskOver(attempt=attempt_to_wire(id_), report=dumps(report.to_json()))
            return pb.News(task_done=over) if isinstance(action, m.TaskDone) else pb.News(task_ended=over)
        case m.Lifted(phase=phase):
            return pb.News(lifted=phase)
        case m.Dry(phase=phase, task=task):
            return pb.News(dry=pb.OpenPhase(phase=phase, tasks=task))
        case m.Released():
            return pb.News(
                released=pb.Released(
                    phase=action.phase,
                    proceed=action.proceed,
                    left=action.left,
                    reason=action.reason,
                    receipt=dumps(action.receipt),
                )
            )
        case m.Broken(phase=phase, error=error):
            return pb.News(broken=pb.Broken(phase=phase, error=dumps(error)))
        case m.Balance(used=used, left=left):
            return pb.News(balance=pb.Balance(used=used, left=left))
        case m.Snapshot():
            return pb.News(snapshot=dumps(snapshot_of(books)))
        case m.Grant() | m.Stop() | m.Accepted() | m.Settle() | m.AskMore():
            return None


def news_from_wire(news: pb.News) -> m.ManagerAction | m.Balance | dict[str, Any]:
    """Return what the manager has told; a snapshot as its document."""
    match news.WhichOneof("news"):
        case "snapshot":
            return loads(news.snapshot)
        case "started" | "not_started" | "voided" as name:
            return _ABOUT_ATTEMPTS[name](id_from_wire(getattr(news, name)))
        case "task_done":
            return m.TaskDone(id_from_wire(news.task_done.attempt), report_from_wire(news.task_done.report))
        case "task_ended":
            return m.TaskEnded(id_from_wire(news.task_ended.attempt), report_from_wire(news.task_ended.report))
        case "lifted":
            return m.Lifted(news.lifted)
        case "dry":
            return m.Dry(news.dry.phase, news.dry.tasks)
        case "released":
            told = news.released
            reason = told.reason if told.HasField("reason") else None
            return m.Released(told.phase, told.proceed, told.left, reason, loads(told.receipt))
        case "broken":
            return m.Broken(news.broken.phase, loads(news.broken.error))
        case "balance":
            return m.Balance(news.balance.used, news.balance.left)
    raise InvalidDocument("the manager has told the master nothing")


def snapshot_of(books: Books) -> dict[str, Any]:
    """Return everything that a master must know that has just connected.

    Keys: ``phase`` (index of the open phase or null) with ``ceiling`` and ``tasks`` [{"status", "attempt", "report"}];
    ``settled`` [{"phase", "proceed", "left", "reason"}] and ``receipts`` of closed phases; ``outputs`` [[task,
    report]] of the last closed phase; ``closed`` (a phase waits for its settlement); ``broken`` (the error of data
    that can't be read, or null); ``cancelled``; ``left``.
    """
    phase = books.phase
    broken = books.closed.error or {} if books.closed is not None and books.closed.receipt is None else None
    return {
        "phase": None if phase is None else phase.index,
        "ceiling": 0 if phase is None else phase.ceiling,
        "tasks": []
        if phase is None
        else [
            {
                "status": task.status,
                "attempt": task.attempt,
                "report": None if task.report is None else task.report.to_json(),
            }
            for task in phase.tasks
        ],
        "settled": [
            {"phase": s.phase, "proceed": s.proceed, "left": s.left, "reason": s.reason} for s in books.settled
        ],
        "receipts": [dict(receipt) for receipt in books.receipts],
        "outputs": [[task, report.to_json()] for task, report in books.outputs],
        "closed": books.closed is not None,
        "broken": broken,
        "cancelled": books.cancelled,
        "left": books.left,
    }
