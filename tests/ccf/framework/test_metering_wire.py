"""Messages on the wire are read as they were written, and the generated code is that of the definition."""

from dataclasses import replace
from pathlib import Path

import pytest

from totem_ccf.metering import messages as m
from totem_ccf.metering import wire
from totem_ccf.metering.audit import ChargeItem
from totem_ccf.metering.books import AttemptId, Books
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import generate
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.records import AttemptEnded, AttemptStarted, LeaseGranted, PhaseClosed, PhaseOpened
from totem_sdk.cost import Counts
from totem_sdk.errors import InternalError, InvalidDocument

ID = AttemptId(3, 70_000, 2)
REPORT = AttemptReport("done", 1 << 60, Counts({0: 5}), 4, 3, 2, None, {"pieces": [{"path": "/größe"}]})


def test_a_request():
    ask = m.Ask(ID, "token", 7, 1 << 61, 5, 10**12, 99)
    request = wire.ask_to_wire(ask, -3, (ChargeItem("add", "float", 2, 32),))
    again = pb.AskRequest.FromString(request.SerializeToString())
    assert wire.ask_from_wire(again) == replace(ask, token=wire.fingerprint("token"))
    assert (again.charge, again.items[0].opcode, again.items[0].totem) == (-3, "add", 32)


@pytest.mark.parametrize(
    "event",
    [
        m.OpenPhase(2, 16),
        m.StartAttempt(ID, "token"),
        m.Lost(ID),
        m.MakeRoom(0),
        m.ClosePhase(0),
        m.Cancel(),
        m.Pause(),
        m.Resume(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_the_master_tells(event):
    word = pb.Word.FromString(wire.event_to_wire(event).SerializeToString())
    if isinstance(event, m.StartAttempt):
        event = replace(event, token=wire.fingerprint("token"))
    assert wire.event_from_wire(word) == event


def test_what_the_master_does_not_tell():
    with pytest.raises(InternalError):
        wire.event_to_wire(m.Ask(ID, "token", 1, 0, 1))
    with pytest.raises(InvalidDocument):
        wire.event_from_wire(pb.Word())


@pytest.mark.parametrize(
    "action",
    [
        m.Started(ID),
        m.NotStarted(ID),
        m.TaskDone(ID, REPORT),
        m.TaskEnded(ID, AttemptReport("failed", 1, Counts({1: 1}), error={"kind": "value", "line": 3})),
        m.Voided(ID),
        m.Dry(1, 0),
        m.Released(0, True, 5, None, {"charge": 1}),
        m.Released(0, False, 0, "gate", {"charge": 1}),
        m.Broken(0, {"kind": "changed", "detail": "it is"}),
        m.Lifted(0),
        m.Balance(1 << 61, 3),
    ],
    ids=lambda action: type(action).__name__,
)
def test_what_the_manager_tells(action):
    news = pb.News.FromString(wire.news_to_wire(action, Books(1)).SerializeToString())
    assert wire.news_from_wire(news) == action


def test_what_goes_to_updaters_or_ledger_is_no_news():
    assert wire.news_to_wire(m.Grant(ID, 1, 5), Books(1)) is None
    assert wire.news_to_wire(m.Settle(0, {}), Books(1)) is None
    assert wire.news_to_wire(m.AskMore(3, 4), Books(1)) is None
    with pytest.raises(InvalidDocument):
        wire.news_from_wire(pb.News())


def test_a_snapshot_says_what_the_books_say():
    books = Books(100)
    done = AttemptReport("done", 10, Counts({0: 1}))
    for record in (
        PhaseOpened(0, 1),
        AttemptStarted(0, 1, "a"),
        LeaseGranted(0, 1, 1, 20, 0, 0),
        AttemptEnded(0, 1, done),
    ):
        books.enter(record)
    news = wire.news_to_wire(m.Snapshot(), books)
    told = wire.news_from_wire(pb.News.FromString(news.SerializeToString()))
    assert (told["phase"], told["closed"], told["left"]) == (0, False, 100)
    assert told["tasks"] == [{"status": "done", "attempt": 1, "report": done.to_json()}]
    books.enter(PhaseClosed(0, {"charge": 10}))
    told = wire.snapshot_of(books)
    assert (told["phase"], told["closed"], told["left"], told["outputs"]) == (None, True, 90, [[0, done.to_json()]])


def test_the_generated_code_is_that_of_the_definition(tmp_path):
    assert generate.main(tmp_path) == 0
    package = Path("totem_ccf/metering/proto")
    for name in ("ccf_pb2.py", "ccf_pb2.pyi", "ccf_pb2_grpc.py"):
        written = (tmp_path / package / name).read_text()
        assert written == (generate.ROOT / package / name).read_text(), f"run python -m {generate.__name__}"
