"""Wherever the totem ends: the kernel in the framework halts as the interpreter does, with the same bill and groups.

The framework's own parts run here in threads of one process, without gRPC: manager, master, updaters, attempts with
their files, settlement. So many escrows can be tried.
"""

import datetime
import os
import queue
import random
import threading
import time
from collections import deque
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.mapreduce import master_messages as ms
from totem_ccf.mapreduce.attempt import AttemptRunner
from totem_ccf.mapreduce.job import JobEnd
from totem_ccf.mapreduce.master import Master
from totem_ccf.mapreduce.master_process import task_order
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.mapreduce.results import write_result
from totem_ccf.metering import messages as m
from totem_ccf.metering.lease_size import LeasePolicy
from totem_ccf.metering.manager import Manager
from totem_ccf.metering.updater import Fenced, Updater
from totem_ccf.metering.wire import snapshot_of

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
HOMES = {"home": "int", "at": "datetime", "kwh": "float", "solar_kwh": "float", "outdoor_c": "float"}
FLOATS = ("active_kw", "reactive_kw", "voltage", "amps", "sub1", "sub2", "sub3")
MINUTES = {"at": "datetime", **dict.fromkeys(FLOATS, "float?")}
RETAIL = {"invoice": "str", "stock": "str", "description": "str?", "quantity": "int", "at": "datetime"}
RETAIL |= {"price": "float", "customer": "int?", "country": "str"}
JOBS = {
    "peak_hour": HOMES,
    "solar_share": HOMES,
    "peak_hour_minutes": MINUTES,
    "monthly_bill": MINUTES,
    "outlier_count": MINUTES,
    "voltage_extremes": MINUTES,
    "standby_load": MINUTES,
    "missing_share": MINUTES,
    "best_seller": RETAIL,
    "customer_spend": RETAIL,
    "price_bands": RETAIL,
}
PARAMS = {"standby_load": {"least_minutes": 1}}
QUICK = ("missing_share",)
LIMIT = 60.0
MOST_STARTS = 300
"""No job here has more than 38 tasks; each void or refused start of one makes another."""


def cell(choose, name, type_):
    if type_.endswith("?") and choose.random() < 0.2:
        return ""
    match type_.rstrip("?"):
        case "datetime":
            start = datetime.datetime(2011, 1, 30)
            return (start + datetime.timedelta(minutes=choose.randrange(9000))).isoformat(" ")
        case "int":
            return str(choose.randrange(-2, 12))
        case "float":
            return f"{choose.random() * (240 if name == 'voltage' else 6):.3f}"
    return choose.choice(["EIRE", "France", "85123A", "größer", "a b"])


def parts_of(schema, files=3, rows=12):
    choose = random.Random(5)  # noqa: S311 test data
    header = ",".join(schema)
    return [
        "\n".join([header, *(",".join(cell(choose, *column) for column in schema.items()) for _ in range(rows)), ""])
        for _ in range(files)
    ]


class Framework:
    """One run of a job: its workers are threads, and what the processes would send one another is handed over."""

    def __init__(self, spec, compiled, settlement, policy):
        self.spec, self.compiled, self.settlement = spec, compiled, settlement
        priced = spec.priced
        self.manager = Manager(spec.escrow, priced.program.phases, priced.total, policy)
        self.starts = 0
        self.master = Master(Plan(priced.program, spec.fragments), self.token, task_order(spec.order_seed))
        self.lock = threading.Lock()
        # wasmtime's Python keeps an exception of the host's for the whole process: one thread runs, the others wait
        # for totem.
        self.running = threading.Lock()
        self.events = deque()
        self.answers = {}
        self.assignments = {worker: queue.SimpleQueue() for worker in range(spec.workers)}
        self.over = None
        self.failures = []

    def run(self):
        threads = [threading.Thread(target=self.work, args=(worker,)) for worker in self.assignments]
        for thread in threads:
            thread.start()
        for worker in self.assignments:
            self.put("master", ms.WorkerJoined(worker))
        self.put("manager", m.MasterConnected(frozenset()))
        for thread in threads:
            thread.join(LIMIT)
            assert not thread.is_alive(), "the job hangs"
        assert not self.failures, self.failures
        return self.end()

    def token(self):
        self.starts += 1
        assert self.starts < MOST_STARTS, "attempts are started again and again"
        return f"token-{self.starts}"

    def end(self):
        over, receipts = self.over, tuple(self.master.receipts)
        end = JobEnd(over.state, sum(receipt["charge"] for receipt in receipts), receipts, partial=over.partial,
                     error=over.error, reason=over.reason)  # fmt: skip
        if over.outputs is None:
            return end
        layout = PairLayout(*self.spec.priced.program.steps[-1].emits)
        result = write_result(self.spec.directory / "result.jsonl", layout, over.outputs)
        return JobEnd(over.state, end.used, receipts, result.path, result.sha256, result.rows, over.partial, over.error)

    def put(self, to, event):
        """Have an event taken, and everything that follows from it."""
        with self.lock:
            self.events.append((to, event))
            try:
                while self.events:
                    self.take(*self.events.popleft())
            except AssertionError as error:
                self.failures.append(error)
                self.give_up()

    def take(self, to, event):
        if to == "manager":
            for action in self.manager.handle(event).actions:
                self.of_manager(action)
        else:
            for action in self.master.handle(event):
                self.of_master(action)

    def of_manager(self, action):
        match action:
            case m.Grant(id=id_) | m.Stop(id=id_) | m.Accepted(id=id_):
                self.answers[id_].put(action)
            case m.Settle(phase=phase, receipt=receipt):
                answer = self.settlement.settle(phase, dict(receipt))
                self.events.append(("manager", m.Settled(phase, answer["continue"], answer["left"], answer["reason"])))
            case m.Snapshot():
                self.events.append(("master", ms.Connected(snapshot_of(self.manager.books))))
            case _:
                self.events.append(("master", action))

    def of_master(self, action):
        match action:
            case ms.Tell(event=event):
                self.events.append(("manager", event))
            case ms.Assign(worker=worker):
                self.assignments[worker].put(action)
            case ms.JobOver():
                self.over = action
                self.give_up()

    def give_up(self):
        """Send all workers home."""
        for assignments in self.assignments.values():
            assignments.put(None)
        for id_, answers in self.answers.items():
            answers.put(m.Stop(id_, "fenced"))

    def work(self, worker):
        executor = KernelExecutor(self.compiled, self.spec.params, directory=self.spec.directory)
        runner = AttemptRunner(self.spec.priced, executor, self.spec.directory, self.spec.memory_limit)
        while (assigned := self.assignments[worker].get()) is not None:
            self.answers[assigned.id] = queue.SimpleQueue()
            updater = Updater(assigned.id, assigned.token, self, time.monotonic_ns)
            outcome = "finished"
            try:
                with self.running:
                    report = runner.run(assigned.task, assigned.id.number, updater)
                updater.finish(report)
            except Fenced:
                outcome = "dropped"
            except Exception as error:  # noqa: BLE001 shown by the test
                self.failures.append(error)
                outcome = "broken"
            self.put("master", ms.AttemptOver(worker, assigned.id, outcome))

    def ask(self, ask, charge, items):
        self.put("manager", ask)
        self.running.release()
        try:
            return self.answers[ask.id].get(timeout=LIMIT)
        finally:
            self.running.acquire()

    def finish(self, finish):
        self.put("manager", finish)
        return self.answers[finish.id].get(timeout=LIMIT)


@pytest.fixture(scope="module")
def examples(tmp_path_factory, engine, make_jobs):
    """The example jobs over a few rows, with what they cost; compiled once."""
    jobs = make_jobs(tmp_path_factory.mktemp("halts"), engine)
    known = {}

    def get(name):
        if name not in known:
            schema, source = JOBS[name], (EXAMPLES / f"{name}.py").read_text()
            spec = jobs.make(source, schema, parts_of(schema), params=PARAMS.get(name), precheck=False)
            known[name] = spec, compile_kernel(spec.priced), jobs.on_machine(spec)
        return jobs, *known[name]

    return get


@pytest.fixture(autouse=True)
def in_memory(monkeypatch):
    """What is on the disk is looked at elsewhere."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def check(example, case):
    jobs, spec, compiled, whole = example
    assert whole.state == "completed"
    escrow = int(whole.used * case["share"])
    spec = jobs.again(
        spec, escrow=escrow, precheck=case["precheck"], workers=case["workers"], order_seed=case["order_seed"]
    )
    spec.directory.mkdir()
    settlement = jobs.settlement(spec)
    run = jobs.on_machine(spec)
    assert run.state == ("completed" if escrow >= whole.used else "out_of_totem")
    end = Framework(spec, compiled, settlement, LeasePolicy(first=case["first"])).run()
    jobs.assert_as_on_machine(end, settlement, run)


CASES = {
    # Dense at the end, where almost everything is delivered, and beyond it.
    "share": st.floats(0, 1.01) | st.sampled_from([0.999, 1 - 2**-20, 1.0]),
    "precheck": st.booleans(),
    "workers": st.sampled_from([1, 2, 4]),
    "order_seed": st.none() | st.integers(0, 99),
    "first": st.sampled_from([1, 100, 1 << 12, 1 << 20]),
}
"""How much of its cost a job gets, and how it is run; ``first`` is the size of the first lease."""


@pytest.mark.parametrize("name", QUICK)
@settings(max_examples=8, deadline=None)
@given(case=st.fixed_dictionaries(CASES))
def test_a_job_ends_where_the_interpreter_does(examples, name, case):
    check(examples(name), case)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(JOBS))
@settings(max_examples=12, deadline=None)
@given(case=st.fixed_dictionaries(CASES))
def test_every_example_ends_where_the_interpreter_does(examples, name, case):
    check(examples(name), case)
