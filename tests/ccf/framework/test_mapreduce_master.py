"""The master by itself: what it starts, and what it does not start again."""

from totem_ccf.mapreduce import master_messages as ms
from totem_ccf.mapreduce.master import Master
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId, Books
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.wire import snapshot_of


def started(actions):
    found = [action.event for action in actions if isinstance(action, ms.Tell)]
    return [event.id for event in found if isinstance(event, m.StartAttempt)]


def test_a_start_that_the_manager_refuses_is_asked_for_again_only_when_the_task_is_the_lowest(jobs):
    spec = jobs.divide(3, 4, zeros=set())
    master = Master(Plan(spec.priced.program, spec.fragments), lambda: "token")
    master.handle(ms.WorkerJoined(1))
    master.handle(ms.WorkerJoined(2))
    lowest, next_ = AttemptId(0, 0, 1), AttemptId(0, 1, 1)
    assert started(master.handle(ms.Connected(snapshot_of(Books(100))))) == [lowest, next_]
    assert started(master.handle(m.Started(lowest))) == []
    # The lowest task has been denied what it needs; its end is near, and nothing above it is wanted.
    assert started(master.handle(m.NotStarted(next_))) == []
    assert started(master.handle(ms.WorkerJoined(3))) == []
    # It was not the end after all: its worker is lost, and another attempt of it gets through.
    again = AttemptId(0, 0, 2)
    assert started(master.handle(ms.WorkerGone(1))) == [again]
    master.handle(m.Started(again))
    master.handle(ms.AttemptOver(2, again, "finished"))
    assert started(master.handle(m.TaskDone(again, AttemptReport("done", 5)))) == [AttemptId(0, 1, 2)]
