"""``totem dev`` and every command against it: one consortium, several processes, the REST API."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
BILLS = "date,cid,bill\n2019-02-25,1,100.5\n2019-02-25,2,200.25\n2019-02-26,2,100.125\n"


@pytest.fixture
def dev(command, tmp_path):
    """A consortium that runs: its commands, what it printed, and its log afterwards."""
    home = tmp_path / "home"
    log = tmp_path / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(command.PROGRAM), "dev", "--dir", str(home), "--port", "0", "--workers", "1", "--json"],
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            env=command(home).environment(),
        )
        started = json.loads(process.stdout.readline())
        yield command(home), started, log
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        process.stdout.close()
    written = log.read_text()
    assert "provider's server stopped" in written
    assert started["token"] not in written
    assert "PRIVATE KEY" not in written
    assert "100.5" not in written
    assert not (home / "dev.lock").exists()


@pytest.mark.slow
def test_a_job_by_commands_and_by_http(dev, tmp_path, examples):
    totem, started, _ = dev
    assert started["providers"] == ["north", "south"]
    consumer = started["consumer"]
    data = tmp_path / "bills.csv"
    data.write_text(BILLS)

    refused = totem.tell("provider", "publish", "bills", data, "--hide", "nosuch", "--yes", who="north")
    assert (refused.exit_code, "no such column" in refused.stderr) == (2, True)
    shown = totem.tell(
        "provider", "publish", "bills", data, "--title", "Bills", "--max-groups", 10, "--yes", who="north"
    )
    assert shown.exit_code == 0, shown.stderr
    assert "this is what everybody on the ledger will see" in shown.stdout
    assert [item["dataset_id"] for item in totem.ask("dataset", "list", who=consumer)] == ["bills"]
    assert totem.ask("dataset", "show", "bills", who=consumer)["policy"]["max_groups"] == 10

    job = examples / "paper1" / "total_bill.py"
    too_early = totem.tell("job", "submit", job, "bills", "--totem", 10_000, who=consumer)
    assert (too_early.exit_code, "no valid grant" in too_early.stderr) == (2, True)
    access = totem.ask("access", "request", "bills", "--purpose", "to add up", who=consumer)["access_id"]
    assert [item["access_id"] for item in totem.ask("provider", "requests", who="north")] == [access]
    assert totem.tell("provider", "approve", access, who="south").exit_code == 2
    assert totem.ask("provider", "approve", access, "--quota", 50_000, who="north")["state"] == "granted"

    done = totem.ask("job", "submit", job, "bills", "--totem", 10_000, "--watch", who=consumer)
    assert done["state"] == "completed"
    assert sorted(totem.ask("job", "result", done["job_id"], who=consumer)["result"]) == [[1, 100.5], [2, 300.375]]
    bill = totem.ask("job", "bill", done["job_id"], who=consumer)
    assert bill["used"] == done["paid"] == sum(row["totem"] for row in bill["bill"])
    assert totem.ask("provider", "jobs", who="north")[0]["state"] == "completed"
    assert totem.tell("job", "result", done["job_id"], who="south").exit_code == 2
    halted = totem.tell("job", "submit", job, "bills", "--totem", 1, who=consumer)
    assert (halted.exit_code, "needs at least" in halted.stderr) == (2, True)

    authorised = {"Authorization": f"Bearer {started['token']}"}
    with httpx.Client(base_url=started["api"], headers=authorised, timeout=60) as api:
        body = {"source": job.read_text(), "datasets": ["bills"], "totem": 10_000}
        submitted = api.post("/v1/jobs", json=body)
        assert submitted.status_code == 202
        with api.stream("GET", submitted.headers["location"] + "/events", timeout=60) as events:
            states = [json.loads(line[5:])["state"] for line in events.iter_lines() if line.startswith("data:")]
        assert states[-1] == "completed"
        lines = api.get(submitted.headers["location"] + "/result").text.splitlines()
        assert sorted(json.loads(line) for line in lines) == [[1, 100.5], [2, 300.375]]
    assert httpx.get(started["api"] + "/v1/jobs", timeout=60).status_code == 401

    assert totem.ask("admin", "audit", who="admin")["balanced"]
    assert totem.tell("admin", "audit", who=consumer).exit_code == 2
    assert totem.ask("ledger", "verify")["ok"]
    head = totem.ask("ledger", "show")["blocks"][0]
    assert totem.ask("ledger", "verify", "--anchor", head["hash"])["ok"]
    assert totem.ask("ledger", "verify", "--anchor", "0" * 64, status=1)["ok"] is False


@pytest.mark.slow
def test_the_documented_job_over_two_providers(dev, tmp_path):
    totem, _, _ = dev
    (lines,) = re.findall(r"beside `totem dev`.*?```bash\n(.*?)```", (ROOT / "docs" / "cli.md").read_text(), re.DOTALL)
    environment = totem.environment()
    environment["PATH"] = f"{totem.PROGRAM.parent}{os.pathsep}{environment['PATH']}"
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    words = ["bash", "-euo", "pipefail", "-c", lines]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = done.stdout[done.stdout.rindex("result\n") :].splitlines()[2:]
    assert sorted(line.split() for line in result) == [["19", "4.5"], ["20", "0.5"], ["8", "2.5"]]


@pytest.mark.slow
def test_a_second_one_in_the_same_folder_says_where_the_first_one_runs(dev):
    totem, started, _ = dev
    pid = json.loads((totem.home / "dev.lock").read_text())["pid"]
    second = totem.start("dev", "--dir", totem.home, "--json")
    told = json.loads(second.stdout)["error"]
    assert (second.returncode, told["code"]) == (2, "running")
    assert told["message"] == f"another `totem dev` runs in {totem.home}: process {pid}, {started['api']}"


@pytest.mark.slow
def test_the_consortium_s_business(command, tmp_path):
    totem = command(tmp_path / "home")
    assert totem.tell("dataset", "list").exit_code == 2
    totem.ask("admin", "init")
    assert totem.tell("admin", "init").exit_code == 2
    totem.ask("provider", "init", "grid")
    totem.ask("admin", "enrol", "carol", "--role", "consumer", who="admin")
    assert totem.tell("admin", "enrol", "carol", "--role", "consumer", who="admin").exit_code == 2
    assert totem.tell("admin", "enrol", "dave", "--role", "consumer", who="carol").exit_code == 2
    table = totem.ask("admin", "table", "propose", "standard-1", who="admin")["table_id"]
    assert "0 of 1 have approved" in totem.tell("admin", "table", "activate", table, who="admin").stderr
    totem.ask("admin", "table", "approve", "standard-1", who="grid")
    totem.ask("admin", "table", "activate", "standard-1", who="admin")
    assert [item["state"] for item in totem.ask("admin", "table", "list", who="carol")] == ["active"]
    request = totem.ask("admin", "request-totem", 500, "--reason", "to begin", who="carol")["request_id"]
    totem.ask("admin", "issue", "carol", 500, "--reason", "asked for", "--request", request, who="admin")
    assert totem.ask("admin", "balance", who="carol")["available"] == 500
    assert totem.tell("admin", "use", "nobody").exit_code == 2
    assert totem.ask("admin", "use", "carol")["role"] == "consumer"
    assert {item["name"]: item["in_use"] for item in totem.ask("admin", "identities")}["carol"]
    token = totem.ask("api", "token", "carol", "--label", "laptop")
    assert [item["token_id"] for item in totem.ask("api", "tokens")] == [token["token_id"]]
    totem.ask("api", "revoke", token["token_id"])
    assert totem.ask("api", "tokens") == []


@pytest.mark.slow
def test_without_fabric_s_programs_one_sentence_says_what_to_do(totem, tmp_path):
    words = ("dev", "--ledger", "fabric", "--port", "0")
    done = totem.start(*words, FABRIC_BIN=str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path} has not all of Fabric's programs" in done.stderr
    assert "starting" not in done.stderr
    assert not totem.home.exists()
    assert "Set FABRIC_BIN to the folder that has them" in done.stderr
    assert "Traceback" not in done.stderr
    assert totem.start("dataset", "list").returncode == 2
    assert not (totem.home / "network").exists()
