"""The manager against the sequential machine: whatever the schedule, the same end, bill and counts."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.lease_size import LeasePolicy
from totem_ccf.metering.manager import Manager
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.records import record_from_json, record_to_json
from totem_sdk.cost import Counts
from totem_sdk.program import Phase

PHASE = Phase(0, 0, "map")


@dataclass(frozen=True)
class Work:
    """A task of the test: its charges in order, and how it ends when all are paid."""

    charges: tuple[int, ...]
    end: str = "done"


def counts_of(charges) -> Counts:
    """A program whose block ``n`` costs ``n``."""
    return Counts(blocks=Counter(charges))


def total(counts: Counts) -> int:
    return sum(block * times for block, times in counts.blocks.items())


def sequential(tasks, escrow):
    """The machine's walk: (end, what is paid, counts)."""
    left, paid = escrow, []
    for task in tasks:
        for charge in task.charges:
            if charge > left:
                return "out_of_totem", escrow - left, Counter(paid)
            left -= charge
            paid.append(charge)
        if task.end != "done":
            return task.end, escrow - left, Counter(paid)
    return "done", escrow - left, Counter(paid)


@dataclass
class Attempt:
    id: AttemptId
    token: str
    work: Work
    position: int = 0
    held: int = 0
    used: int = 0
    seq: int = 0
    asking: bool = False
    stopped: str | None = None
    finished: bool = False


@dataclass
class Schedule:
    """A master, its workers and the network, all driven by one random choice after the other."""

    tasks: list
    escrow: int
    workers: int
    policy: LeasePolicy
    choose: random.Random
    strict: bool
    trouble: float
    manager: Manager = field(init=False)
    log: list = field(default_factory=list)
    attempts: dict = field(default_factory=dict)
    numbers: Counter = field(default_factory=Counter)
    pending: set = field(default_factory=set)
    lost_work: int = 0
    work_done: int = 0
    end: object = None
    strictly: bool = False
    troubles: int = 0

    def __post_init__(self):
        self.manager = self.make()
        self.pending = set(range(len(self.tasks)))
        self.send(m.OpenPhase(0, len(self.tasks)))

    def make(self):
        records = [record_from_json(record) for record in self.log]
        return Manager(self.escrow, (PHASE,), total, self.policy, records)

    def send(self, event):
        decision = self.manager.handle(event)
        self.log += [record_to_json(record) for record in decision.records]
        for action in decision.actions:
            self.act(action)
        self.check()

    def check(self):
        books = self.manager.books
        if books.phase is None:
            return
        held = sum(task.holding.held for task in books.phase.tasks)
        assert held + books.phase.pool.clean + books.phase.pool.recycled == books.left
        assert min(books.phase.pool.clean, books.phase.pool.recycled) >= 0
        assert sum(task.holding.used for task in books.phase.tasks) <= books.left

    def act(self, action):
        match action:
            case m.Grant(id=id_, held=held):
                attempt = self.attempts.get(id_)
                if attempt is not None and action.seq == attempt.seq:
                    attempt.held, attempt.asking = held, False
            case m.Stop(id=id_, reason=reason):
                if id_ in self.attempts:
                    self.attempts[id_].stopped = reason
            case m.NotStarted(id=id_):
                self.attempts.pop(id_)
                self.pending.add(id_.task)
            case m.Voided(id=id_):
                self.pending.add(id_.task)
            case m.Accepted(id=id_):
                self.attempts.pop(id_, None)
            case m.Dry(task=task):
                if task in self.pending and len(self.attempts) >= self.workers:
                    self.strictly = True
                    self.send(m.MakeRoom(task))
            case m.Settle() | m.Broken():
                assert self.end is None
                self.end = action

    def moves(self):
        """Every move that is possible now."""
        found = [(self.step, attempt) for attempt in self.attempts.values() if not attempt.asking or attempt.stopped]
        phase = self.manager.books.phase
        startable = [t for t in sorted(self.pending) if phase is not None and phase.may_start(t)]
        if startable and len(self.attempts) < self.workers:
            ordered = startable[:1] if self.strict or self.strictly else startable
            found += [(self.start, task) for task in ordered]
        return found

    def start(self, task):
        self.pending.discard(task)
        self.numbers[task] += 1
        id_ = AttemptId(0, task, self.numbers[task])
        self.attempts[id_] = Attempt(id_, f"t{id_}", self.tasks[task])
        self.send(m.StartAttempt(id_, f"t{id_}"))

    def step(self, attempt):
        if attempt.stopped in ("void", "fenced"):
            self.attempts.pop(attempt.id, None)
        elif attempt.stopped:
            end = "out_of_totem" if attempt.stopped == "out_of_totem" else "stopped"
            self.finish(attempt, end)
        elif attempt.position == len(attempt.work.charges):
            self.finish(attempt, attempt.work.end)
        else:
            cost = attempt.work.charges[attempt.position]
            if attempt.held - attempt.used >= cost:
                attempt.used += cost
                attempt.position += 1
                self.work_done += cost
            else:
                self.ask(attempt, cost)

    def ask(self, attempt, cost, again=False):
        if not again:
            attempt.seq += 1
        attempt.asking = True
        busy = self.choose.choice((0, 10, 10**8, 10**10))
        self.send(m.Ask(attempt.id, attempt.token, attempt.seq, attempt.used, cost, busy))

    def finish(self, attempt, end):
        error = {"kind": "value", "line": 1} if end in ("failed", "data_error") else None
        report = AttemptReport(end, attempt.used, counts_of(attempt.work.charges[: attempt.position]), error=error)
        self.send(m.Finish(attempt.id, attempt.token, report))
        if attempt.stopped == "fenced":
            self.attempts.pop(attempt.id, None)

    def disturb(self):
        """One thing that may go wrong: an attempt is lost, an answer is lost, the manager or the master crashes."""
        kind = self.choose.randrange(4)
        if kind == 0 and self.attempts:
            attempt = self.choose.choice(list(self.attempts.values()))
            self.lose(attempt)
            self.send(m.Lost(attempt.id))
        elif kind == 1 and any(a.asking for a in self.attempts.values()):
            attempt = self.choose.choice([a for a in self.attempts.values() if a.asking])
            if not attempt.stopped:
                self.ask(attempt, attempt.work.charges[attempt.position], again=True)
        elif kind == 2:
            self.crash_manager()
        elif kind == 3:
            for attempt in list(self.attempts.values()):
                self.lose(attempt)
            self.send(m.MasterConnected(frozenset()))

    def lose(self, attempt):
        books = self.manager.books.phase
        del self.attempts[attempt.id]
        task = books.tasks[attempt.id.task] if books is not None else None
        if task is not None and task.status == "live" and task.attempt == attempt.id.number:
            self.pending.add(attempt.id.task)
            self.lost_work += attempt.used

    def crash_manager(self):
        """All that is not in the log is gone; updaters repeat what was not answered."""
        self.manager = self.make()
        self.send(m.MasterConnected(frozenset(self.attempts)))
        for attempt in list(self.attempts.values()):
            if attempt.asking and not attempt.stopped:
                self.ask(attempt, attempt.work.charges[attempt.position], again=True)

    def run(self):
        for _ in range(20_000):
            if self.end is not None:
                return
            if self.troubles < 20 and self.choose.random() < self.trouble:
                self.troubles += 1
                self.disturb()
                continue
            phase = self.manager.books.phase
            if phase.lowest == len(phase.tasks):
                self.send(m.ClosePhase(0))
                continue
            moves = self.moves()
            assert moves, "deadlock"
            move, argument = self.choose.choice(moves)
            move(argument)
        raise AssertionError("livelock")


def check_schedule(tasks, escrow, schedule):
    schedule.run()
    end, paid, counts = sequential(tasks, escrow)
    if end == "data_error":
        assert isinstance(schedule.end, m.Broken)
        return
    receipt = schedule.end.receipt
    assert (receipt["end"], receipt["charge"]) == (end, paid)
    assert {int(block): times for block, times in receipt["blocks"].items()} == counts
    assert schedule.work_done - schedule.lost_work <= paid + escrow
    assert schedule.make().books.left == escrow - paid
    if sum(sum(task.charges) for task in tasks) <= escrow and all(task.end == "done" for task in tasks):
        assert receipt["end"] == "done"


works = st.builds(
    Work,
    st.lists(st.integers(1, 12), max_size=8).map(tuple),
    st.sampled_from(["done"] * 12 + ["failed", "data_error"]),
)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    tasks=st.lists(works, min_size=1, max_size=9),
    share=st.floats(0, 1.2),
    workers=st.integers(1, 4),
    audit=st.booleans(),
    strict=st.booleans(),
    trouble=st.sampled_from([0.0, 0.0, 0.1]),
    seed=st.integers(0, 2**32),
)
def test_any_schedule_ends_like_the_sequential_machine(*, tasks, share, workers, audit, strict, trouble, seed):
    escrow = int(sum(sum(task.charges) for task in tasks) * share)
    policy = LeasePolicy(audit=audit, first=4, share=2)
    choose = random.Random(seed)  # noqa: S311 a schedule, not a secret
    schedule = Schedule(tasks, escrow, workers, policy, choose, strict, trouble)
    check_schedule(tasks, escrow, schedule)
