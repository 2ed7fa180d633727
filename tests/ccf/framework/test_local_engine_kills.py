"""kill -9 of every process, at every named point of the protocol: the job ends as undisturbed, and nothing hangs."""

import contextlib
import os
import signal
import time

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
    spec = jobs.word_count(2, 12, executor="kernel" if point == "worker:combine" else "interpreter")
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


@slow
@pytest.mark.parametrize("point", HOSTS)
def test_everything_ends_with_the_host_and_goes_on_with_the_next(jobs, hosts, tmp_path, point):
    spec = jobs.word_count(2, 12, executor="interpreter")
    spec.write()
    marks = tmp_path / "killed"
    marks.mkdir()
    environment = {KILL_AT: point, KILL_ONCE: str(marks)}
    host = hosts.start(spec, environment)
    host.communicate(timeout=LIMIT)
    assert host.returncode == -signal.SIGKILL
    hosts.wait_until(lambda: not hosts.processes_of(spec), 10.0)
    hosts.assert_ends_as_undisturbed(spec, environment)


@slow
@pytest.mark.parametrize("moment", [0.0, 0.3, 0.6, 1.0])
def test_killing_all_processes_at_once_leaves_a_job_that_goes_on(jobs, hosts, moment):
    spec = jobs.word_count(4, 400, executor="interpreter")
    spec.write()
    host = hosts.start(spec)
    hosts.wait_until((spec.directory / "lease.log").exists)
    time.sleep(moment)
    for pid in hosts.processes_of(spec):
        # Those that were forked by one that is dead already may be gone too.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    host.communicate(timeout=LIMIT)
    hosts.wait_until(lambda: not hosts.processes_of(spec), 10.0)
    hosts.assert_ends_as_undisturbed(spec)


@slow
@pytest.mark.parametrize("victim", ["worker", "manager", "master", "zygote"])
def test_a_process_that_hangs_or_dies_for_no_reason_is_replaced(jobs, hosts, victim):
    spec = jobs.three_steps(6, 5000, executor="interpreter")
    run = jobs.on_machine(spec)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        job = engine.start(spec, settlement)
        log = spec.directory / "logs"
        hosts.wait_until(lambda: any(log.glob("worker-*")) and len(hosts.processes_of(spec)) >= 4)
        if victim == "zygote":
            os.kill(engine.processes.pid, signal.SIGKILL)
        else:
            name = "worker-" if victim == "worker" else f"{victim}.log"
            os.kill(hosts.pid_with(log, name), signal.SIGKILL)
        jobs.assert_as_on_machine(job.wait(), settlement, run)


@slow
def test_a_worker_that_is_stopped_loses_its_attempt(jobs, hosts, monkeypatch):
    monkeypatch.setattr("totem_ccf.engines.local.local_job.PULSE_SECONDS", 60.0)
    spec = jobs.three_steps(4, 8000, executor="interpreter")
    run = jobs.on_machine(spec)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        job = engine.start(spec, settlement)
        log = spec.directory / "logs"
        hosts.wait_until(lambda: any(log.glob("worker-*")))
        time.sleep(0.5)
        os.kill(hosts.pid_with(log, "worker-"), signal.SIGSTOP)
        jobs.assert_as_on_machine(job.wait(), settlement, run)


@slow
@pytest.mark.parametrize("victim", ["manager", "master"])
def test_a_manager_or_master_that_is_stopped_is_replaced(jobs, hosts, monkeypatch, victim):
    monkeypatch.setattr("totem_ccf.engines.local.local_job.PULSE_SECONDS", 4.0 if victim == "master" else 60.0)
    spec = jobs.three_steps(4, 8000, executor="interpreter")
    run = jobs.on_machine(spec)
    with LocalEngine() as engine:
        settlement = jobs.settlement(spec)
        job = engine.start(spec, settlement)
        log = spec.directory / "logs"
        hosts.wait_until(lambda: any(log.glob("worker-*")))
        time.sleep(0.5)
        os.kill(hosts.pid_with(log, f"{victim}.log"), signal.SIGSTOP)
        jobs.assert_as_on_machine(job.wait(), settlement, run)


@slow
def test_a_manager_that_is_stopped_while_nobody_has_to_tell_it_anything_is_replaced(jobs, hosts):
    spec = jobs.three_steps(4, 20, executor="interpreter")
    run = jobs.on_machine(spec)
    settlement = jobs.settlement(spec)
    log = spec.directory / "logs"
    settle, stopped = settlement.settle, []

    def stop_and_settle(*what, **how):
        if not stopped:  # all tasks are done, and the master waits for what the manager will say
            stopped.append(hosts.pid_with(log, "manager.log"))
            os.kill(stopped[0], signal.SIGSTOP)
        return settle(*what, **how)

    settlement.settle = stop_and_settle
    with LocalEngine() as engine:
        jobs.assert_as_on_machine(engine.start(spec, settlement).wait(), settlement, run)
    assert stopped


def test_a_point_that_is_not_in_the_list_is_an_error():
    with pytest.raises(ValueError, match="add it to"):
        kill_point("manager:nowhere")


@slow
@pytest.mark.parametrize("harm", ["cut short", "changed", "removed"])
def test_a_piece_that_is_damaged_while_nothing_runs_is_found_and_costs_nothing(jobs, hosts, tmp_path, harm):
    spec = jobs.word_count(2, 12, executor="interpreter")
    spec.write()
    marks = tmp_path / "killed"
    marks.mkdir()
    # The map tasks are accepted, and settled next; then the machine is off.
    host = hosts.start(spec, {KILL_AT: "host:before-settle", KILL_ONCE: str(marks)})
    host.communicate(timeout=LIMIT)
    hosts.wait_until(lambda: not hosts.processes_of(spec), 10.0)
    victim = min(spec.directory.glob("phase-00/*/*/*.arrow"))
    whole = victim.read_bytes()
    match harm:
        case "cut short":
            victim.write_bytes(whole[:-1])
        case "changed":
            victim.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        case "removed":
            victim.unlink()
    settlement = jobs.settlement(spec)
    end = jobs.engine.resume(spec.directory, settlement)
    assert (end.state, end.used, end.result, end.error) == ("provider_failed", 0, None, None)
    assert str(victim) in end.reason
    assert len(settlement.receipts) == 1, "the map phase is settled, the reduce phase never"
