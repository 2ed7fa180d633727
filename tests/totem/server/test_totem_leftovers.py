"""What a crash has left of a job that ends without its provider is removed: sockets and intermediate data."""

import fcntl

import pytest

from totem.services.consumer import Consumer, Submission
from totem.services.provider import Provider
from totem.services.runner import JobRunner
from totem.services.server import ProviderServer

pytestmark = pytest.mark.slow


@pytest.fixture
def left(fresh, job_source, tmp_path):
    """A job that was accepted, with all that a crash leaves of it: its id, its folder, its directory of sockets."""
    alice = Consumer(fresh.session("alice"))
    alice.request_access("bills", "tests")
    job_id = alice.submit(Submission(source=job_source, filename="j.py", datasets=["bills"], totem=10_000))["job_id"]
    north = fresh.session("north")
    code = north.query("access.code", job_id=job_id)["code"]
    north.submit("jobs.accept", job_id=job_id, transient={"code": code})
    folder, sockets = fresh.store("north").job_folder(job_id), tmp_path / "totem-sockets"
    sockets.mkdir()
    (sockets / "master.sock").touch()
    for name in ("phase-0", "phase-1", "spills", "logs"):
        (folder / name).mkdir()
        (folder / name / "rows").write_text("1,100.5")
    (folder / "sockets").write_text(str(sockets))
    return job_id, folder, sockets


def runner(home):
    # A job that has ended on the ledger needs no engine.
    return JobRunner(home.session("north"), home.store("north"), None)


def end(home, job_id):
    Provider(home.session("north")).give_up(job_id, "server")


def server(home):
    return ProviderServer(Provider(home.session("north")), runner(home))


def test_a_server_that_starts_removes_what_is_left_of_ended_jobs(fresh, left):
    job_id, folder, sockets = left
    end(fresh, job_id)
    (folder.parent / "job-of-another-ledger").mkdir()
    (folder.parent / "job-of-another-ledger" / "phase-0").mkdir()
    server(fresh).drain()
    assert [path.name for path in folder.iterdir() if path.name != "lock"] == ["logs"]
    assert not sockets.exists()
    assert (folder.parent / "job-of-another-ledger" / "phase-0").exists()


def test_a_job_that_has_ended_before_it_is_run_again_leaves_nothing(fresh, left):
    job_id, folder, sockets = left
    end(fresh, job_id)
    assert runner(fresh).run(job_id)["state"] == "provider_failed"
    assert [path.name for path in folder.iterdir() if path.name != "lock"] == ["logs"]
    assert not sockets.exists()


def test_what_an_open_job_has_done_stays(fresh, left):
    _, folder, sockets = left
    runner(fresh).tidy()
    assert (folder / "phase-0" / "rows").exists()
    assert sockets.exists()


def test_what_another_process_works_with_stays(fresh, left):
    job_id, folder, sockets = left
    end(fresh, job_id)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        runner(fresh).tidy()
        assert (folder / "phase-0" / "rows").exists()
    runner(fresh).tidy()
    assert not (folder / "phase-0").exists()
    assert not sockets.exists()
