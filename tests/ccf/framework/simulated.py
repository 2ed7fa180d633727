"""Master, manager and settlement together, on a simulated network that delays, with processes that crash.

The state machines are the ones that the processes run; ``sequential`` is the machine that they must agree with.
"""

import random
from collections import Counter, deque
from dataclasses import dataclass, field

from totem_ccf.mapreduce import master_messages as ms
from totem_ccf.mapreduce.master import Master
from totem_ccf.metering import messages as m
from totem_ccf.metering.lease_size import LeasePolicy
from totem_ccf.metering.manager import Manager
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.records import record_from_json, record_to_json
from totem_ccf.metering.settlement import CallLedger, Settlement
from totem_ccf.metering.wire import snapshot_of
from totem_sdk.cost import Counts
from totem_sdk.program import Phase


@dataclass(frozen=True)
class Work:
    charges: tuple
    end: str = "done"


class FakePlan:
    """Phases of given works, of which those before ``first`` run elsewhere; a task is its (phase, number)."""

    def __init__(self, works, first=0):
        self.works = works
        self.run = range(first, len(works))
        self.phases = tuple(Phase(i, i // 2, "map" if i % 2 == 0 else "reduce") for i in range(len(works)))

    def tasks(self, phase, before):
        return len(self.works[phase])

    def task(self, phase, number, outputs):
        # Every task of the phase before has put out what it must.
        expected = (
            [] if phase == self.run.start else [{"of": [phase - 1, task]} for task in range(len(self.works[phase - 1]))]
        )
        assert list(outputs) == expected
        return (phase, number)


def total(counts):
    return sum(block * times for block, times in counts.blocks.items())


def sequential(works, escrow, gates, first=0):
    """(state, receipts as (end, charge)) of the machine's walk from a phase on."""
    left = escrow
    receipts = []
    for phase, tasks in list(enumerate(works))[first:]:
        if phase > first and gates[phase] > left:
            return "out_of_totem", receipts
        before = left
        for task in tasks:
            for charge in task.charges:
                if charge > left:
                    return "out_of_totem", [*receipts, ("out_of_totem", before - left)]
                left -= charge
            if task.end == "data_error":
                return "provider_failed", receipts
            if task.end == "failed":
                return "failed", [*receipts, ("failed", before - left)]
        receipts.append(("done", before - left))
    return "completed", receipts


@dataclass
class Ledger:
    """Answers settlements; the same again gets the same answer."""

    escrow: int
    phases: int
    gates: list
    first: int = 0
    settled: dict = field(default_factory=dict)

    def settle(self, phase, receipt):
        receipt = dict(receipt)
        if phase in self.settled:
            assert self.settled[phase] == receipt
        else:
            assert phase == self.first + len(self.settled)
            self.settled[phase] = receipt
        left = self.escrow - sum(self.settled[p]["charge"] for p in range(self.first, phase + 1))
        assert left >= 0
        reason = receipt["end"]
        if reason == "done":
            reason = "continue"
            if phase + 1 == self.phases:
                reason = "finished"
            elif self.gates[phase + 1] > left:
                reason = "gate"
        return {"continue": reason == "continue", "left": left, "reason": reason}


@dataclass
class Worker:
    number: int
    run: ms.Assign | None = None
    position: int = 0
    held: int = 0
    used: int = 0
    seq: int = 0
    asking: m.Ask | m.Finish | None = None
    stopped: str | None = None


class World:
    """All processes and the queues between them."""

    def __init__(self, works, escrow, *, gates, workers, choose, policy, shuffled, pool=None, first=0):
        """Start everything.

        ``first`` is the first phase that is run here; ``pool(used, needs)`` makes the escrow a slice of a pool: it
        answers like SettlementPort.more.
        """
        self.works, self.escrow, self.choose, self.policy = works, escrow, choose, policy
        self.pool = pool
        self.plan = FakePlan(works, first)
        self.ledger = Ledger(escrow, len(works), gates, first)
        self.wanted = workers
        self.shuffled = shuffled
        self.log = []
        self.over = None
        self.tokens = 0
        self.numbers = 0
        self.crashes = 0
        self.cancelled = False
        self.start_manager()
        self.start_master()

    # Processes

    def start_manager(self):
        records = [record_from_json(record) for record in self.log]
        pooled = self.pool is not None
        phases = self.plan.phases[self.plan.run.start :]
        self.manager = Manager(self.escrow, phases, total, self.policy, records, pooled=pooled)
        self.settlement = Settlement()
        self.calls = deque()
        self.questions = deque()
        self.answers = deque()
        self.words = deque()
        self.news = None
        closed = self.manager.books.closed
        if closed is not None and closed.receipt is not None:
            self.calls.append(self.settlement.owe(closed.phase, closed.receipt))

    def start_master(self):
        def order(phase, tasks):
            numbers = list(range(tasks))
            if self.shuffled:
                self.choose.shuffle(numbers)
            return numbers

        self.master = Master(self.plan, self.token, order)
        self.told = deque()
        self.news = None
        self.connected = False
        self.workers = {}
        self.assignments = {}
        self.reports = deque()
        if self.cancelled:
            self.to_master(ms.Command("cancel"))

    def token(self):
        self.tokens += 1
        return f"token-{self.tokens}"

    # What the state machines say

    def to_manager(self, event):
        decision = self.manager.handle(event)
        self.log += [record_to_json(record) for record in decision.records]
        for action in decision.actions:
            match action:
                case m.Grant() | m.Stop() | m.Accepted():
                    self.answers.append(action)
                case m.Settle(phase=phase, receipt=receipt):
                    self.calls.append(self.settlement.owe(phase, receipt))
                case m.AskMore():
                    self.questions.append(action)
                case m.Snapshot():
                    self.news.append(ms.Connected(snapshot_of(self.manager.books)))
                case _:
                    if self.news is not None:
                        self.news.append(action)

    def to_master(self, event):
        for action in self.master.handle(event):
            match action:
                case ms.Tell(event=event_):
                    self.told.append(event_)
                case ms.Assign(worker=worker):
                    if worker in self.assignments:
                        self.assignments[worker].append(action)
                case ms.JobOver():
                    self.over = action

    # Moves

    def moves(self):
        possible = [
            (self.connected and self.told, self.deliver_word),
            (not self.connected, self.connect),
            (self.news, self.deliver_news),
            (self.calls, self.call_ledger),
            (self.questions, self.ask_pool),
            (self.answers, self.deliver_answer),
            (self.reports, self.deliver_report),
            (len(self.workers) < self.wanted, self.join),
        ]
        found = [move for can, move in possible if can]
        for worker in self.workers.values():
            if worker.run is None:
                if self.assignments[worker.number]:
                    found.append(lambda w=worker: self.begin(w))
            elif worker.asking is None:
                found.append(lambda w=worker: self.step(w))
        return found

    def connect(self):
        self.connected = True
        self.told.clear()
        self.news = deque()
        self.to_manager(m.MasterConnected(self.master.live))

    def deliver_word(self):
        self.to_manager(self.told.popleft())

    def deliver_news(self):
        self.to_master(self.news.popleft())

    def deliver_report(self):
        self.to_master(self.reports.popleft())

    def call_ledger(self):
        call = self.calls.popleft()
        answer = self.ledger.settle(call.phase, call.receipt)
        if self.choose.random() < 0.2:
            following = self.settlement.failed(call.phase, "the answer was lost")
            assert following is None or isinstance(following, CallLedger)
            if following is not None:
                self.calls.append(following)
            return
        settled = self.settlement.answered(call.phase, answer)
        if settled is not None:
            self.to_manager(settled)

    def ask_pool(self):
        question = self.questions.popleft()
        if self.manager.asking != question:
            return
        escrow = self.pool(question.used, question.needs)
        if escrow is None or self.choose.random() < 0.2:
            self.questions.append(question)  # not decided yet, or the answer was lost
        else:
            self.to_manager(m.More(escrow))

    def deliver_answer(self):
        self.answers.rotate(self.choose.randrange(len(self.answers)))
        answer = self.answers.popleft()
        for worker in self.workers.values():
            asking = worker.asking
            if worker.run is None or worker.run.id != answer.id or asking is None:
                continue
            if isinstance(answer, m.Stop):
                if isinstance(asking, m.Finish):
                    self.leave(worker, "dropped")
                else:
                    worker.stopped, worker.asking = answer.reason, None
            elif isinstance(answer, m.Grant) and isinstance(asking, m.Ask) and asking.seq == answer.seq:
                worker.held, worker.asking = answer.held, None
            elif isinstance(answer, m.Accepted) and isinstance(asking, m.Finish):
                self.leave(worker, "finished")

    def join(self):
        self.numbers += 1
        self.workers[self.numbers] = Worker(self.numbers)
        self.assignments[self.numbers] = deque()
        self.to_master(ms.WorkerJoined(self.numbers))

    def begin(self, worker):
        fresh = Worker(worker.number, self.assignments[worker.number].popleft())
        self.workers[worker.number] = fresh

    def step(self, worker):
        work = self.works[worker.run.task[0]][worker.run.task[1]]
        if worker.stopped in ("void", "fenced"):
            self.leave(worker, "dropped")
        elif worker.stopped:
            self.finish(worker, work, "out_of_totem" if worker.stopped == "out_of_totem" else "stopped")
        elif worker.position == len(work.charges):
            self.finish(worker, work, work.end)
        elif worker.held - worker.used >= work.charges[worker.position]:
            worker.used += work.charges[worker.position]
            worker.position += 1
        else:
            worker.seq += 1
            cost = work.charges[worker.position]
            busy = self.choose.choice((0, 10, 10**8, 10**10))
            self.ask(worker, m.Ask(worker.run.id, worker.run.token, worker.seq, worker.used, cost, busy))

    def finish(self, worker, work, end):
        error = {"kind": "value", "line": 1} if end in ("failed", "data_error") else None
        counts = Counts(blocks=Counter(work.charges[: worker.position]))
        report = AttemptReport(end, worker.used, counts, error=error, output={"of": list(worker.run.task)})
        self.ask(worker, m.Finish(worker.run.id, worker.run.token, report))

    def ask(self, worker, event):
        worker.asking = event
        self.to_manager(event)

    def leave(self, worker, outcome):
        self.reports.append(ms.AttemptOver(worker.number, worker.run.id, outcome))
        self.workers[worker.number] = Worker(worker.number)

    # Faults

    def crash(self):
        self.crashes += 1
        kind = self.choose.randrange(5)
        if kind == 0 and self.workers:
            self.lose_worker(self.choose.choice(sorted(self.workers)))
        elif kind == 1:
            self.crash_manager()
        elif kind == 2:
            self.start_master()
        elif kind == 3:
            self.start_manager()
            self.start_master()
        elif kind == 4:
            waiting = [worker for worker in self.workers.values() if worker.asking is not None]
            for worker in waiting:
                self.ask(worker, worker.asking)

    def lose_worker(self, number):
        del self.workers[number]
        del self.assignments[number]
        self.to_master(ms.WorkerGone(number))

    def crash_manager(self):
        self.start_manager()
        self.connected = False
        self.to_master(ms.Disconnected())
        for worker in self.workers.values():
            if worker.asking is not None:
                self.ask(worker, worker.asking)

    def cancel(self):
        self.cancelled = True
        self.to_master(ms.Command("cancel"))

    def advance(self, trouble):
        """Let one thing happen."""
        if self.crashes < 12 and self.choose.random() < trouble:
            self.crash()
            return
        moves = self.moves()
        assert moves, "deadlock"
        self.choose.choice(moves)()

    def run(self, trouble, cancel_at=None):
        for step in range(50_000):
            if self.over is not None:
                return
            if step == cancel_at:
                self.cancel()
            self.advance(trouble)
        raise AssertionError("livelock")


def cost_of(job):
    return sum(sum(task.charges) for tasks in job for task in tasks)


def world_of(job, share, workers, seed, *, gated=False, audit=False, shuffled=False, **more):
    choose = random.Random(seed)  # noqa: S311 a schedule, not a secret
    gates = [choose.randrange(6) if gated else 0 for _ in job]
    policy = LeasePolicy(audit=audit, first=4, share=2)
    escrow = int(cost_of(job[more.get("first", 0) :]) * share)
    return World(job, escrow, gates=gates, workers=workers, choose=choose, policy=policy, shuffled=shuffled, **more)
