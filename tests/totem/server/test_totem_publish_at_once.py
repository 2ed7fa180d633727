"""Publishing at the same time, and being killed while publishing: every version on the ledger can be run."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from totem.services.consumer import Consumer, Submission
from totem.services.errors import InTheWay
from totem.services.killpoints import PUBLISHING_POINTS
from totem.services.publish import prepare, publish
from totem_ccf.faults import KILL_AT, KILL_ONCE

TOTEM = Path(sys.executable).parent / "totem"


def prepared(folder, customer):
    file = folder / f"{customer}.csv"
    file.write_text(f"date,cid,bill\n2019-02-25,{customer},1.0\n")
    return prepare("bills", [file], policy={"approval": "auto"})


def revise(home, publication):
    return publish(home.session("north"), home.store("north"), publication, revise=True)["version"]


def customers(home, serve, source):
    """Run a job on the current version and return whose bills are in it."""
    alice = Consumer(home.session("alice"))
    if not alice.access():
        alice.request_access("bills", "tests")
    job_id = alice.submit(Submission(source=source, filename="j.py", datasets=["bills"], totem=10_000))["job_id"]
    serve(home)
    assert alice.job(job_id)["state"] == "completed"
    return sorted(key for key, _ in alice.result(job_id).pairs())


@pytest.mark.slow
def test_two_revisions_that_cross_can_both_be_run(fresh, tmp_path, serve, job_source, monkeypatch):
    """The second is kept and committed while the first is kept and not yet committed."""
    first, second = prepared(tmp_path, 10), prepared(tmp_path, 11)

    def between(point):
        if point == "publish:before-commit":
            monkeypatch.undo()
            assert revise(fresh, second) == 2
            assert customers(fresh, serve, job_source) == [11]

    monkeypatch.setattr("totem.services.publish.pass_publishing_point", between)
    assert revise(fresh, first) == 3
    assert customers(fresh, serve, job_source) == [10]


@pytest.mark.slow
def test_many_revisions_at_once(fresh, tmp_path, serve, job_source):
    publications = {customer: prepared(tmp_path, customer) for customer in range(10, 16)}
    versions, overtaken = {}, []

    def work(customer):
        try:
            versions[revise(fresh, publications[customer])] = customer
        except InTheWay as error:
            overtaken.append(error.code)

    threads = [threading.Thread(target=work, args=(customer,)) for customer in publications]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert versions
    assert len(versions) + len(overtaken) == len(publications)
    assert set(overtaken) <= {"transaction_void"}
    assert sorted(versions) == list(range(2, 2 + len(versions)))
    assert customers(fresh, serve, job_source) == [versions[max(versions)]]


@pytest.mark.slow
@pytest.mark.parametrize("point", PUBLISHING_POINTS)
def test_killed_while_revising(fresh, tmp_path, serve, job_source, point):
    file = tmp_path / "new.csv"
    file.write_text("date,cid,bill\n2019-02-25,9,1.0\n")
    (tmp_path / "policy.json").write_text('{"approval": "auto"}')
    words = ["provider", "publish", "bills", file, "--policy", tmp_path / "policy.json", "--revise", "--yes"]
    env = {**os.environ, "TOTEM_HOME": str(fresh.root), "TOTEM_AS": "north"}
    (tmp_path / "once").mkdir()
    deadly = {**env, KILL_AT: point, KILL_ONCE: str(tmp_path / "once")}
    killed = subprocess.run([TOTEM, *words], env=deadly, capture_output=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    committed = point == "publish:after-commit"
    assert customers(fresh, serve, job_source) == ([9] if committed else [1, 2, 3])
    # The command is simply given again.
    again = subprocess.run([TOTEM, *words], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stderr
    assert f"bills version {3 if committed else 2} is published" in again.stdout
    assert customers(fresh, serve, job_source) == [9]
