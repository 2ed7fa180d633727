"""``totem job``: what its commands print, in a home folder."""

import json
import time
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from totem.api import job_models
from totem.cli.job import _watch
from totem.cli.main import app
from totem.cli.output import Output
from totem.ledger.bootstrap import Consortium as Consortia
from totem.services.consumer import Consumer, Submission
from totem.services.errors import InTheWay
from totem.services.publish import prepare, publish

LARGE = """from totem_sdk import Param, TotemJob


class Large(TotemJob):
    least: float = Param(1.0, help="smallest bill")

    def mapper(self, _, row):
        if row.bill >= self.least:
            yield row.cid, row.bill
"""


@pytest.fixture
def totem(home, tmp_path, job_source):
    (tmp_path / "job.py").write_text(job_source)
    (tmp_path / "large.py").write_text(LARGE)

    def run(*words, who="alice"):
        env = {"TOTEM_HOME": str(home.root), "TOTEM_AS": who}
        return CliRunner().invoke(app, ["job", *(str(word) for word in words)], env=env)

    return run


def test_an_estimate_is_what_a_submission_says(home, totem, tmp_path, job_source):
    """And needs neither access nor totem: bob has none of both."""
    height = home.explorer().height()
    done = totem("estimate", tmp_path / "job.py", "bills", "--json", who="bob")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    submission = Submission(source=job_source, filename="job.py", datasets=["bills"])
    assert found == Consumer(home.session("alice")).estimate(submission)
    assert home.explorer().height() == height
    shown = totem("estimate", tmp_path / "job.py", "bills")
    for text in ("at least", f"{found['needs']:,}", "step 0 map, step 0 reduce", "standard-1", found["program_id"]):
        assert text in shown.stdout


def test_an_estimate_takes_parameters_and_a_table(totem, tmp_path):
    dear = json.loads(totem("estimate", tmp_path / "large.py", "bills", "--param", "least=0", "--json").stdout)
    assert dear["params"] == [{"name": "least", "type": "float", "value": "0.0"}]
    other = totem("estimate", tmp_path / "large.py", "bills", "--table", "paper-2019", "--json")
    assert json.loads(other.stdout)["table"] == "paper-2019"
    wrong = totem("estimate", tmp_path / "large.py", "bills", "--param", "most=1")
    assert (wrong.exit_code, "most" in wrong.stderr) == (2, True)
    assert totem("estimate", tmp_path / "large.py", "nothing").exit_code == 2


def test_an_estimate_of_a_refused_program_says_where(totem, tmp_path):
    (tmp_path / "bad.py").write_text("import numpy\n")
    done = totem("estimate", tmp_path / "bad.py", "bills", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["refusals"][0]["line"] == 1


def submit_with_too_many_groups(fresh, tmp_path, job_source):
    """Return a consumer and its job, whose three groups are one more than the policy allows."""
    file = tmp_path / "few.csv"
    file.write_text("cid,bill\n1,1.0\n2,2.0\n3,3.0\n")
    policy = {"approval": "auto", "max_groups": 2}
    publish(fresh.session("north"), fresh.store("north"), prepare("few", [file], policy=policy))
    alice = Consumer(fresh.session("alice"))
    alice.request_access("few", "tests")
    job_id = alice.submit(Submission(source=job_source, filename="j.py", datasets=["few"], totem=9_000))["job_id"]
    return alice, job_id


@pytest.mark.slow
def test_a_job_shows_its_data_and_what_was_not_delivered(fresh, serve, tmp_path, job_source):
    _, job_id = submit_with_too_many_groups(fresh, tmp_path, job_source)
    env = {"TOTEM_HOME": str(fresh.root), "TOTEM_AS": "alice"}
    before = CliRunner().invoke(app, ["job", "status", job_id], env=env)
    assert "3 rows, 1 fragment" in before.stdout
    serve(fresh)
    after = CliRunner().invoke(app, ["job", "status", job_id], env=env)
    assert "result_limit" in after.stdout
    assert "3 lines, the policy allows 2" in after.stdout
    told = CliRunner().invoke(app, ["job", "status", job_id, "--json"], env=env)
    assert json.loads(told.stdout)["undelivered"]["lines"] == 3


@pytest.mark.slow
def test_the_api_tells_the_same(fresh, serve, tmp_path, job_source):
    alice, job_id = submit_with_too_many_groups(fresh, tmp_path, job_source)
    serve(fresh)
    told = job_models.Job.model_validate(alice.job(job_id)).model_dump(mode="json")
    assert told["data"] == {"rows": 3, "fragments": 1}
    assert told["undelivered"] == {**alice.job(job_id)["undelivered"], "lines": 3}


class Followed:
    """A consumer whose job is finished, past its deadline, and delivered when it is asked for the third time."""

    def __init__(self):
        self.asked = 0

    def job(self, job_id):
        self.asked += 1
        return {
            "job_id": job_id,
            "state": "completed" if self.asked > 2 else "running",
            "verdict": "finished",
            "deadline": (time.time() - 600) * 1_000,
            "settled": [],
        }


@pytest.mark.slow
def test_a_finished_job_is_watched_until_it_is_delivered(capsys):
    """For an hour after its deadline it can still be; watching asks for nothing but the job."""
    followed = Followed()
    assert _watch(Output(as_json=True), followed, "job-1") == 0
    assert followed.asked == 3
    assert json.loads(capsys.readouterr().out)["state"] == "completed"


@pytest.mark.slow
def test_a_job_that_nobody_ends_is_ended_by_expire_and_not_by_watch(fresh, job_source, monkeypatch):
    later = 0.0
    fresh.consortium = Consortia.open(fresh.root, clock=lambda: int((time.time() + later) * 1_000))
    alice = Consumer(fresh.session("alice"))
    alice.request_access("bills", "tests")
    submission = Submission(source=job_source, filename="j.py", datasets=["bills"], totem=9_000, deadline_seconds=60)
    job_id = alice.submit(submission)["job_id"]
    later = 600.0
    monkeypatch.setattr("totem.cli.job.consumer", lambda home, as_: alice)
    monkeypatch.setattr("totem.cli.job.time", SimpleNamespace(time=lambda: time.time() + later))

    def job(*words):
        return CliRunner().invoke(app, ["job", *words])

    watched = job("watch", job_id, "--json")
    error = json.loads(watched.stdout)["error"]
    assert (watched.exit_code, error["code"]) == (5, "overdue")
    assert f"totem job expire {job_id}" in error["hint"]
    assert alice.job(job_id)["state"] == "submitted"
    ended = job("expire", job_id)
    assert (ended.exit_code, ended.stdout) == (0, f"{job_id} is expired: paid 0, returned 9,000 totem\n")
    assert job("watch", job_id).exit_code == 5
    with pytest.raises(InTheWay):
        alice.expire(job_id)


def test_a_job_does_not_expire_before_its_deadline(home, totem, job_source):
    alice = Consumer(home.session("alice"))
    alice.request_access("bills", "tests")
    job_id = alice.submit(Submission(source=job_source, filename="j.py", datasets=["bills"], totem=9_000))["job_id"]
    done = totem("expire", job_id, "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (2, "deadline")
    alice.cancel(job_id)
