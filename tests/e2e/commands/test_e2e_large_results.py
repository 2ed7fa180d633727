"""A result over 1 MB from a provider's process, killed on the way, to a consumer's: folder, bucket and server."""

import json
import re
import signal
import subprocess
import time

import httpx
import pytest

from totem.services.home import Home
from totem_ccf.faults import KILL_AT, KILL_ONCE

pytestmark = pytest.mark.slow

PLANTED = "planted-cell-value"
WORDS = """from totem_sdk import TotemJob


class Words(TotemJob):
    def mapper(self, _, row):
        yield row.word, row.number

    def reducer(self, word, numbers):
        yield word, sum(numbers)
"""
ROWS = [(f"{PLANTED}-{number:06d}-{'x' * 1_000}", number) for number in range(1_100)]
POINTS = {
    "folder": ["server:before-seal-record", "server:before-put", "server:after-put"],
    "bucket": ["server:after-put"],
}


@pytest.fixture
def submitted(totem, tmp_path):
    """A job that waits for its provider, and whose result will be large."""
    home = Home(totem.home)
    home.found(providers=["north"], consumers=["alice"], totem={"alice": 100_000_000})
    data, job = tmp_path / "words.csv", tmp_path / "words.py"
    data.write_text("word,number\n" + "".join(f"{word},{number}\n" for word, number in ROWS))
    job.write_text(WORDS)
    totem.ask("provider", "publish", "words", data, "--auto-approve", "--yes", who="north")
    totem.ask("access", "request", "words", "--purpose", "tests", who="alice")
    job_id = totem.ask("job", "submit", job, "words", "--totem", 100_000_000, who="alice")["job_id"]
    home.consortium.close()
    return job_id


@pytest.fixture
def bucket(monkeypatch):
    """An empty bucket of a server that speaks S3's protocol: the store's URL, and what is in it."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  # slow to import

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    where = f"http://{host}:{port}/kept"
    assert httpx.put(where).status_code == 200

    def objects():
        keys = re.findall("<Key>([^<]*)</Key>", httpx.get(f"{where}?list-type=2").text)
        return {key: httpx.get(f"{where}/{key}").content for key in keys if not key.endswith("/")}

    yield f"s3://kept/north?region=us-east-1&scheme=http&endpoint_override={host}:{port}", objects
    server.stop()


@pytest.fixture
def folder(tmp_path):
    """An empty folder: the store's URL, and what is in it."""
    path = tmp_path / "shared"

    def objects():
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}

    return path.as_uri(), objects


@pytest.mark.parametrize("kind", sorted(POINTS))
def test_it_survives_a_provider_that_is_killed_on_the_way(totem, submitted, tmp_path, kind, request):
    url, objects = request.getfixturevalue(kind)
    logs = []

    def serve(**environment):
        words = ["provider", "start", "--once", "--workers", 1, "--result-store", url]
        done = totem.start(*words, who="north", **environment)
        logs.append(done.stdout + done.stderr)
        return done.returncode

    for point in POINTS[kind]:
        once = tmp_path / point.replace(":", "-")
        once.mkdir()
        assert serve(**{KILL_AT: point, KILL_ONCE: str(once)}) == -signal.SIGKILL, logs[-1]
        assert len(objects()) <= 1
    assert serve() == 0
    job = totem.ask("job", "status", submitted, who="alice")
    told = job["result"]["sealed"]
    assert (job["state"], told["location"]) == ("completed", url)
    assert [name.rpartition("/")[2] for name in objects()] == [told["ciphertext"]]
    file = tmp_path / "result.jsonl"
    done = totem.start("job", "result", submitted, "-o", file, who="alice")
    logs.append(done.stdout + done.stderr)
    assert done.returncode == 0, logs[-1]
    assert sorted(map(json.loads, file.read_text().splitlines())) == [list(row) for row in ROWS]
    again = totem.ask("job", "result", submitted, status=2, who="alice")
    assert again["error"]["code"] == "purged"
    # Until the provider hears of it there is the ciphertext, in which nobody reads anything.
    assert not any(PLANTED.encode() in content for content in objects().values())
    assert serve() == 0
    assert objects() == {}
    kept = [path for path in totem.home.rglob("*") if path.is_file() and PLANTED.encode() in path.read_bytes()]
    assert kept == []
    assert not any(PLANTED in text for text in logs)


def test_a_providers_process_hands_it_out_over_http(totem, submitted, tmp_path):
    words = [totem.PROGRAM, "provider", "start", "--workers", "1", "--serve-results", "127.0.0.1:0"]
    log = tmp_path / "north.log"
    with log.open("w") as stream:
        process = subprocess.Popen(words, env=totem.environment("north"), stdout=stream, stderr=stream)
        try:
            done = totem.start("job", "watch", submitted, who="alice")
            assert done.returncode == 0, done.stdout + done.stderr
            told = totem.ask("job", "status", submitted, who="alice")["result"]["sealed"]
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1/sealed", told["location"])
            found = totem.ask("job", "result", submitted, who="alice")
            assert sorted(found["result"]) == [list(row) for row in ROWS]
            place = f"{told['location']}/{told['ciphertext'][:2]}/{told['ciphertext']}"
            assert len(httpx.get(place).content) == told["ciphertext_bytes"]
            totem.ask("job", "purge", submitted, who="alice")
            end = time.monotonic() + 20
            while httpx.get(place).status_code != 404:
                assert time.monotonic() < end, "what is purged is still handed out"
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    assert PLANTED not in log.read_text()
    assert "ciphertext deleted" in log.read_text()
