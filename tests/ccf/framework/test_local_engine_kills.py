"""kill -9 of every process, at every named point of the protocol: the job ends as undisturbed, and nothing hangs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from totem_ccf.engines.local import LocalEngine
from totem_ccf.faults import KILL_AT, KILL_ONCE, POINTS, kill_point

slow = pytest.mark.slow

# One in every run of the tests, all of them in the long one.
ALWAYS = {"worker:reduce-written"}
OURS = [pytest.param(point, marks=() if point in ALWAYS else slow) for point in POINTS if not point.startswith("host:")]
HOSTS = [point for point in POINTS if point.startswith("host:")]
LIMIT = 60.0


@pytest.fixture
def killed(monkeypatch, tmp_path):
    """Have the processes that are started from now on killed at a point."""

    def arrange(point):
        marks = tmp_path / "killed"
        marks.mkdir()
        monkeypatch.setenv(KILL_AT, point)
        monkeypatch.setenv(KILL_ONCE, str(marks))
        return marks / point.replace(":", "-")

    return arrange


@pytest.mark.parametrize("point", OURS)
def test_a_process_that_is_killed_at_a_point_costs_nothing(jobs, killed, point):
    spec = jobs.word_count(2, 12, executor="interpreter")
    run = jobs.on_machine(spec)
    mark = killed(point)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        since = time.monotonic()
        jobs.assert_as_on_machine(engine.run(spec, settlement), settlement, run)
        assert time.monotonic() - since < LIMIT
    assert mark.exists(), "the point was not passed"


@slow
@pytest.mark.parametrize("point", ["manager:after-lease-log", "master:after-assign", "worker:map-lease"])
@pytest.mark.parametrize("share", [0.1, 0.7])
def test_a_job_that_halts_halts_at_the_same_charge_after_a_kill(jobs, killed, point, share):
    whole = jobs.three_steps(3, 30)
    spec = jobs.again(whole, escrow=int(jobs.on_machine(whole).used * share), precheck=False, order_seed=4)
    run = jobs.on_machine(spec)
    mark = killed(point)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        jobs.assert_as_on_machine(engine.run(spec, settlement), settlement, run)
    assert mark.exists()


HOST = """
import sys
from pathlib import Path
from totem_ccf.engines.local import JobSpec, LocalEngine
from totem_ccf.metering.settlement import SettlementPort
from totem_ccf.engines.local import EscrowSettlement
import json

directory = Path(sys.argv[1])
spec = JobSpec.read(directory)
ledger = directory.parent / "ledger.json"
settlement = EscrowSettlement(spec.priced, spec.escrow, precheck=spec.precheck)

class Durable:
    def settle(self, phase, receipt):
        answer = settlement.settle(phase, receipt)
        ledger.write_text(json.dumps(settlement.receipts))
        return answer

if ledger.exists():
    for phase, receipt in enumerate(json.loads(ledger.read_text())):
        settlement.settle(phase, receipt)
with LocalEngine() as engine:
    end = engine.resume(directory, Durable())
print(json.dumps([end.state, end.used, end.result_sha256, settlement.left]))
"""


def start_host(spec, environment):
    command = [sys.executable, "-c", HOST, str(spec.directory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **environment}, text=True)


def processes_of(spec):
    """Processes that have a file of the job open: all that belong to it."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                targets = [str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()]
            except OSError:
                continue
            if any(target.startswith(str(spec.directory)) for target in targets):
                found.append(int(process.name))
    return found


def wait_until(condition, seconds=LIMIT):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def assert_ends_as_undisturbed(jobs, spec, environment):
    run = jobs.on_machine(spec)
    host = start_host(spec, environment)
    output, _ = host.communicate(timeout=LIMIT)
    assert host.returncode == 0
    state, used, sha256, left = json.loads(output)
    assert (state, used, left) == (run.state, run.used, run.returned)
    assert sha256 == jobs.engine.resume(spec.directory, jobs.settlement(spec)).result_sha256


@slow
@pytest.mark.parametrize("point", HOSTS)
def test_everything_ends_with_the_host_and_goes_on_with_the_next(jobs, tmp_path, point):
    spec = jobs.word_count(2, 12, executor="interpreter")
    spec.write()
    marks = tmp_path / "killed"
    marks.mkdir()
    environment = {KILL_AT: point, KILL_ONCE: str(marks)}
    host = start_host(spec, environment)
    host.communicate(timeout=LIMIT)
    assert host.returncode == -signal.SIGKILL
    wait_until(lambda: not processes_of(spec), 10.0)
    assert_ends_as_undisturbed(jobs, spec, environment)


@slow
@pytest.mark.parametrize("moment", [0.0, 0.3, 0.6, 1.0])
def test_killing_all_processes_at_once_leaves_a_job_that_goes_on(jobs, moment):
    spec = jobs.word_count(4, 400, executor="interpreter")
    spec.write()
    host = start_host(spec, {})
    wait_until((spec.directory / "lease.log").exists)
    time.sleep(moment)
    for pid in processes_of(spec):
        os.kill(pid, signal.SIGKILL)
    host.communicate(timeout=LIMIT)
    wait_until(lambda: not processes_of(spec), 10.0)
    assert_ends_as_undisturbed(jobs, spec, {})


@slow
@pytest.mark.parametrize("victim", ["worker", "manager", "master", "zygote"])
def test_a_process_that_hangs_or_dies_for_no_reason_is_replaced(jobs, victim):
    spec = jobs.three_steps(6, 5000, executor="interpreter")
    run = jobs.on_machine(spec)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        job = engine.start(spec, settlement)
        log = spec.directory / "logs"
        wait_until(lambda: any(log.glob("worker-*")) and len(processes_of(spec)) >= 4)
        if victim == "zygote":
            os.kill(engine.processes.pid, signal.SIGKILL)
        else:
            name = "worker-" if victim == "worker" else f"{victim}.log"
            os.kill(_pid_with(log, name), signal.SIGKILL)
        jobs.assert_as_on_machine(job.wait(), settlement, run)


def _pid_with(log, name):
    """The process whose standard error goes to a log of that name."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                target = str((process / "fd" / "2").readlink())
            except OSError:
                continue
            if target.startswith(str(log / name)):
                return int(process.name)
    raise AssertionError(f"no process writes {name}")


@slow
def test_a_worker_that_is_stopped_loses_its_attempt(jobs, monkeypatch):
    monkeypatch.setattr("totem_ccf.engines.local.local_job.PULSE_SECONDS", 60.0)
    spec = jobs.three_steps(4, 8000, executor="interpreter")
    run = jobs.on_machine(spec)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        job = engine.start(spec, settlement)
        log = spec.directory / "logs"
        wait_until(lambda: any(log.glob("worker-*")))
        time.sleep(0.5)
        os.kill(_pid_with(log, "worker-"), signal.SIGSTOP)
        jobs.assert_as_on_machine(job.wait(), settlement, run)


@slow
@pytest.mark.parametrize("victim", ["manager", "master"])
def test_a_manager_or_master_that_is_stopped_is_replaced(jobs, monkeypatch, victim):
    monkeypatch.setattr("totem_ccf.engines.local.local_job.PULSE_SECONDS", 4.0 if victim == "master" else 60.0)
    spec = jobs.three_steps(4, 8000, executor="interpreter")
    run = jobs.on_machine(spec)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        job = engine.start(spec, settlement)
        log = spec.directory / "logs"
        wait_until(lambda: any(log.glob("worker-*")))
        time.sleep(0.5)
        os.kill(_pid_with(log, f"{victim}.log"), signal.SIGSTOP)
        jobs.assert_as_on_machine(job.wait(), settlement, run)


def test_a_point_that_is_not_in_the_list_is_an_error():
    with pytest.raises(ValueError, match="add it to"):
        kill_point("manager:nowhere")
