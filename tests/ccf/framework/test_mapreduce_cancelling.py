"""Cancelling: who has to stop, who is killed when it does not, and what that costs."""

import asyncio
import os
import signal
import threading
import time

import pytest

from totem_ccf.mapreduce import master_messages as ms
from totem_ccf.mapreduce import work_service
from totem_ccf.mapreduce.master import MAX_ATTEMPTS, Master
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.mapreduce.work_service import CANCEL_SECONDS, SILENT_SECONDS, WorkService
from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId, Books
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.wire import snapshot_of


@pytest.fixture
def master(jobs):
    """A master with one worker, whose manager lets every attempt start."""
    spec = jobs.paper1()
    master = Master(Plan(spec.priced.program, spec.fragments), lambda: "token")

    def handle(event):
        actions = master.handle(event)
        for action in list(actions):
            if isinstance(action, ms.Tell) and isinstance(action.event, m.StartAttempt):
                actions += handle(m.Started(action.event.id))
        return actions

    handle(ms.WorkerJoined(1))
    handle(ms.Connected(snapshot_of(Books(100))))
    master.let = handle
    return master


def test_workers_with_attempts_have_to_stop_once_the_job_is_cancelled(master):
    assert len(master.live) == 1
    assert master.cancelling == frozenset()
    master.let(ms.Command("cancel"))
    assert master.cancelling == {1}
    master.let(ms.AttemptOver(1, *master.live, "finished"))
    assert master.cancelling == frozenset()


def test_a_cancelled_job_does_not_fail_however_many_attempts_it_takes_with_it(master):
    for worker in range(1, MAX_ATTEMPTS):
        master.let(ms.WorkerGone(worker))
        master.let(ms.WorkerJoined(worker + 1))
    master.let(ms.Command("cancel"))
    actions = master.let(ms.WorkerGone(MAX_ATTEMPTS))
    assert not [action for action in actions if isinstance(action, ms.JobOver)]
    assert [action.event for action in actions if isinstance(action, ms.Tell)] == [
        m.Lost(AttemptId(0, 0, MAX_ATTEMPTS))
    ]


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(work_service, "time", clock)
    return clock


class Context:
    """A call that shows the secret."""

    @staticmethod
    def invocation_metadata():
        return (("totem-job", "secret"),)


def test_a_worker_is_killed_when_it_is_silent_or_does_not_stop(clock):
    happened = []

    async def conversation():
        service = WorkService("secret", happened.append)
        streams = [service.Serve(pb.Worker(number=number), Context()) for number in (1, 2)]
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await asyncio.sleep(0)
        assert happened == [ms.WorkerJoined(1), ms.WorkerJoined(2)]
        happened.clear()
        assert service.overdue([]) == []
        # It has its time to stop, from when it had to; and if it has stopped, the next time begins anew.
        assert service.overdue([1]) == []
        clock.now += CANCEL_SECONDS
        assert service.overdue([1]) == []
        assert service.overdue([]) == []
        clock.now += 0.1
        assert service.overdue([1]) == []
        clock.now += CANCEL_SECONDS + 0.1
        assert service.overdue([1]) == [1]
        assert happened == [ms.WorkerGone(1)]
        assert service.overdue([1]) == []
        clock.now = 100.0 + SILENT_SECONDS + 0.1
        assert service.overdue([]) == [2]
        assert happened == [ms.WorkerGone(1), ms.WorkerGone(2)]
        for task in waiting:
            task.cancel()

    asyncio.run(conversation())


@pytest.mark.slow
def test_an_attempt_that_does_not_stop_is_killed_and_costs_nothing(jobs, hosts):
    # One worker: where totem is used, it is the one that has an attempt.
    spec = jobs.three_steps(4, 60_000, executor="interpreter", workers=1)
    settlement = jobs.settlement(spec)
    used = []
    job = jobs.engine.start(spec, settlement, lambda progress: used.append(progress.used))
    log = spec.directory / "logs"
    hosts.wait_until(lambda: used and used[-1] > 0)
    stuck = hosts.pid_with(log, "worker-")
    os.kill(stuck, signal.SIGSTOP)
    since = time.monotonic()
    job.cancel()
    ends = []
    threading.Thread(target=lambda: ends.append(job.wait()), daemon=True).start()
    hosts.wait_until(lambda: ends)
    assert time.monotonic() - since >= CANCEL_SECONDS
    (end,) = ends
    assert (end.state, end.result, end.reason) == ("cancelled", None, None)
    assert end.used == spec.escrow - settlement.left == sum(receipt["charge"] for receipt in settlement.receipts)
    assert settlement.receipts[-1]["end"] == "cancelled"
    hosts.wait_until(lambda: not hosts.processes_of(spec))
