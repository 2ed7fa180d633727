"""The processes of a job see nothing of our environment, serve only those of their job, and end with their parent."""

import json
import os
import resource
import signal
import tempfile
import threading
import time
from pathlib import Path

import grpc
import pytest

from totem_ccf.engines.local import WORKER_MEMORY, LocalEngine, host
from totem_ccf.engines.local.config import NEEDS, RoleConfig
from totem_ccf.engines.local.memory import RESERVED_BYTES
from totem_ccf.engines.local.processes import GONE, Processes, ProcessesGone
from totem_ccf.metering import rpc
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc


def wait_until(condition, seconds=30.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def paused(engine, tmp_path_factory, make_jobs):
    """A job that has all its processes and does nothing."""
    jobs = make_jobs(tmp_path_factory.mktemp("paused"), engine)
    spec = jobs.paper1(workers=2)
    job = jobs.engine.start(spec, jobs.settlement(spec))
    job.pause()
    wait_until(
        lambda: len(list((spec.directory / "logs").glob("worker-*"))) == 2 and (spec.directory / "lease.log").exists()
    )
    yield job
    job.resume()
    assert job.wait().state == "completed"


@pytest.mark.slow
def test_processes_see_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("TOTEM_TEST_SECRET", "not for workers")
    with LocalEngine() as engine:
        engine.processes.wait_ready()
        seen = Path(f"/proc/{engine.processes.pid}/environ").read_text()
        assert "not for workers" not in seen
        assert {entry.split("=")[0] for entry in seen.split("\0") if entry} <= {
            "PATH",
            "LANG",
            "LC_ALL",
            "TMPDIR",
            "TZ",
            "OPENBLAS_NUM_THREADS",
            "OMP_NUM_THREADS",
            "PYTHONHASHSEED",
        }


@pytest.mark.usefixtures("paused")
def test_processes_have_limits_and_no_core_files(engine):
    forked = children_of(engine.processes.pid)
    assert len(forked) == 4
    wait_until(lambda: all(resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0) for pid in forked))
    # Two workers, with as much address space as they may have; manager and master are ours.
    most = WORKER_MEMORY + RESERVED_BYTES
    wait_until(lambda: sorted(resource.prlimit(pid, resource.RLIMIT_DATA)[0] for pid in forked)[2:] == [most] * 2)


def calls(address):
    """A call of every service that is only for the job's own processes."""
    work = pb_grpc.WorkStub(grpc.insecure_channel(address("master")))
    lead = pb_grpc.LeadStub(grpc.insecure_channel(address("manager")))
    above = pb_grpc.HostStub(grpc.insecure_channel(address("host")))
    return {
        "serve": lambda **how: next(work.Serve(pb.Worker(number=9), **how)),
        "over": lambda **how: work.Over(pb.AttemptOver(), **how),
        "beat": lambda **how: work.Beat(pb.Worker(number=9), **how),
        "connect": lambda **how: next(lead.Connect(pb.ConnectRequest(), **how)),
        "tell": lambda **how: lead.Tell(pb.Word(cancel=pb.Empty()), **how),
        "there": lambda **how: lead.Beat(pb.Empty(), **how),
        "settle": lambda **how: above.Settle(pb.SettleRequest(), **how),
        "attend": lambda **how: next(above.Attend(pb.Empty(), **how)),
        "progress": lambda **how: above.Progress(pb.ProgressNews(), **how),
        "kill": lambda **how: above.Kill(pb.Worker(number=1), **how),
    }


@pytest.mark.parametrize("metadata", [(), (("totem-job", "guessed"),)], ids=["no secret", "another secret"])
def test_services_are_for_the_processes_of_the_job(paused, metadata):
    for name, call in calls(paused._config.address).items():
        with pytest.raises(grpc.RpcError) as refused:
            call(metadata=metadata, timeout=10, wait_for_ready=True)
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED, name


@pytest.mark.slow
def test_who_has_stopped_waiting_for_a_settlement_takes_nobody_s_place(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "_TURN_SECONDS", 0.05)
    asked, may_answer = [], threading.Event()

    class Slow:
        def settle(self, phase_index, receipt):
            asked.append(phase_index)
            may_answer.wait(30)
            return {"continue": True, "left": 7, "reason": "continue"}

    address = f"unix:{tmp_path / 'host'}"
    served = host.Host(address, "secret", Slow(), lambda _: None, lambda _: None)
    with grpc.insecure_channel(address) as channel:
        settle, who = pb_grpc.HostStub(channel).Settle, {"metadata": rpc.metadata("secret")}
        for _ in range(12):  # more than the host has threads
            with pytest.raises(grpc.RpcError) as late:
                settle(pb.SettleRequest(phase=1, receipt=b"{}"), timeout=0.3, **who)
            assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        may_answer.set()
        answer = settle(pb.SettleRequest(phase=1, receipt=b"{}"), timeout=30, **who).answer
    served.close()
    assert json.loads(answer)["left"] == 7
    assert 2 <= len(asked) < 5, "those of the last moment may have been there still, but not all thirteen"


def test_processes_know_only_the_secrets_that_they_need():
    assert NEEDS["worker"] == ("work", "kernel")
    assert NEEDS["compiler"] == ("kernel",)


@pytest.mark.slow
def test_the_log_keeps_no_token(jobs):
    spec = jobs.paper1()
    jobs.run_as_on_machine(spec)
    starts = [line for line in (spec.directory / "lease.log").read_text().splitlines() if '"is":"start"' in line]
    assert len(starts) == 17
    assert all(len(json.loads(line[9:])["token"]) == 64 for line in starts)


def test_an_attempt_that_nobody_started_gets_nothing(paused):
    meter = pb_grpc.MeterStub(grpc.insecure_channel(paused._config.address("manager")))
    attempt = pb.Attempt(phase=0, task=0, number=1, token="guessed")
    assert meter.Begin(pb.BeginRequest(attempt=attempt), timeout=10).available == 0
    assert meter.Ask(pb.AskRequest(attempt=attempt, seq=1, cost=5), timeout=10).stop == "fenced"


@pytest.mark.slow
def test_sockets_are_for_their_owner_only(paused):
    assert Path(paused._config.sockets).stat().st_mode & 0o077 == 0
    assert paused.spec.directory.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_no_process_outlives_the_zygote(jobs):
    spec = jobs.paper1()
    with LocalEngine() as engine:
        job = engine.start(spec, jobs.settlement(spec))
        job.pause()
        wait_until(lambda: len(children_of(engine.processes.pid)) >= 3)
        forked = children_of(engine.processes.pid)
        job.abandon()
        os.kill(engine.processes.pid, signal.SIGKILL)
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in forked))


@pytest.mark.slow
def test_no_socket_directory_is_left_behind(jobs):
    spec = jobs.paper1()
    job = jobs.engine.start(spec, jobs.settlement(spec))
    job.wait()
    assert not Path(job._config.sockets).exists()


@pytest.mark.slow
def test_a_socket_directory_that_a_crash_after_the_end_has_left_is_removed(jobs, tmp_path):
    spec = jobs.paper1()
    settlement = jobs.settlement(spec)
    end = jobs.engine.run(spec, settlement)
    left = tmp_path / "totem-left"
    left.mkdir()
    (left / "host.sock").touch()
    (spec.directory / "sockets").write_text(str(left))
    assert jobs.engine.resume(spec.directory, settlement) == end
    assert not left.exists()
    assert not (spec.directory / "sockets").exists()


@pytest.mark.slow
def test_a_socket_directory_is_noted_before_it_is_made(jobs, monkeypatch):
    spec = jobs.paper1()
    settlement = jobs.settlement(spec)
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", "/not-there")
        with pytest.raises(FileNotFoundError):
            jobs.engine.run(spec, settlement)
    assert Path((spec.directory / "sockets").read_text()).parent == Path("/not-there")
    assert jobs.engine.resume(spec.directory, settlement).state == "completed"
    assert not (spec.directory / "sockets").exists()


@pytest.mark.slow
def test_a_long_temporary_directory_leaves_room_for_the_sockets(jobs, tmp_path, monkeypatch, capfd):
    long = tmp_path / ("long" * 25)
    long.mkdir()
    spec = jobs.paper1()
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(long))
        assert jobs.engine.run(spec, jobs.settlement(spec)).state == "completed"
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_an_exit_is_reported_once_with_its_status(tmp_path):
    processes = Processes()
    statuses = []
    config = RoleConfig("manager", 1, str(tmp_path), str(tmp_path), {})
    processes.spawn(config, tmp_path / "log", statuses.append)
    wait_until(lambda: statuses)
    assert statuses == [76]
    assert "job.json" in (tmp_path / "log").read_text()
    name = processes.spawn(config, tmp_path / "log", statuses.append)
    processes.kill(name)
    wait_until(lambda: len(statuses) == 2)
    processes.close()


@pytest.mark.slow
def test_without_a_zygote_nothing_is_spawned(tmp_path):
    processes = Processes()
    processes.wait_ready()
    statuses = []
    config = RoleConfig("worker", 1, str(tmp_path), str(tmp_path), {})
    os.kill(processes.pid, signal.SIGSTOP)
    processes.spawn(config, tmp_path / "log", statuses.append)
    os.kill(processes.pid, signal.SIGKILL)
    wait_until(lambda: statuses == [GONE])
    assert not processes.alive
    with pytest.raises(ProcessesGone):
        processes.spawn(config, tmp_path / "log", statuses.append)
    processes.close()
