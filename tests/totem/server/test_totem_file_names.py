"""Lines with the names of their files: published if the provider says so, asked for by jobs."""

import importlib.util
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.consumer import Consumer, Submission
from totem.services.errors import ProgramRefused
from totem.services.publish import prepare, publish

EXAMPLE = Path(importlib.util.find_spec("mrjob.examples.mr_count_lines_by_file").origin).read_text()
WORDS = """
from mrjob.job import MRJob

class Words(MRJob):
    def mapper(self, _, line):
        yield len(line), 1

    def reducer(self, length, ones):
        yield length, sum(ones)
"""


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs" / "secret-place"
    folder.mkdir(parents=True)
    (folder / "monday.log").write_text("a b\nc\n")
    (folder / "tuesday.log").write_text("d\n")
    return folder


def submit(home, source, logs, **how):
    policy = {"approval": "auto"}
    publish(home.session("north"), home.store("north"), prepare("logs", [logs], policy=policy, **how))
    alice = Consumer(home.session("alice"))
    alice.request_access("logs", "tests")
    return alice, alice.submit(Submission(source=source, filename="job.py", datasets=["logs"], totem=10_000))["job_id"]


def test_lines_are_counted_by_the_names_that_the_provider_tells(fresh, serve, logs):
    alice, job_id = submit(fresh, EXAMPLE, logs, file_names=True)
    serve(fresh)
    assert sorted(alice.result(job_id).pairs()) == [["monday.log", 2], ["tuesday.log", 1]]
    assert "secret-place" not in json.dumps(
        [alice.job(job_id), fresh.session("alice").query("datasets.get", dataset_id="logs")]
    )


def test_a_job_for_lines_alone_runs_where_names_are_told(fresh, serve, logs):
    alice, job_id = submit(fresh, WORDS, logs, file_names=True)
    serve(fresh)
    assert sorted(alice.result(job_id).pairs()) == [[1, 2], [3, 1]]


def test_names_that_are_not_told_are_not_asked_for(fresh, logs):
    with pytest.raises(ProgramRefused, match="asks for the file that a line is from, which the dataset does not tell"):
        submit(fresh, EXAMPLE, logs, lines=True)


@pytest.mark.slow
def test_local_files_have_names(logs, tmp_path):
    job = tmp_path / "job.py"
    job.write_text(EXAMPLE)
    done = CliRunner().invoke(app, ["run", str(job), str(logs), "--json"])
    assert done.exit_code == 0, done.output
    assert sorted(json.loads(done.stdout)["result"]) == [["monday.log", 2], ["tuesday.log", 1]]
