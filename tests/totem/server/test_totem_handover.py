"""Results that are not on the ledger: the provider's command writes file and salt, the consumer's checks both."""

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.consumer import Consumer, Submission
from totem.services.errors import BadInput
from totem.services.handover import receive
from totem.services.publish import prepare, publish

ROWS = [(1, 1.5), (2, 2.5), (3, 3.5)]


@pytest.fixture
def totem(fresh):
    def run(*words, who):
        env = {"TOTEM_HOME": str(fresh.root), "TOTEM_AS": who}
        return CliRunner().invoke(app, [str(word) for word in words], env=env)

    return run


@pytest.fixture
def finish(fresh, serve, tmp_path, job_source):
    """Run a job on three customers under a policy, and return its id."""

    def run(totem=100_000, rows=ROWS, source=job_source, **policy):
        file = tmp_path / "few.csv"
        file.write_text("cid,bill\n" + "".join(f"{cid},{bill}\n" for cid, bill in rows))
        publication = prepare("few", [file], policy={"approval": "auto", **policy})
        publish(fresh.session("north"), fresh.store("north"), publication)
        alice = Consumer(fresh.session("alice"))
        alice.request_access("few", "tests")
        submission = Submission(source=source, filename="j.py", datasets=["few"], totem=totem)
        job_id = alice.submit(submission)["job_id"]
        serve(fresh)
        return job_id

    return run


def error_of(done, code):
    """Return the message of a command that was refused."""
    assert done.exit_code == 2, done.output
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code
    return error["message"]


@pytest.mark.slow
@pytest.mark.parametrize("policy", [{"delivery": "file"}, {"max_groups": 2}], ids=["delivered", "withheld"])
def test_a_result_is_handed_over_and_read(totem, finish, fresh, policy, tmp_path):
    job_id, file = finish(**policy), tmp_path / "for-alice.jsonl"
    done = totem("provider", "result", job_id, "-o", file, "--json", who="north")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["consumer"], told["partial"]) == ("alice@AliceMSP", False)
    assert told["withheld"] == ("max_groups" in policy)
    assert told["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    words = ("job", "result", job_id, "--file", file, "--salt", told["salt"])
    read = totem(*words, "--json", who="alice")
    assert read.exit_code == 0, read.output
    assert sorted(json.loads(read.stdout)["result"]) == [list(row) for row in ROWS]
    # It is converted as any other.
    assert totem(*words, "-o", tmp_path / "result.csv", who="alice").exit_code == 0
    lines = (tmp_path / "result.csv").read_text().splitlines()
    assert (lines[0], sorted(lines[1:])) == ("key,value", ["1,1.5", "2,2.5", "3,3.5"])
    shown = totem(*words, who="alice").stdout
    assert all(re.search(rf"{cid} +{bill}", shown) for cid, bill in ROWS)
    # The salt is nowhere but in the command's answer.
    blocks = fresh.explorer()
    channel = json.dumps([blocks.block(number, content=True) for number in range(blocks.height())])
    assert told["salt"] not in channel
    assert told["salt"] not in done.stderr + read.output


@pytest.mark.slow
def test_people_are_told_what_to_do(totem, finish, tmp_path):
    job_id = finish(max_groups=2)
    done = totem("provider", "result", job_id, "-o", tmp_path / "r", who="north")
    assert re.search(r"^salt +[0-9a-f]{64}$", done.stdout, re.MULTILINE)
    assert f"totem job result {job_id} --file FILE --salt SALT" in done.stderr
    assert "larger than your datasets' policies allow" in done.stderr


@pytest.mark.slow
def test_a_consumer_is_told_how_to_read_a_result_in_a_file(totem, finish):
    done = totem("job", "result", finish(delivery="file"), "--json", who="alice")
    assert "its provider hands over" in error_of(done, "result_in_file")


@pytest.mark.slow
def test_finished_groups_in_a_file_are_partial(totem, finish, fresh, tmp_path):
    rows = [(cid, 1.5) for cid in range(60)]
    each = """from totem_sdk import TotemJob


class Each(TotemJob):
    def mapper(self, _, row):
        yield row.cid, row.bill

    def reducer(self, cid, bills):
        for bill in bills:
            yield cid, bill * 1.0
"""
    job_id = finish(13_500, rows, each, delivery="file", precheck="none")
    job = Consumer(fresh.session("alice")).job(job_id)
    assert job["state"] == "out_of_totem"
    done = totem("provider", "result", job_id, "-o", tmp_path / "r.jsonl", "--json", who="north")
    salt = json.loads(done.stdout)["salt"]
    read = totem("job", "result", job_id, "--file", tmp_path / "r.jsonl", "--salt", salt, "--json", who="alice")
    found = json.loads(read.stdout)
    assert found["partial"]
    assert 0 < len(found["result"]) < 60


@pytest.mark.slow
def test_another_file_or_salt_is_refused(totem, finish, tmp_path):
    job_id, file = finish(delivery="file"), tmp_path / "r.jsonl"
    salt = json.loads(totem("provider", "result", job_id, "-o", file, "--json", who="north").stdout)["salt"]

    def read(path=file, salt=salt):
        return totem("job", "result", job_id, "--file", path, "--salt", salt, "--json", who="alice")

    other = tmp_path / "other.jsonl"
    other.write_bytes(file.read_bytes() + b"\n")
    assert f"it has {file.stat().st_size + 1} bytes" in error_of(read(other), "wrong-file")
    other.write_bytes(file.read_bytes().replace(b"1.5", b"9.5"))
    assert "or not its salt" in error_of(read(other), "wrong-file")
    assert "or not its salt" in error_of(read(salt="0" * 64), "wrong-file")
    assert "64 hexadecimal digits" in error_of(read(salt="salt"), "bad-salt")
    assert "No such file" in error_of(read(tmp_path / "none"), "not-readable")
    alone = totem("job", "result", job_id, "--file", file, "--json", who="alice")
    assert "go together" in error_of(alone, "usage")
    same = totem("job", "result", job_id, "--file", file, "--salt", salt, "-o", file, "--json", who="alice")
    assert "the same file" in error_of(same, "not-writable")


@pytest.mark.slow
def test_only_the_jobs_own_provider_hands_over(totem, finish, fresh, tmp_path):
    job_id = finish(delivery="file")
    for who in ("south", "alice", "admin"):
        error_of(totem("provider", "result", job_id, "-o", tmp_path / "r", "--json", who=who), "forbidden")
    assert not (tmp_path / "r").exists()
    own = fresh.store("north").root / "jobs" / job_id / "result.jsonl"
    for name, message in ((own, "the provider's own file"), ("r.csv", "byte for byte"), ("none/r", "no folder")):
        done = totem("provider", "result", job_id, "-o", tmp_path / name, "--json", who="north")
        assert message in error_of(done, "not-writable")
    own.write_bytes(own.read_bytes().replace(b"1.5", b"9.5"))
    done = totem("provider", "result", job_id, "-o", tmp_path / "r", "--json", who="north")
    assert (done.exit_code, "not what the ledger was told" in done.stdout) == (5, True)
    own.unlink()
    done = totem("provider", "result", job_id, "-o", tmp_path / "r", "--json", who="north")
    assert "has no result" in error_of(done, "not_held")


@pytest.mark.slow
def test_what_is_on_the_ledger_is_not_handed_over(totem, finish, tmp_path):
    done = totem("provider", "result", finish(), "-o", tmp_path / "r", "--json", who="north")
    assert "delivered through the ledger" in error_of(done, "on_ledger")


@pytest.mark.slow
def test_what_is_purged_is_not_handed_over(totem, finish, fresh, tmp_path):
    job_id = finish(delivery="file")
    fresh.session("alice").submit("results.purge", job_id=job_id)
    done = totem("provider", "result", job_id, "-o", tmp_path / "r", "--json", who="north")
    assert "is purged" in error_of(done, "purged")
    assert not (tmp_path / "r").exists()


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    empty = {"hash": "0" * 64, "bytes": 0, "lines": 0, "purged_at": None, "partial": False}
    job = {"job_id": "job-1", "undelivered": None, "result": empty, "policy": {"delivery": "file"}}
    for file in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(BadInput, match="it is not a file"):
            receive(job, file, "0" * 64)
