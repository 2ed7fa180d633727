"""Results over 1 MB by commands and over HTTP: nobody who uses them need know where they have been."""

import asyncio
import hashlib
import json

import httpx
import pytest
from typer.testing import CliRunner

from totem.api.serve import api_of
from totem.cli.main import app
from totem.cli.result_store import keep_results, serving_results
from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import BadInput, Missing
from totem.services.publish import prepare, publish
from totem.services.session import Session
from totem_chaincode.contracts.sealed import INLINE_BYTES

TOTEM = 100_000_000
WORDS = """from totem_sdk import TotemJob


class Words(TotemJob):
    def mapper(self, _, row):
        yield row.word, row.number

    def reducer(self, word, numbers):
        yield word, sum(numbers)
"""


@pytest.fixture
def totem(fresh):
    def run(*words, who="alice", code=0):
        env = {"TOTEM_HOME": str(fresh.root), "TOTEM_AS": who}
        done = CliRunner().invoke(app, [str(word) for word in words], env=env)
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def finish(fresh, tmp_path, serve):
    """Run a job whose result has so many lines of about 1 KB, and return its id."""

    def run(count=1_200):
        file = tmp_path / "words.csv"
        rows = [f"{number:06d}-{'x' * 1_000},{number}\n" for number in range(count)]
        file.write_text("word,number\n" + "".join(rows))
        publication = prepare("words", [file], policy={"approval": "auto"})
        publish(fresh.session("north"), fresh.store("north"), publication)
        Consortium(fresh.session("admin")).issue(fresh.participant("alice"), TOTEM, "to test with")
        alice = Consumer(fresh.session("alice"))
        alice.request_access("words", "tests")
        submission = Submission(source=WORDS, filename="words.py", datasets=["words"], totem=TOTEM)
        job_id = alice.submit(submission)["job_id"]
        serve(fresh)
        return job_id

    return run


def result_of(home, job_id):
    return Consumer(home.session("alice")).job(job_id)["result"]


def error_of(done):
    return json.loads(done.stdout)["error"]


@pytest.mark.slow
def test_the_command_fetches_stores_and_purges_a_large_result(totem, finish, fresh, tmp_path):
    job_id, file = finish(), tmp_path / "result.jsonl"
    size = result_of(fresh, job_id)["bytes"]
    assert size > INLINE_BYTES
    document = json.loads(totem("job", "result", job_id, "--json").stdout)
    assert len(document["result"]) == 1_200
    # Columns are not the lines themselves: whoever wants another format can fetch it again.
    totem("job", "result", job_id, "-o", tmp_path / "result.csv")
    totem("job", "result", job_id, "-o", tmp_path / "result.parquet")
    kept = totem("job", "result", job_id, "-o", file, "--keep")
    assert "purged" not in kept.output
    assert result_of(fresh, job_id)["purged_at"] is None
    assert "the only copy" in totem("job", "result", job_id, "-o", file).output
    assert result_of(fresh, job_id)["purged_at"] is not None
    assert file.stat().st_size == size
    assert hashlib.sha256(file.read_bytes()).hexdigest() == document["result_sha256"]
    gone = error_of(totem("job", "result", job_id, "--json", code=2))
    assert (gone["code"], "is the only copy" in gone["hint"]) == ("purged", True)


@pytest.mark.slow
def test_a_small_result_is_purged_as_well_when_it_is_stored(totem, finish, fresh, tmp_path):
    job_id = finish(3)
    assert result_of(fresh, job_id)["sealed"] is None
    # What is no file is no copy of it.
    assert "the result is not purged" in totem("job", "result", job_id, "-o", "/dev/null").output
    assert result_of(fresh, job_id)["purged_at"] is None
    totem("job", "result", job_id, "-o", tmp_path / "result.jsonl")
    assert result_of(fresh, job_id)["purged_at"] is not None


@pytest.mark.slow
def test_a_result_that_can_not_be_purged_is_stored_all_the_same(totem, finish, fresh, tmp_path, monkeypatch):
    job_id = finish(3)

    def refuse(self, function, **_):
        raise Missing("the ledger does not answer", code="no_ledger")

    monkeypatch.setattr(Session, "submit", refuse)
    told = totem("job", "result", job_id, "-o", tmp_path / "result.jsonl").output
    assert "stays until it expires: the ledger does not answer" in told
    assert (tmp_path / "result.jsonl").exists()


@pytest.mark.slow
def test_purging_by_command(totem, finish, fresh):
    job_id = finish(3)
    assert json.loads(totem("job", "purge", job_id, "--json").stdout)["purged_at"] is not None
    again = totem("job", "purge", job_id, "--json", code=2)
    assert error_of(again)["code"] == "already_purged"
    assert error_of(totem("job", "purge", job_id, "--json", who="bob", code=2))["code"] == "forbidden"


@pytest.mark.slow
def test_faults_reach_people_with_what_to_do(totem, finish, fresh, tmp_path):
    job_id = finish()
    store = next((fresh.store("north").root / "results").rglob("*/*"))
    content = store.read_bytes()
    store.write_bytes(content[:-1])
    damaged = error_of(totem("job", "result", job_id, "--json", code=5))
    assert (damaged["code"], "totem provider result" in damaged["hint"]) == ("ciphertext_damaged", True)
    store.unlink()
    missing = error_of(totem("job", "result", job_id, "--json", code=2))
    assert (missing["code"], "--store URL" in missing["hint"]) == ("ciphertext_missing", True)
    wrong = error_of(totem("job", "result", job_id, "--store", "nowhere", "--json", code=2))
    assert wrong["code"] == "bad-store"
    # Its provider hands it over instead.
    file = tmp_path / "for-alice.jsonl"
    salt = json.loads(totem("provider", "result", job_id, "-o", file, "--json", who="north").stdout)["salt"]
    read = totem("job", "result", job_id, "--file", file, "--salt", salt, "--json")
    assert len(json.loads(read.stdout)["result"]) == 1_200


@pytest.mark.slow
def test_the_api_fetches_and_purges_a_large_result(finish, fresh):
    job_id = finish()
    transport = httpx.ASGITransport(api_of(fresh), raise_app_exceptions=False)
    alice = {"Authorization": f"Bearer {fresh.tokens.issue('alice')[0]}"}
    bob = {"Authorization": f"Bearer {fresh.tokens.issue('bob')[0]}"}
    url = f"/v1/jobs/{job_id}/result"

    def call(method, path, headers):
        async def ask():
            async with httpx.AsyncClient(transport=transport, base_url="http://totem") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())

    job = call("GET", f"/v1/jobs/{job_id}", alice).json()
    assert job["result"]["sealed"]["ciphertext"] == result_of(fresh, job_id)["sealed"]["ciphertext"]
    for _ in range(2):
        answer = call("GET", url, alice)
        assert answer.status_code == 200
        assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert (len(answer.content), len(answer.text.splitlines())) == (job["result"]["bytes"], 1_200)
    store = next((fresh.store("north").root / "results").rglob("*/*"))
    content = store.read_bytes()
    store.write_bytes(b"x")
    damaged = call("GET", url, alice)
    assert (damaged.status_code, damaged.json()["code"]) == (502, "ciphertext_damaged")
    store.unlink()
    assert call("GET", url, alice).json()["code"] == "ciphertext_missing"
    store.write_bytes(content)
    assert call("DELETE", url, bob).status_code == 403
    purged = call("DELETE", url, alice)
    assert (purged.status_code, purged.json()["purged_at"] is None) == (200, False)
    assert (call("DELETE", url, alice).status_code, call("GET", url, alice).status_code) == (409, 404)


@pytest.mark.slow
def test_a_providers_server_hands_ciphertexts_out_over_http(finish, fresh):
    store = fresh.store("north")
    with serving_results(store, "127.0.0.1:0", None, None) as place:
        job_id = finish()
        told = result_of(fresh, job_id)["sealed"]["location"]
        assert (told, told.startswith("http://127.0.0.1:")) == (place.told, True)
        assert len(Consumer(fresh.session("alice")).result(job_id).pairs()) == 1_200
    with pytest.raises(BadInput, match="HOST:PORT is expected"), serving_results(store, "here", None, None):
        pass


@pytest.mark.slow
def test_where_results_are_kept_is_remembered(fresh, tmp_path, totem):
    store = fresh.store("north")
    own = store.result_place
    assert keep_results(store, None, None) == own
    shared = (tmp_path / "shared").as_uri()
    assert keep_results(store, str(tmp_path / "shared"), None).told == shared
    assert keep_results(store, None, "https://results.example/v1/sealed").store == shared
    assert fresh.store("north").result_place.told == "https://results.example/v1/sealed"
    for url, told in (("https://host", None), ("s3://key:secret@bucket", None), (None, "ftp://host")):
        with pytest.raises(BadInput):
            keep_results(store, url, told)
    assert fresh.store("north").result_place.store == shared
    made = totem("provider", "init", "east", "--by", "admin", "--result-store", shared, "--json")
    assert json.loads(made.stdout)["result_store"] == shared
    assert fresh.store("east").result_place.store == shared


@pytest.mark.slow
def test_what_a_provider_writes_is_for_its_eyes_only_even_where_a_file_was(totem, finish, tmp_path):
    job_id, file = finish(), tmp_path / "open-to-all.jsonl"
    file.write_text("something older")
    file.chmod(0o644)
    totem("provider", "result", job_id, "-o", file, who="north")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(file.read_text().splitlines()) == 1_200
