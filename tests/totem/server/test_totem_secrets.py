"""A real server, its API and its framework's processes, with secrets planted everywhere: none is in any log."""

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

TOTEM = Path(sys.executable).parent / "totem"
NUMBER, WORD = 918273645, "quixotic-cell"
SPREAD = """from totem_sdk import TotemJob


class Spread(TotemJob):
    def mapper(self, _, row):
        yield row.word, 1000 // (row.number - 918273645)

    def reducer(self, word, shares):
        yield word, sum(shares)
"""
COUNT = SPREAD.replace("1000 // (row.number - 918273645)", "row.number")


@pytest.fixture
def dev(tmp_path):
    """A consortium that runs, with the log of its server."""
    home, log = tmp_path / "home", tmp_path / "server.log"
    env = {**os.environ, "TOTEM_HOME": str(home), "NO_COLOR": "1"}
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(TOTEM), "dev", "--port", "0", "--workers", "1", "--json"],
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            env=env,
        )
        started = json.loads(process.stdout.readline())
        yield started, home, log, env
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        process.stdout.close()


def keys_of(home):
    """Yield every secret that the home folder keeps: private keys, salts' secret, access keys and one-time codes."""
    for path in (*home.glob("wallet/*.id"), *home.glob("ledger/*.id")):
        pem = json.loads(path.read_text())["credentials"]["privateKey"]
        yield from (line for line in pem.splitlines() if len(line) > 40)
    for path in home.glob("providers/*/secret.key"):
        yield path.read_bytes().hex()
    for path in home.glob("ledger/private/*.db"):
        connection = sqlite3.connect(path)
        for key, value in connection.execute("SELECT key, value FROM value"):
            if "access_key" in key or "one_time_code" in key:
                yield json.loads(value)
        connection.close()


@pytest.mark.slow
def test_no_secret_and_no_cell_is_in_any_log(dev, tmp_path):
    started, home, log, env = dev
    told = []

    def totem(*words, who):
        command = [str(TOTEM), *(str(word) for word in words)]
        done = subprocess.run(command, capture_output=True, text=True, env={**env, "TOTEM_AS": who}, check=False)
        told.append(done.stderr)
        return done

    cells = "".join(f"{WORD}-{row},{row}\n" for row in range(50)) + f"{WORD},{NUMBER}\n"
    good, spoilt = tmp_path / "good.csv", tmp_path / "spoilt.csv"
    schema = tmp_path / "schema.json"
    schema.write_text('{"word": "str", "number": "int"}')
    other = tmp_path / "other.csv"
    for path, who in ((good, "north"), (spoilt, "north"), (other, "south")):
        path.write_text("word,number\n" + cells)
        options = ["--schema", schema, "--auto-approve", "--combining", "any", "--yes"]
        assert totem("provider", "publish", path.stem, path, *options, who=who).returncode == 0
        purpose = ["--purpose", "tests"]
        assert totem("access", "request", path.stem, *purpose, who=started["consumer"]).returncode == 0
    spoilt.write_text("word,number\n" + cells.replace(str(NUMBER), f"{WORD}!"))

    wrong = "totem_" + secrets.token_urlsafe(32)
    with httpx.Client(base_url=started["api"]) as api:
        mine = {"Authorization": f"Bearer {started['token']}"}
        for headers in ({"Authorization": f"Bearer {wrong}"}, {"Authorization": wrong}, {"Cookie": wrong}):
            assert api.get("/v1/jobs", headers=headers).status_code == 401
        for path in (f"/v1/{wrong}", f"/v1/jobs/{wrong}", f"/v1/datasets?bookmark={wrong}"):
            assert api.get(path, headers=mine).status_code in (404, 422)
        assert api.post("/v1/jobs", headers=mine, json={wrong: wrong, "source": wrong}).status_code == 422
        ends = {}
        joint = ["good", "other"]
        for datasets, source in (
            (["good"], COUNT),
            (["good"], SPREAD),
            (["spoilt"], COUNT),
            (joint, COUNT),
            (joint, SPREAD),
        ):
            body = {"source": source, "datasets": datasets, "totem": 1_000_000}
            job = api.post("/v1/jobs", headers=mine, json=body)
            assert job.status_code == 202, job.text
            with api.stream("GET", job.headers["location"] + "/events", headers=mine, timeout=60) as events:
                states = [json.loads(line[5:]) for line in events.iter_lines() if line.startswith("data:")]
            ends[states[-1]["state"]] = states[-1]["error"]
    assert ends == {
        "completed": None,
        "failed": {"kind": "zero_division", "line": 6},
        "provider_failed": {"kind": "data_changed", "line": None},
    }
    # The same cells, where the data are opened and read in the command's own process tree.
    job = tmp_path / "job.py"
    job.write_text(COUNT)
    assert totem("run", job, spoilt, "--schema", schema, who="north").returncode == 5
    job.write_text(SPREAD)
    assert totem("run", job, good, "--schema", schema, who="north").returncode == 4

    logs = [log, *home.glob("providers/*/jobs/*/logs/*"), *home.glob("providers/*/jobs/*/trouble.txt")]
    assert len(logs) > 8
    written = {str(path): path.read_text() for path in logs} | {f"stderr {n}": text for n, text in enumerate(told)}
    planted = {started["token"], wrong, str(NUMBER), WORD, *keys_of(home)}
    assert len(planted) > 15
    found = {(name, word[:12]) for name, text in written.items() for word in planted if word in text}
    # Of a job that failed, `run` shows the source line: it is its consumer's own.
    assert {entry for entry in found if "stderr" not in entry[0]} == set()
    assert {word for _, word in found} <= {str(NUMBER)}
    shown = [text for text in told if str(NUMBER) in text]
    assert [text.count(str(NUMBER)) for text in shown] == [1]
    assert "in line 6" in shown[0]
