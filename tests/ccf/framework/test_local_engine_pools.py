"""Data parts on real processes whose escrow is a slice of a pool: they wait for more, through kill -9 too."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from totem_ccf.engines.local import EscrowSettlement, LocalEngine
from totem_ccf.faults import KILL_AT, KILL_ONCE, PART_POINTS
from totem_ccf.mapreduce.partial_reader import PartialFile
from totem_ccf.metering.settlement import SettlementRefused

slow = pytest.mark.slow

LIMIT = 60.0
POOL_POINTS = [point for point in PART_POINTS if point != "master:after-partials"]

HOST = """
import json
import sys
from pathlib import Path
from totem_ccf.engines.local import EscrowSettlement, JobSpec, LocalEngine

directory = Path(sys.argv[1])
ledger = directory.parent / "slice.json"

class Pool(EscrowSettlement):
    waits = 2

    def more(self, used, needs):
        if self.waits:
            self.waits -= 1
            return None
        slice_ = json.loads(ledger.read_text())
        if slice_ < used + needs:
            slice_ = used + needs + 5
            ledger.write_text(json.dumps(slice_))
        self.left = slice_
        return slice_

spec = JobSpec.read(directory)
if not ledger.exists():
    ledger.write_text(json.dumps(spec.escrow))
settlement = Pool(spec.priced, json.loads(ledger.read_text()), part=spec.part)
with LocalEngine() as engine:
    end = engine.resume(directory, settlement)
print(json.dumps([end.state, end.reason, end.used, end.result_sha256, settlement.left]))
"""
"""A process that runs a data part, with its slice on a ledger in a file; the slice grows whenever it is short."""


class Pool(EscrowSettlement):
    """Gives what the test says: ``answers`` are taken one after the other, the last for good."""

    def __init__(self, spec, *answers):
        super().__init__(spec.priced, spec.escrow, part=spec.part)
        self.answers = list(answers)
        self.asked = []
        self.waiting = threading.Event()

    def more(self, used, needs):
        self.asked.append((used, needs))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            self.waiting.set()
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            self.left = max(answer, self.left)
        return answer


@pytest.fixture
def part(jobs):
    """A data part that has three quarters of the totem that it needs, and what it needs."""
    whole = jobs.word_count(4, 30, part="data", executor="interpreter")
    cost = jobs.on_machine(jobs.again(whole, part="whole")).phases[0].charge
    return jobs.again(whole, escrow=cost * 3 // 4), cost


def undisturbed(jobs, spec, cost):
    whole = jobs.again(spec, escrow=cost)
    return jobs.engine.run(whole, jobs.settlement(whole))


@pytest.mark.slow
def test_a_part_that_is_dry_waits_and_goes_on_when_it_is_given_more(jobs, part):
    spec, cost = part
    pool = Pool(spec, None, OSError("the ledger is away"), None, cost + 3)
    end = jobs.engine.run(spec, pool)
    expected = undisturbed(jobs, spec, cost)
    assert (end.state, end.reason, end.used, pool.left) == ("completed", None, cost, 3)
    assert (end.result_sha256, end.receipts) == (expected.result_sha256, expected.receipts)
    # It asks as often as it must, and always the same.
    assert len(pool.asked) == 4
    assert len(set(pool.asked)) == 1
    used, needs = pool.asked[0]
    assert used <= spec.escrow < used + needs


@slow
def test_a_part_that_is_given_nothing_halts_where_it_would_have_halted_alone(jobs, part):
    spec, _ = part
    pool = Pool(spec, None, 0)
    end = jobs.engine.run(spec, pool)
    alone = jobs.on_machine(jobs.again(spec, part="whole"))
    assert (end.state, end.used, end.result) == ("out_of_totem", alone.used, None)
    assert [(receipt["end"], receipt["charge"]) for receipt in end.receipts] == [("out_of_totem", alone.used)]
    assert pool.asked[-1][0] == alone.used


@slow
def test_what_the_others_took_of_a_dry_slice_does_not_matter_to_its_end(jobs, part):
    spec, _ = part
    alone = jobs.on_machine(jobs.again(spec, part="whole"))
    assert alone.used < spec.escrow

    class Taken(Pool):
        def more(self, used, needs):
            self.left = used
            return used

    pool = Taken(spec, 0)
    end = jobs.engine.run(spec, pool)
    assert (end.state, end.reason, end.used, pool.left) == ("out_of_totem", None, alone.used, 0)


@slow
def test_a_refusal_ends_the_part(jobs, part):
    spec, _ = part
    end = jobs.engine.run(spec, Pool(spec, SettlementRefused("the joint job has ended")))
    assert (end.state, end.used, end.result) == ("provider_failed", 0, None)
    assert "the joint job has ended" in end.reason


@slow
def test_a_part_is_cancelled_while_it_waits(jobs, part):
    spec, _ = part
    pool = Pool(spec, None)
    job = jobs.engine.start(spec, pool)
    assert pool.waiting.wait(LIMIT)
    job.cancel()
    end = job.wait()
    assert (end.state, end.reason, end.result) == ("cancelled", None, None)
    assert end.used == pool.asked[0][0] == spec.escrow - pool.left


@slow
def test_a_part_is_paused_while_it_waits(jobs, part):
    spec, cost = part
    pool = Pool(spec, None)
    seen = threading.Event()
    job = jobs.engine.start(spec, pool, lambda progress: seen.set() if progress.left > cost // 2 else None)
    assert pool.waiting.wait(LIMIT)
    job.pause()
    seen.clear()
    pool.answers = [2 * cost]
    assert seen.wait(LIMIT), "what was given is not in the books"
    job.resume()
    end = job.wait()
    assert (end.state, end.used, pool.left) == ("completed", cost, cost)


@slow
@pytest.mark.parametrize("victim", ["worker-", "manager.log", "master.log", "zygote"])
@pytest.mark.parametrize("given", ["more", "nothing"])
def test_a_process_that_dies_while_the_part_waits_changes_nothing(jobs, hosts, part, victim, given):
    spec, cost = part
    alone = jobs.on_machine(jobs.again(spec, part="whole"))
    with LocalEngine() as engine:
        pool = Pool(spec, None)
        job = engine.start(spec, pool)
        assert pool.waiting.wait(LIMIT)
        pid = engine.processes.pid if victim == "zygote" else hosts.pid_with(spec.directory / "logs", victim)
        os.kill(pid, signal.SIGKILL)
        asked = len(pool.asked)
        hosts.wait_until(lambda: len(pool.asked) > asked + 2)
        pool.answers = [cost if given == "more" else 0]
        end = job.wait()
    expected = ("completed", cost) if given == "more" else ("out_of_totem", alone.used)
    assert (end.state, end.used, end.reason) == (*expected, None)
    assert set(pool.asked) == {pool.asked[0]}


def run_host(spec, environment):
    command = [sys.executable, "-c", HOST, str(spec.directory)]
    variables = {**os.environ, **environment}
    host = subprocess.run(command, check=False, stdout=subprocess.PIPE, env=variables, text=True, timeout=LIMIT)
    return host.returncode, host.stdout


@slow
@pytest.mark.parametrize("point", POOL_POINTS)
def test_a_kill_while_a_part_asks_for_more_costs_nothing(jobs, hosts, part, tmp_path, point):
    spec, cost = part
    expected = undisturbed(jobs, spec, cost)
    spec.write()
    marks = tmp_path / "killed"
    marks.mkdir()
    environment = {KILL_AT: point, KILL_ONCE: str(marks)}
    status, output = run_host(spec, environment)
    if point.startswith("host:"):
        assert status == -signal.SIGKILL
        hosts.wait_until(lambda: not hosts.processes_of(spec), 10.0)
        status, output = run_host(spec, environment)
    assert status == 0
    assert (marks / point.replace(":", "-")).exists(), "the point was not passed"
    state, reason, used, sha256, left = json.loads(output)
    assert (state, reason, used, sha256) == ("completed", None, cost, expected.result_sha256)
    assert left == json.loads((spec.directory.parent / "slice.json").read_text()) - cost


@slow
@pytest.mark.parametrize("point", ["master:after-partials", "master:after-open", "worker:reduce-read"])
def test_a_kill_while_parts_are_combined_costs_nothing(jobs, part, monkeypatch, tmp_path, point):
    spec, cost = part
    expected = undisturbed(jobs, spec, cost)
    whole = jobs.again(spec, part="whole", escrow=1 << 40)
    partial = PartialFile(str(expected.result), "p", expected.result_sha256).to_json()
    combine = jobs.again(whole, part="combine", fragments=(), partials=[partial])
    marks = tmp_path / "killed"
    marks.mkdir()
    monkeypatch.setenv(KILL_AT, point)
    monkeypatch.setenv(KILL_ONCE, str(marks))
    with LocalEngine() as engine:
        end = engine.run(combine, jobs.settlement(combine))
    assert (marks / point.replace(":", "-")).exists(), "the point was not passed"
    run = jobs.on_machine(whole)
    assert (end.state, end.used) == ("completed", run.phases[1].charge)
    assert end.result_rows == len(run.result)
    assert not (combine.directory / "partials").exists()
