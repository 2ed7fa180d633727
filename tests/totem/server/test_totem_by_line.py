"""What each source line costs: estimated from published statistics, billed from the receipts, side by side."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from joint_home import HOURS, JointHome
from typer.testing import CliRunner

from totem.api.serve import api_of
from totem.cli.main import app
from totem.services.by_line import billed_lines, estimated_lines
from totem.services.consumer import Consumer, Submission
from totem.services.errors import ProgramRefused

PAPER1 = Path(__file__).parents[3] / "examples" / "paper1"


def command(*words, env=None):
    return CliRunner().invoke(app, [str(word) for word in words], env=env)


def submission(source: str, *datasets: str, totem: int = 100_000) -> Submission:
    return Submission(source=source, filename="job.py", datasets=list(datasets or ["bills"]), totem=totem)


@pytest.mark.slow
def test_a_run_says_what_each_line_was_to_cost_and_has_cost():
    words = ("run", PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--table", "paper-2019", "--interpreter")
    found = json.loads(command(*words, "--by-line", "--json").stdout)
    assert sum(row["totem"] for row in found["lines"]) == found["used"] == 198
    # All that this job costs is known before it runs.
    assert all(row["lower"] == row["expected"] == row["upper"] == row["totem"] for row in found["lines"])
    source = (PAPER1 / "total_bill.py").read_text().splitlines()
    assert all(row["source"] == source[row["line"] - 1].strip() for row in found["lines"])
    shown = command(*words, "--by-line")
    assert "totem by source line" in shown.stdout
    assert "used" in shown.stdout


def test_lines_of_a_consortium_s_job(home, job_source, serve, tmp_path):
    consumer = Consumer(home.session("alice"))
    consumer.request_access("bills", "to see what lines cost")
    asked = submission(job_source)
    bounds = consumer.estimate(asked)["estimate"]
    estimated = estimated_lines(consumer, asked)
    for bound in ("lower", "upper"):
        assert sum(row[bound] for row in estimated) == bounds[bound]
    job_id = consumer.submit(asked)["job_id"]
    serve(home)
    billed = billed_lines(consumer.session, job_id)
    assert sum(row["totem"] for row in billed) == consumer.bill(job_id)["used"]
    # The provider has the same receipts, others have none.
    assert billed_lines(home.session("north"), job_id) == billed

    (tmp_path / "job.py").write_text(job_source)
    env = {"TOTEM_HOME": str(home.root), "TOTEM_AS": "alice"}
    told = command("job", "estimate", tmp_path / "job.py", "bills", "--by-line", "--json", env=env)
    assert json.loads(told.stdout)["lines"] == estimated
    told = command("job", "bill", job_id, "--by-line", "--json", env=env)
    assert json.loads(told.stdout)["lines"] == billed
    for words in (("estimate", tmp_path / "job.py", "bills"), ("bill", job_id)):
        assert "yield cid, sum(bills)" in command("job", *words, "--by-line", env=env).stdout
        assert "yield cid, sum(bills)" not in command("job", *words, env=env).stdout


def test_lines_over_the_rest_api(home, job_source, serve):
    consumer = Consumer(home.session("alice"))
    consumer.request_access("bills", "to see what lines cost")
    body = {"source": job_source, "datasets": ["bills"]}
    job_id = consumer.submit(submission(job_source))["job_id"]
    serve(home)
    with TestClient(api_of(home)) as client:
        client.headers["Authorization"] = f"Bearer {home.tokens.issue('alice')[0]}"
        estimated = client.post("/v1/estimates?by_line=true", json=body).json()
        assert estimated["lines"] == estimated_lines(consumer, submission(job_source))
        assert client.post("/v1/estimates", json=body).json()["lines"] == []
        billed = client.get(f"/v1/jobs/{job_id}/bill?by_line=true").json()
        assert billed["lines"] == billed_lines(consumer.session, job_id)
        assert client.get(f"/v1/jobs/{job_id}/bill").json()["lines"] == []


def test_an_estimate_by_line_of_a_refused_program_says_where(home):
    with pytest.raises(ProgramRefused) as refused:
        estimated_lines(Consumer(home.session("alice")), submission("import numpy\n"))
    assert refused.value.refusals[0].line == 1


@pytest.mark.slow
def test_lines_of_a_job_over_several_providers(tmp_path):
    joint = JointHome(tmp_path)
    consumer = Consumer(joint.home.session("alice"))
    asked = submission(HOURS, *joint.providers)
    parts = consumer.estimate(asked)["estimate"]
    lines = estimated_lines(consumer, asked)
    assert sum(row["upper"] for row in lines) >= parts["upper"] >= sum(row["lower"] for row in lines)
    joint.home.consortium.close()
