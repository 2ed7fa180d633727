"""What people type: amounts as they are printed, data where `run` takes them, misspelt commands, the version."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from totem.cli.amounts import amount, positive
from totem.cli.main import app
from totem_sdk.cost import MAX_TOTEM

DATA = "cid,bill\n1,2.5\n"
JOB = """from totem_sdk import TotemJob


class Total(TotemJob):
    def mapper(self, _, row):
        yield row.cid, row.bill
"""


def totem(*words, **options):
    return CliRunner().invoke(app, [str(word) for word in words], **options)


@pytest.fixture
def files(tmp_path):
    """A job and its data."""
    job, data = tmp_path / "job.py", tmp_path / "data.csv"
    job.write_text(JOB)
    data.write_text(DATA)
    return job, data


@pytest.mark.parametrize("text", ["29787072", "29,787,072", "29_787_072", " 29,787,072 "])
def test_amounts_are_taken_as_they_are_printed(text):
    assert amount(text) == 29_787_072


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.5", "1e7", "1,98", "1,0000", "1,000_000", "1 000", "many", MAX_TOTEM + 1]
)
def test_what_is_no_amount_is_answered_with_the_form(text):
    with pytest.raises(Exception, match=r"29,787,072|there can be"):
        amount(text)
    with pytest.raises(Exception, match="at least 1"):
        positive("0")


@pytest.mark.slow
def test_every_command_takes_them_so(home, files):
    job, data = files
    assert "29,787,072" in totem("run", job, data, "--totem", "1e7").stderr
    place = ["--home", home.root]
    for words in (
        ["job", "submit", job, "bills", "--totem", "1,0", "--as", "alice"],
        ["admin", "issue", "alice", "1.5", "--reason", "x", "--as", "admin"],
        ["admin", "request-totem", "ten", "--reason", "x", "--as", "alice"],
        ["provider", "approve", "acc-1", "--quota", "1e3", "--as", "north"],
    ):
        done = totem(*words, *place)
        assert (done.exit_code, "29,787,072" in done.stderr) == (2, True), done.stderr
    done = totem("admin", "issue", "alice", "1,000", "--reason", "x", "--as", "admin", *place)
    assert done.stdout == "1,000 totem issued to alice@AliceMSP\n"


@pytest.mark.parametrize("command", ["check", "estimate", "disassemble"])
def test_data_stand_behind_the_job_as_with_run(files, command):
    job, data = files
    found = totem(command, job, data, "--json")
    assert found.exit_code == 0, found.output
    assert found.stdout == totem(command, job, "--data", data, "--json").stdout


def test_check_says_the_types_of_the_columns(files):
    assert "cid: int, bill: float" in totem("check", *files).stdout


def test_job_and_data_in_the_wrong_order_are_noticed(files):
    job, data = files
    assert "first JOB.py, then DATA" in totem("run", data, job).stderr


@pytest.mark.parametrize(
    ("words", "meant", "shown"),
    [
        (["rnu"], "run", "totem"),
        (["job", "submti"], "submit", "totem job"),
        (["provider", "publsh"], "publish", "totem provider"),
    ],
)
def test_a_near_miss_names_what_was_meant(words, meant, shown):
    done = totem(*words)
    assert done.exit_code == 2
    assert f"did you mean {meant!r}?" in done.stderr
    assert f"`{shown} --help`" in done.stderr


def test_the_hint_names_the_help_that_lists_the_option(files):
    job, _ = files
    assert "`totem job submit --help`" in totem("job", "submit", job, "bills", "--totm", "1").stderr
    assert "`totem access request --help`" in totem("access", "request", "bills").stderr


@pytest.mark.parametrize("words", [[], ["dataset"], ["admin", "table"]])
def test_a_group_alone_shows_its_help_and_no_error(words):
    done = totem(*words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == totem(*words, "--help").stdout


@pytest.mark.parametrize("words", [["job"], ["job", "submit"], ["run"], ["provider", "publish"]])
def test_help_is_plain_text(words):
    text = totem(*words, "--help").stdout
    assert not set(text) & set("╭│╰─")
    assert "completion" not in text
    assert str(MAX_TOTEM) not in text


def test_the_version_is_printed():
    done = totem("--version")
    assert (done.exit_code, done.stdout.startswith("totem ")) == (0, True)


def test_bad_usage_is_a_document_for_programs():
    assert json.loads(totem("job", "list", "--nosuch", "--json").stdout)["error"]["code"] == "usage"


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["run", "--help"]])
def test_help_does_not_wait_for_the_framework(words):
    program = (
        "import sys\nfrom totem.cli.main import app\n"
        f"app({words!r}, standalone_mode=False)\n"
        "late = {'totem_ccf', 'totem_chaincode.contracts', 'pyarrow', 'numpy', 'cryptography', 'fastapi', 'grpc'}\n"
        "sys.exit(', '.join(sorted(late & set(sys.modules))) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
