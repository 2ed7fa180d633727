"""Results over 1 MB, from the store of their provider to their consumer: fetched, opened, checked; faults are told."""

import hashlib
import json
import logging
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from totem.ledger.bootstrap import Consortium as Consortia
from totem.ledger.identities import CertificateAuthority
from totem.logs import Logger
from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import Missing, NotAllowed, ProviderSide
from totem.services.handover import hand_over
from totem.services.keeping import ResultKeeper
from totem.services.killpoints import SEALING_POINTS
from totem.services.lines import ResultLines
from totem.services.opening import open_sealed
from totem.services.publish import prepare, publish
from totem.services.purging import Purging
from totem.services.runner import JobRunner, RunnerOptions
from totem.services.sealing import Sealing
from totem.services.server import open_server
from totem.services.session import Session
from totem.services.settlement import LedgerSettlement
from totem.services.store import ResultPlace
from totem_chaincode.contracts.results import KEPT_SECONDS
from totem_chaincode.contracts.sealed import INLINE_BYTES

TOTEM = 100_000_000
PLANTED = "planted-cell-value"
WORDS = """from totem_sdk import TotemJob


class Words(TotemJob):
    def mapper(self, _, row):
        yield row.word, row.number

    def reducer(self, word, numbers):
        yield word, sum(numbers)
"""
ROWS = [(f"{PLANTED}-{number:06d}-{'x' * 1_000}", number) for number in range(1_100)]
pytestmark = pytest.mark.slow


def put_words(home, folder, rows=ROWS):
    file = folder / "words.csv"
    file.write_text("word,number\n" + "".join(f"{word},{number}\n" for word, number in rows))
    publication = prepare("words", [file], policy={"approval": "auto"})
    publish(home.session("north"), home.store("north"), publication)


def submit(home):
    alice = Consumer(home.session("alice"))
    Consortium(home.session("admin")).issue(home.participant("alice"), TOTEM, "to test with")
    alice.request_access("words", "tests")
    submission = Submission(source=WORDS, filename="words.py", datasets=["words"], totem=TOTEM)
    return alice, alice.submit(submission)["job_id"]


@pytest.fixture
def large(fresh, serve, tmp_path):
    """A consumer, and its job that has delivered a large result."""
    put_words(fresh, tmp_path)
    alice, job_id = submit(fresh)
    serve(fresh)
    return alice, job_id


def in_store(home):
    """The ciphertexts in north's own result store, by hash."""
    folder = home.store("north").root / "results"
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def at_home(home, kind):
    return sorted(path.name for path in home.store("north").root.glob(f"jobs/*/{kind}"))


def check_lines(lines):
    expected = sorted(f'["{word}",{number}]\n' for word, number in ROWS)
    assert sorted(line.decode() for line in lines) == expected


def test_it_reaches_its_consumer_through_the_store(large, fresh):
    alice, job_id = large
    job = alice.job(job_id)
    told = job["result"]["sealed"]
    assert job["state"] == "completed"
    assert job["result"]["bytes"] > INLINE_BYTES
    assert set(in_store(fresh)) == {told["ciphertext"]}
    assert hashlib.sha256(in_store(fresh)[told["ciphertext"]].read_bytes()).hexdigest() == told["ciphertext"]
    found = alice.result(job_id)
    check_lines(found.content)
    assert found.content.size == job["result"]["bytes"]
    assert found.sha256 == ResultLines.of(found.lines).sha256()
    assert len(found.pairs()) == len(ROWS)
    # What was on the way to the store is gone.
    assert at_home(fresh, "sealed-*") == ["sealed-result.json"]


@pytest.fixture
def logs(capsys, monkeypatch):
    """What is logged while the test and the fixtures behind this one run, when it is called."""
    monkeypatch.setattr(Logger, "level", logging.DEBUG)
    return lambda: capsys.readouterr().err


def test_the_plain_text_is_nowhere_but_with_provider_and_consumer(logs, large, fresh):
    alice, job_id = large
    salt = fresh.store("north").salt("result", job_id)
    alice.result(job_id)
    alice.purge(job_id)
    Purging(fresh.session("north"), fresh.store("north")).forget(job_id)
    secret = (PLANTED, salt)
    blocks = fresh.explorer()
    channel = json.dumps([blocks.block(number, content=True) for number in range(blocks.height())])
    for path in fresh.root.glob("ledger/**/*.db*"):
        assert not any(word.encode() in path.read_bytes() for word in secret), path
    for path in fresh.root.glob("ledger/private/*.db"):
        rows = sqlite3.connect(path).execute("SELECT value FROM value").fetchall()
        assert not any(word.encode() in bytes(row[0]) for row in rows for word in secret)
    for path in in_store(fresh).values():
        assert not any(word.encode() in path.read_bytes() for word in secret)
    logged = logs()
    assert "job" in logged
    assert not any(word in text for word in secret for text in (channel, logged))


def test_another_key_does_not_open_it(large, fresh):
    alice, job_id = large
    told = alice.session.query("results.get", job_id=job_id)
    with pytest.raises(NotAllowed, match="is sealed to the key") as refused:
        open_sealed(fresh.consortium.identity("bob"), job_id, told)
    assert refused.value.code == "sealed_key"
    # Nor does a new certificate of its consumer, who is told which one to use.
    renewed = CertificateAuthority.create().issue("alice", "AliceMSP", "consumer")
    with pytest.raises(NotAllowed, match=renewed.id) as refused:
        open_sealed(renewed, job_id, told)
    assert "with which the job was submitted" in refused.value.hint


def test_every_fault_of_the_store_has_its_error(large, fresh, tmp_path):
    alice, job_id = large
    path = next(iter(in_store(fresh).values()))
    content = path.read_bytes()
    for changed in (content[:-1], content + b"x", b"", content[:50] + b"x" + content[51:]):
        path.write_bytes(changed)
        with pytest.raises(ProviderSide) as fault:
            alice.result(job_id)
        assert fault.value.code == "ciphertext_damaged"
    path.unlink()
    with pytest.raises(Missing) as fault:
        alice.result(job_id)
    assert fault.value.code == "ciphertext_missing"
    # The provider still has the lines: it hands them over as a file.
    handed = hand_over(fresh.session("north"), fresh.store("north"), job_id)
    check_lines(handed.lines)
    # And where the store is somewhere else for its consumer, that can be said.
    elsewhere = tmp_path / "mounted" / path.parent.name
    elsewhere.mkdir(parents=True)
    (elsewhere / path.name).write_bytes(content)
    check_lines(alice.result(job_id, (tmp_path / "mounted").as_uri()).content)


def test_what_a_provider_has_sealed_wrongly_is_its_fault(large, fresh):
    alice, job_id = large
    identity, told = fresh.consortium.identity("alice"), alice.session.query("results.get", job_id=job_id)
    other = "job-" + "0" * 20
    for job, record in (
        (job_id, {**told, "hash": "ab" * 32}),
        (job_id, {**told, "bytes": told["bytes"] + 1}),
        (job_id, {**told, "sealed": {**told["sealed"], "ciphertext_bytes": 1 << 62}}),
        (other, told),
        (job_id, {**told, "sealed": {**told["sealed"], "envelope": "04" * 145}}),
    ):
        with pytest.raises(ProviderSide, match="sealed it wrongly") as fault:
            open_sealed(identity, job, record)
        assert fault.value.code == "sealed_wrong"


def test_purging_deletes_the_ciphertext_too(large, fresh):
    alice, job_id = large
    alice.purge(job_id)
    with pytest.raises(Missing, match="is purged"):
        alice.result(job_id)
    assert in_store(fresh)
    with open_server(fresh.session("north"), fresh.store("north"), RunnerOptions(1, "interpreter")) as server:
        server.drain()
    assert (in_store(fresh), at_home(fresh, "sealed-*"), at_home(fresh, "result.jsonl")) == ({}, [], [])
    assert alice.job(job_id)["result"]["sealed"] is not None  # where it was, and its hashes, stay


def test_a_running_server_deletes_what_is_purged_at_once(large, fresh):
    alice, job_id = large
    with open_server(fresh.session("north"), fresh.store("north"), RunnerOptions(1, "interpreter")) as server:
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            time.sleep(0.3)
            assert in_store(fresh)
            alice.purge(job_id)
            deadline = time.monotonic() + 20
            while at_home(fresh, "result.jsonl"):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert in_store(fresh) == {}
        finally:
            server.stop()
            thread.join()


def test_expired_results_are_purged_by_the_provider(large, fresh):
    alice, job_id = large
    purging = Purging(fresh.session("north"), fresh.store("north"))
    keeper = ResultKeeper(purging, time.time)
    assert keeper.look()
    assert in_store(fresh)
    # The ledger's own clock decides: before, the provider can't purge it.
    late = ResultKeeper(purging, lambda: time.time() + KEPT_SECONDS + 60)
    assert not late.look()
    assert alice.job(job_id)["result"]["purged_at"] is None
    then = Consortia.open(fresh.root, clock=lambda: int((time.time() + KEPT_SECONDS + 60) * 1_000))
    with closing(then):
        purging = Purging(Session(then.gateway("north")), fresh.store("north"))
        assert ResultKeeper(purging, lambda: time.time() + KEPT_SECONDS + 60).look()
    assert alice.job(job_id)["result"]["purged_at"] is not None
    assert (in_store(fresh), at_home(fresh, "result.jsonl")) == ({}, [])


def test_sealing_again_gives_the_same_and_leaves_no_orphans(fresh, tmp_path):
    store = fresh.store("north")
    key, plain = fresh.consortium.identity("alice").public_key.hex(), tmp_path / "plain"
    plain.write_bytes(b"[1,2]\n" * 300_000)
    job = {"name": "result", "salt": "5a" * 32}
    sealing = Sealing(store)
    first = sealing.seal("job-1", plain, public_key=key, **job)
    assert sealing.seal("job-1", plain, public_key=key, **job) == first
    assert set(in_store(fresh)) == {first["ciphertext"]}
    # A lost object is put there again, a key that has changed seals anew, and neither leaves the old one.
    in_store(fresh)[first["ciphertext"]].unlink()
    sealing.seal("job-1", plain, public_key=key, **job)
    assert set(in_store(fresh)) == {first["ciphertext"]}
    renewed = CertificateAuthority.create().issue("alice", "AliceMSP", "consumer").public_key.hex()
    second = sealing.seal("job-1", plain, public_key=renewed, **job)
    assert set(in_store(fresh)) == {second["ciphertext"]} != {first["ciphertext"]}
    # Another store as well, and what is in the first is deleted there.
    elsewhere = (tmp_path / "elsewhere").as_uri()
    store.keep_results_in(ResultPlace(elsewhere, elsewhere))
    third = sealing.seal("job-1", plain, public_key=key, **job)
    assert (third["location"], in_store(fresh)) == (elsewhere, {})
    sealing.settle("job-1", "result", third["ciphertext"])
    assert at_home(fresh, "sealed-*") == ["sealed-result.json"]
    sealing.settle("job-1", "result", None)
    assert sealing.held() == []
    assert [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()] == []


POINTS = [*SEALING_POINTS, "server:after-end"]


class Killed(BaseException):
    """As if the process had died."""


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_delivers_one_ciphertext_in_the_end(fresh, engine, tmp_path, monkeypatch, point):
    put_words(fresh, tmp_path)
    alice, job_id = submit(fresh)
    store = fresh.store("north")

    def passing(name):
        if name == point:
            raise Killed

    def run():
        return JobRunner(fresh.session("north"), store, engine, RunnerOptions(1, "interpreter")).run(job_id)

    with monkeypatch.context() as patch:
        for module in ("runner", "sealing"):
            patch.setattr(f"totem.services.{module}.pass_point", passing)
        with pytest.raises(Killed):
            run()
    assert run()["state"] == "completed"
    told = alice.job(job_id)["result"]["sealed"]
    assert set(in_store(fresh)) == {told["ciphertext"]}
    check_lines(alice.result(job_id).content)
    Purging(fresh.session("north"), store).tidy()
    assert set(in_store(fresh)) == {told["ciphertext"]}
    assert at_home(fresh, "sealed-*") == ["sealed-result.json"]


def test_what_was_sealed_for_a_job_that_ended_otherwise_is_deleted(fresh, engine, tmp_path, monkeypatch):
    put_words(fresh, tmp_path)
    alice, job_id = submit(fresh)
    north, store = fresh.session("north"), fresh.store("north")

    with monkeypatch.context() as patch:
        patch.setattr(LedgerSettlement, "_deliver", _sealed_only)
        with pytest.raises(Killed):
            JobRunner(north, store, engine, RunnerOptions(1, "interpreter")).run(job_id)
    assert in_store(fresh)
    north.submit("jobs.fail", job_id=job_id, side="provider", error={"kind": "server", "line": None})
    Purging(north, store).tidy()
    assert (in_store(fresh), at_home(fresh, "sealed-*")) == ({}, [])
    with pytest.raises(Missing, match="delivered no result"):
        alice.result(job_id)


def _sealed_only(self, function, result):
    self._seal(result, self._store.salt("result", self._job_id))
    raise Killed


def test_a_store_that_does_not_work_is_tried_again_and_then_nobody_pays(fresh, engine, tmp_path):
    put_words(fresh, tmp_path)
    alice, job_id = submit(fresh)
    store = fresh.store("north")
    (tmp_path / "no-folder").write_text("a file")
    url = (tmp_path / "no-folder").as_uri()
    store.keep_results_in(ResultPlace(url, url))
    runner = JobRunner(fresh.session("north"), store, engine, RunnerOptions(1, "interpreter"))
    with pytest.raises(ProviderSide) as trouble:
        runner.run(job_id)
    assert (trouble.value.code, alice.job(job_id)["state"]) == ("result_store", "running")
    (tmp_path / "no-folder").unlink()
    assert runner.run(job_id)["state"] == "completed"
    check_lines(alice.result(job_id).content)
