"""Ctrl-C: at any moment, to a command alone or to its whole process group, once or twice."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from totem.interrupts import stopping
from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import ProviderSide
from totem.services.provider import Provider
from totem.services.run import RunRequest, Silent, run_job
from totem.services.runner import JobRunner, RunnerOptions
from totem.services.server import ProviderServer

HANGS = 60
"""Seconds after which something hangs; how fast it is depends on what else the machine does."""

COMMAND = [sys.executable, "-m", "totem.cli.entry"]
TOLD = "import os, sys; from totem.cli.entry import main; os.close(int(sys.argv.pop(1))); sys.exit(main())"
"""The same, but it closes a file as soon as Python itself has started: before that no interrupt is ours."""


def slow(steps=10_000_000_000):
    """Return the source of a job that counts so many steps for each row."""
    return f"""from totem_sdk import TotemJob


class Slow(TotemJob):
    def mapper(self, _, row):
        total = 0
        for number in range({steps}):
            total = total + number % 7
        yield row.cid, total
"""


@contextmanager
def begin(*words, tmp, interrupt=signal.default_int_handler, command=COMMAND, pass_fds=(), **environment):
    """Run the command in a process group and a temporary directory of its own, as from a terminal; kill it behind."""
    process = subprocess.Popen(
        [*command, *(str(word) for word in words)],
        pass_fds=pass_fds,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp), **environment},
        start_new_session=True,
        # Whoever runs the tests in the background ignores interrupts, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, interrupt),  # noqa: PLW1509 no threads yet
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:  # a test that failed must not wait for it
                process.kill()


def processes_with(text):
    """Return how many processes have ``text`` in their environment."""
    found = 0
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # another user's, or it has ended
            found += text.encode() in environment.read_bytes()
    return found


@pytest.fixture
def slow_run(tmp_path):
    """A run that takes for ever, and its temporary directory."""
    job, data, tmp = tmp_path / "slow.py", tmp_path / "bills.csv", tmp_path / "tmp"
    job.write_text(slow())
    data.write_text("date,cid,bill\n2019-02-25,1,100.5\n")
    tmp.mkdir()
    return ["run", job, data, "--totem", 10**12, "--workers", 1], tmp


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.2, 0.8, 1.5, 4.0])
@pytest.mark.parametrize("twice", [False, True])
def test_a_run_ends_at_once_and_leaves_nothing(slow_run, seconds, twice):
    words, tmp = slow_run
    started, starting = os.pipe()
    with begin(starting, *words, tmp=tmp, command=[sys.executable, "-c", TOLD], pass_fds=[starting]) as process:
        os.close(starting)
        os.read(started, 1)
        os.close(started)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        if twice:
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("interrupted")
    assert list(tmp.iterdir()) == []
    assert processes_with(f"TMPDIR={tmp}") == 0


def test_what_fails_while_an_interrupt_ends_a_run_is_no_failure_of_the_provider(tmp_path, monkeypatch):
    monkeypatch.setattr("totem.services.run.begin_end", lambda: None)  # it is said once in a process

    class Interrupted(Silent):
        def accepted(self, program):
            try:
                raise KeyboardInterrupt
            finally:
                raise ProviderSide("a process of the run has gone", code="machine")

    job, data = tmp_path / "job.py", tmp_path / "bills.csv"
    job.write_text(slow(1))
    data.write_text("date,cid,bill\n2019-02-25,1,100.5\n")
    report = run_job(RunRequest(job=job, data=[str(data)], options=RunnerOptions(1, "interpreter")), Interrupted())
    assert (report.state, report.escrow, report.used) == ("interrupted", 0, 0)


@pytest.mark.slow
def test_an_interrupted_run_is_one_object_too(slow_run):
    words, tmp = slow_run
    with begin(*words, "--json", tmp=tmp) as process:
        while not list(tmp.glob("totem-*/**/job.json")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANGS)
    document = json.loads(out)
    assert (process.returncode, err) == (130, "")
    assert (document["state"], document["escrow"], document["used"], document["bill"]) == ("interrupted", 0, 0, [])
    assert document["seconds"]["total"] > document["seconds"]["run"]


@pytest.mark.slow
def test_a_server_that_is_stopped_leaves_its_job_to_the_next(fresh, engine):
    source = slow(10_000)
    Consortium(fresh.session("admin")).issue("alice@AliceMSP", 10**7, "for a long job")
    consumer = Consumer(fresh.session("alice"))
    consumer.request_access("bills", "tests")
    job_id = consumer.submit(Submission(source, "slow.py", ["bills"], totem=10**7))["job_id"]
    session = fresh.session("north")

    def server():
        return ProviderServer(
            Provider(session), JobRunner(session, fresh.store("north"), engine, RunnerOptions(1, "interpreter"))
        )

    first = server()
    thread = threading.Thread(target=first.serve)
    thread.start()
    while not (fresh.store("north").job_folder(job_id) / "job.json").exists():
        time.sleep(0.02)
    first.stop()
    thread.join(HANGS)
    assert not thread.is_alive()
    assert consumer.job(job_id)["state"] == "running"
    server().drain()
    assert consumer.job(job_id)["state"] == "completed"


@pytest.mark.slow
def test_a_development_consortium_stops_soon_and_its_job_goes_on(tmp_path):
    home, tmp = tmp_path / "home", tmp_path / "tmp"
    tmp.mkdir()
    job, data = tmp_path / "slow.py", tmp_path / "bills.csv"
    job.write_text(slow(300_000_000))
    data.write_text("date,cid,bill\n2019-02-25,1,100.5\n2019-02-25,2,100.5\n")

    def ask(*words):
        with begin(*words, "--json", tmp=tmp, TOTEM_HOME=str(home)) as process:
            out, err = process.communicate(timeout=HANGS)
        assert process.returncode == 0, out + err
        return json.loads(out)

    with begin("dev", "--port", 0, "--workers", 1, tmp=tmp, TOTEM_HOME=str(home)) as dev:
        while "Ctrl-C ends it" not in dev.stdout.readline():
            assert dev.poll() is None
        ask("provider", "publish", "bills", data, "--auto-approve", "--yes", "--as", "north")
        ask("access", "request", "bills", "--purpose", "tests")
        job_id = ask("job", "submit", job, "bills", "--totem", 10**11)["job_id"]
        while ask("job", "status", job_id)["state"] == "submitted":
            time.sleep(0.1)
        os.killpg(dev.pid, signal.SIGINT)
        os.killpg(dev.pid, signal.SIGINT)
        err = dev.communicate(timeout=HANGS)[1]
    assert dev.returncode == 0
    assert "goes on at the next start" in err
    assert "Traceback" not in err
    assert (list(tmp.iterdir()), processes_with(f"TMPDIR={tmp}")) == ([], 0)
    assert ask("job", "status", job_id)["state"] == "running"
    with begin("dev", "--port", 0, tmp=tmp, TOTEM_HOME=str(home)) as dev:
        assert ask("job", "watch", job_id)["state"] == "completed"
        dev.send_signal(signal.SIGTERM)
        dev.communicate(timeout=HANGS)
    assert (dev.returncode, list(tmp.iterdir())) == (0, [])


@pytest.mark.slow
def test_a_server_in_the_background_ignores_interrupts_as_it_was_told(fresh, tmp_path):
    words = ("provider", "start", "--home", fresh.root, "--as", "north")
    with begin(*words, tmp=tmp_path, interrupt=signal.SIG_IGN) as process:
        while "server started" not in (line := process.stderr.readline()):
            assert line, "it has ended"
        (ignored,) = re.findall(r"^SigIgn:\t(.*)$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
        assert int(ignored, 16) & 1 << signal.SIGINT - 1
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(HANGS) == 0


def test_a_signal_stops_a_server_whatever_lock_its_main_thread_holds():
    lock, stopped = threading.Lock(), threading.Event()

    def stop():
        with lock:
            stopped.set()

    before = signal.getsignal(signal.SIGTERM)
    with stopping(stop):
        with lock:
            os.kill(os.getpid(), signal.SIGTERM)
            assert not stopped.wait(0.1)
        assert stopped.wait(HANGS)
    assert signal.getsignal(signal.SIGTERM) == before
