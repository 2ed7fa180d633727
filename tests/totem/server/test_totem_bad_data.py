"""Bad data: the provider is told file and row, the consumer the kind; nothing is delivered and everything returned."""

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import BadInput, Missing, ProviderSide
from totem.services.provider import Provider
from totem.services.publish import prepare, publish
from totem.services.run import RunRequest, run_job
from totem.services.runner import RunnerOptions

SECRET = "98765.4321"


def write_parquet(path):
    rows = 4_000
    table = pa.table(
        {
            "date": [datetime.date(2019, 2, 25)] * rows,
            "cid": [row % 5 for row in range(rows)],
            "bill": [98765.4321 + row for row in range(rows)],
        }
    )
    pq.write_table(table, path, compression="none", row_group_size=1_000)


def delete(path):
    path.unlink()


def truncate(path):
    path.write_bytes(path.read_bytes()[:-2_000])


def change_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def replace(path):
    write_parquet(path.with_suffix(".other.parquet"))
    pq.write_table(pq.read_table(path).slice(0, 3_000), path)


@pytest.fixture
def submitted(fresh, tmp_path, job_source):
    """A job that is submitted and not begun: the file that it reads, its consumer, its id."""
    file = tmp_path / "meters.parquet"
    write_parquet(file)
    publish(fresh.session("north"), fresh.store("north"), prepare("meters", [file], policy={"approval": "auto"}))
    alice = Consumer(fresh.session("alice"))
    alice.request_access("meters", "tests")
    submission = Submission(source=job_source, filename="job.py", datasets=["meters"], totem=900_000)
    return file, alice, alice.submit(submission)["job_id"]


SPOILT = {
    delete: {"data_missing"},
    truncate: {"data_truncated", "data_format", "data_changed"},
    change_a_byte: {"data_changed"},
    replace: {"data_changed"},
}


@pytest.mark.slow
@pytest.mark.parametrize("spoil", SPOILT)
def test_data_that_are_not_what_was_published(fresh, submitted, serve, spoil, capsys):
    file, alice, job_id = submitted
    spoil(file)
    serve(fresh)

    job = alice.job(job_id)
    assert job["state"] == "provider_failed"
    assert job["error"]["kind"] in SPOILT[spoil]
    assert (job["paid"], job["returned"], job["result"]) == (0, 900_000, None)
    assert str(file) not in str(job)
    with pytest.raises(Missing):
        alice.result(job_id)
    assert alice.balance()["available"] == 1_000_000
    assert Consortium(fresh.session("admin")).audit()["balanced"]
    trouble = fresh.store("north").trouble(job_id)
    assert str(file) in trouble
    logged = capsys.readouterr().err
    assert str(file) in logged
    for text in (trouble, logged, str(job)):
        assert "98765" not in text
    assert Provider(fresh.session("north")).jobs()[0]["job_id"] == job_id


def run(tmp_path, data, source, schema=None):
    job = tmp_path / "job.py"
    job.write_text(source)
    return run_job(RunRequest(job=job, data=[str(data)], schema=schema, options=RunnerOptions(1, "interpreter")))


def check(report, kind, *parts):
    assert (report.state, report.exit_status) == ("provider_failed", 5)
    assert report.error == {"kind": kind, "line": None}
    assert (len(report.lines), report.bill, report.used) == (0, (), 0)
    for part in parts:
        assert part in report.detail, report.detail
    assert SECRET not in report.detail
    document = report.to_json()
    assert document["result"] == []
    assert SECRET not in str(document)


def test_a_truncated_parquet_file(tmp_path, job_source):
    file = tmp_path / "meters.parquet"
    write_parquet(file)
    file.write_bytes(file.read_bytes()[:-100])
    report = run(tmp_path, file, job_source)
    check(report, report.error["kind"], "meters.parquet")
    assert report.error["kind"] in ("data_truncated", "data_format")


def test_another_encoding_is_named_with_its_row(tmp_path, job_source):
    file = tmp_path / "bills.csv"
    file.write_bytes(b"date,cid,bill\n2019-02-25,1,1.0\n2019-02-25,\xe9" + SECRET.encode() + b",1.0\n")
    check(run(tmp_path, file, job_source), "data_encoding", "bills.csv", "row 2")


@pytest.mark.slow
def test_another_encoding_of_a_text(tmp_path):
    file = tmp_path / "words.txt"
    file.write_bytes(b"one\ntwo\nthr\xe9e " + SECRET.encode() + b"\n")
    source = (
        "from mrjob.job import MRJob\n\n\nclass Words(MRJob):\n    def mapper(self, _, line):\n        yield line, 1\n"
    )
    check(run(tmp_path, file, source), "data_encoding", "words.txt", "row 3")


@pytest.mark.slow
@pytest.mark.parametrize("rows", [2, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_wrong_type_in_the_last_row(tmp_path, job_source, rows):
    file = tmp_path / "bills.csv"
    with file.open("w") as stream:
        stream.write("date,cid,bill\n")
        stream.writelines(f"2019-02-25,{row % 9},1.5\n" for row in range(rows))
        stream.write(f"2019-02-25,{SECRET},1.5\n")
    schema = tmp_path / "schema.json"
    schema.write_text('{"date": "date", "cid": "int", "bill": "float"}')
    check(run(tmp_path, file, job_source, schema), "data_type", "bills.csv", f"row {rows + 1}", "cid")


def test_data_that_are_not_there_are_a_refusal(tmp_path, job_source):
    for name in ("none.csv", "*.parquet"):
        report = run(tmp_path, tmp_path / name, job_source)
        assert (report.state, report.exit_status) == ("refused", 2)
        assert report.refusals[0].code == "data-missing"
    empty = tmp_path / "empty.csv"
    empty.write_text("date,cid,bill\n")
    assert run(tmp_path, empty, job_source).refusals[0].code == "data-empty"
    empty.write_text("")
    assert run(tmp_path, empty, job_source).state in ("refused", "provider_failed")


def unreadable(path):
    path.write_text("date,cid,bill\n")
    path.chmod(0)


NOT_DATA = {
    "nothing": (lambda path: None, 2, "data-missing"),
    "a folder in place of a file": (lambda path: path.mkdir(), 2, "data-missing"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), 2, "data-missing"),
    "a link to itself": (lambda path: path.symlink_to(path), 5, "data_unreadable"),
    "a folder of links to nothing": (
        lambda path: (path.mkdir(), (path / "a.csv").symlink_to("nowhere")),
        2,
        "data-missing",
    ),
    "only a header": (lambda path: path.write_text("date,cid,bill\n"), 2, "data-empty"),
    "an empty file": (lambda path: path.write_text(""), 5, "data_format"),
    "a pipe": (os.mkfifo, 5, "data_unreadable"),
    "a wrong cell": (lambda path: path.write_text(f"date,cid,bill\n2019-02-25,{SECRET},1.5\n"), 5, "data_type"),
    "another encoding": (lambda path: path.write_bytes(b"date,cid,bill\n2019-02-25,\xe9,1.5\n"), 5, "data_encoding"),
    "a folder with something else": (
        lambda path: (path.mkdir(), (path / "notes.md").write_text("notes")),
        5,
        "data_schema",
    ),
    "a file of somebody else": (unreadable, 5, "data_unreadable"),
}


# The engine starts before rows are read, which takes a second.
READ = ("a wrong cell", "another encoding")


@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=pytest.mark.slow) if what in READ else what for what in NOT_DATA]
)
def test_data_that_are_none_by_the_command(tmp_path, job_source, what):
    """What isn't there is the caller's mistake, what can't be read the provider's: through the command itself."""
    make, status, word = NOT_DATA[what]
    data, job, schema = (tmp_path / name for name in ("typ.csv", "job.py", "schema.json"))
    job.write_text(job_source)
    schema.write_text('{"date": "date", "cid": "int", "bill": "float"}')
    make(data)
    if what == "a file of somebody else" and os.access(data, os.R_OK):
        pytest.skip("root may read everything")
    done = CliRunner().invoke(app, ["run", str(job), str(data), "--schema", str(schema), "--json"])
    document = json.loads(done.stdout)
    assert (done.exit_code, SECRET in done.output) == (status, False)
    assert (document["escrow"], document["result"], document["bill"]) == (0, [], [])
    if status == 2:
        assert (document["state"], document["refusals"][0]["code"]) == ("refused", word)
        assert (str(data) in document["refusals"][0]["message"], document["error"]) == (True, None)
    else:
        assert (document["state"], document["error"]) == ("provider_failed", {"kind": word, "line": None})
        assert str(data) in done.stderr
        shown = CliRunner().invoke(app, ["run", str(job), str(data), "--schema", str(schema)])
        assert (shown.exit_code, str(data) in shown.stderr, SECRET in shown.output) == (5, True, False)


@pytest.mark.slow
def test_a_wrong_cell_in_a_late_row_by_the_command(tmp_path, job_source):
    data, job, schema = (tmp_path / name for name in ("typ.csv", "job.py", "schema.json"))
    job.write_text(job_source)
    schema.write_text('{"date": "date", "cid": "int", "bill": "float"}')
    data.write_text("date,cid,bill\n" + "2019-02-25,1,1.5\n" * 300_000 + f"2019-02-25,{SECRET},1.5\n")
    command = [Path(sys.executable).parent / "totem", "run", job, data, "--schema", schema, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (5, 1)
    assert json.loads(done.stdout)["error"] == {"kind": "data_type", "line": None}
    for part in (str(data), "row 300001", "cid"):
        assert part in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_bad_data_are_not_published(fresh, tmp_path):
    file = tmp_path / "bills.csv"
    file.write_bytes(b"date,cid,bill\n2019-02-25,\xe9,1.0\n")
    height = fresh.explorer().height()
    with pytest.raises(ProviderSide, match="row 1"):
        prepare("other", [file])
    with pytest.raises(BadInput):
        prepare("other", [tmp_path / "nothing"])
    assert fresh.explorer().height() == height
