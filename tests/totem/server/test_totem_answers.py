"""What commands answer: where, why, what to do; what was written; nothing read in vain, nobody asked in vain."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.logs import configure, logger

PAPER1 = Path(__file__).parents[3] / "examples" / "paper1"
RUN = ["run", PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--schema", PAPER1 / "schema.json"]
RUN += ["--table", "paper-2019", "--interpreter", "--workers", 1]
MISSPELT = """from totem_sdk import TotemJob


class Bad(TotemJob):
    def mapper(self, _, row):
        yield row.custmer, 1
"""


def totem(*words, **options):
    return CliRunner().invoke(app, [str(word) for word in words], **options)


@pytest.fixture
def at(home):
    """Where the consortium is."""
    return ["--home", home.root]


@pytest.mark.slow
def test_a_refused_submission_reads_like_a_compiler_error(at, tmp_path):
    job = tmp_path / "bad.py"
    job.write_text(MISSPELT)
    totem("access", "request", "bills", "--purpose", "tests", "--as", "alice", *at)
    for words in (["submit", job, "bills", "--totem", 5], ["estimate", job, "bills"]):
        done = totem("job", *words, "--as", "alice", *at)
        assert done.exit_code == 2
        assert done.stderr.count("there is no column custmer") == 1
        assert f"{job}:6:19: error[unknown-column]" in done.stderr
        assert "    6 |         yield row.custmer, 1\n      |                   ^" in done.stderr
        told = json.loads(totem("job", *words, "--as", "alice", *at, "--json").stdout)
        assert told["error"]["refusals"][0]["line"] == 6


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["dataset", "show", "nosuch", "--as", "alice"], "totem dataset list"),
        (["provider", "approve", "acc-00000000000000000000", "--as", "alice"], "--as NAME"),
        (["job", "status", "nosuch", "--as", "alice"], "totem job list"),
        (["job", "result", "job-00000000000000000000", "--as", "alice"], "totem job list"),
    ],
)
def test_what_goes_wrong_comes_with_what_to_do(at, words, hint):
    done = totem(*words, *at)
    assert (done.exit_code, hint in done.stderr.splitlines()[-1]) == (2, True), done.stderr
    assert hint in json.loads(totem(*words, *at, "--json").stdout)["error"]["hint"]


def test_only_a_provider_has_its_data_read(at):
    done = totem("provider", "publish", "mine", "no/such/file.csv", "--as", "alice", *at)
    assert done.exit_code == 2
    assert "only a provider publishes" in done.stderr
    assert "--as NAME" in done.stderr


def test_where_nobody_can_be_asked_the_option_is_named(at):
    done = totem("provider", "publish", "mine", PAPER1 / "bills.csv", "--as", "north", *at)
    assert (done.exit_code, "give --yes" in done.stderr) == (2, True)
    done = totem("provider", "publish", "mine", PAPER1 / "bills.csv", "--as", "north", *at, input="n\n")
    assert (done.exit_code, "published" in done.stdout.splitlines()[-1]) == (130, False)


@pytest.mark.parametrize(
    ("name", "why"),
    [("out.xlsx", "no result is written as .xlsx"), ("no/out.csv", "there is no folder"), ("", "folder")],
)
def test_a_file_for_the_result_is_checked_before_anything_is_run(tmp_path, name, why):
    done = totem(*RUN, "--totem", 198, "-o", tmp_path / name)
    assert done.exit_code == 2
    assert why in done.stderr
    assert "Parquet" in done.stderr or ".parquet" in done.stderr


@pytest.mark.slow
def test_what_was_written_is_said_and_whether_it_is_all(tmp_path):
    file = tmp_path / "out.csv"
    done = totem(*RUN, "--totem", 197, "--no-precheck", "-o", file)
    assert done.exit_code == 3
    assert f"2 partial results (the job ran out of totem) written to {file}" in done.stderr
    assert "hint: give more with --totem: 198 is certainly enough" in done.stderr


def test_data_of_the_examples_that_are_not_fetched_yet(tmp_path):
    done = totem("run", PAPER1 / "total_bill.py", tmp_path / ".data" / "retail.parquet")
    assert (done.exit_code, "`make data` fetches" in done.stderr) == (2, True)


@pytest.mark.slow
def test_the_audit_mode_warns_first():
    assert "--audit: about " in totem(*RUN, "--totem", 198, "--audit").stderr


def test_logs_for_people_are_no_json(capsys):
    configure(plain=True)
    logger("provider").info("job accepted", job_id="job-1", escrow=5, token="totem_0123456789abcdef0123")
    configure("warning")
    line = capsys.readouterr().err
    assert line.endswith("job accepted; job_id job-1; escrow 5; token [redacted]\n")
