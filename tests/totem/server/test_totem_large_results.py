"""Results over 1 MB, from the store of their provider to their consumer: fetched, opened, checked; faults are told."""

import hashlib

import pytest

from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.lines import ResultLines
from totem.services.publish import prepare, publish
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
ROWS = [(f"{PLANTED}-{number:06d}-{'x' * 60}", number) for number in range(12_000)]


def expected():
    return sorted(f'["{word}",{number}]\n' for word, number in ROWS)


def put_words(home, folder, rows=ROWS, name="words"):
    file = folder / f"{name}.csv"
    file.write_text("word,number\n" + "".join(f"{word},{number}\n" for word, number in rows))
    publication = prepare(name, [file], policy={"approval": "auto"})
    publish(home.session("north"), home.store("north"), publication)


def submit(home, name="words"):
    alice = Consumer(home.session("alice"))
    Consortium(home.session("admin")).issue(home.participant("alice"), TOTEM, "to test with")
    alice.request_access(name, "tests")
    submission = Submission(source=WORDS, filename="words.py", datasets=[name], totem=TOTEM)
    return alice, alice.submit(submission)["job_id"]


@pytest.fixture
def large(fresh, serve, tmp_path):
    """A consumer, and its job that has delivered a large result."""
    put_words(fresh, tmp_path)
    alice, job_id = submit(fresh)
    serve(fresh)
    return alice, job_id


def in_store(home):
    """The ciphertexts in north's own result store."""
    folder = home.store("north").root / "results"
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_large_result_reaches_its_consumer_through_the_store(large, fresh):
    alice, job_id = large
    job = alice.job(job_id)
    told = job["result"]["sealed"]
    assert job["state"] == "completed"
    assert job["result"]["bytes"] > INLINE_BYTES
    assert set(in_store(fresh)) == {told["ciphertext"]}
    assert hashlib.sha256(in_store(fresh)[told["ciphertext"]].read_bytes()).hexdigest() == told["ciphertext"]
    found = alice.result(job_id)
    assert sorted(found.lines.decode().splitlines(keepends=True)) == expected()
    assert len(found.lines) == job["result"]["bytes"]
    assert found.sha256 == ResultLines.of(found.lines).sha256()
    assert len(found.pairs()) == len(ROWS)
    # What was on the way to the store is gone.
    assert not list(fresh.store("north").root.glob("jobs/*/sealed-*.bin"))
