"""``totem serve``: the API and the frameworks of the wallet's providers, in the foreground of one home folder."""

import json
import signal
import subprocess

import httpx
import pytest

pytestmark = pytest.mark.slow

BILLS = "cid,bill\n" + "".join(f"{row % 3},{row / 4}\n" for row in range(30))


@pytest.fixture
def served(totem, tmp_path):
    """A consortium of one provider, another one that is suspended, and a consumer, which ``totem serve`` serves."""
    totem.ask("admin", "init", "--provider", "grid", "--provider", "wind", "--consumer", "alice")
    totem.ask("admin", "issue", "alice", 100_000, "--reason", "to begin with", who="admin")
    totem.ask("admin", "suspend", "wind", "--reason", "not now", who="admin")
    log = tmp_path / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(totem.PROGRAM), "serve", "--ledger", "embedded", "--port", "0", "--workers", "1", "--json"],
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            env=totem.environment(),
        )
        line = process.stdout.readline()
        assert line, log.read_text()
        yield json.loads(line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stdout.close()
    written = log.read_text()
    assert "provider's server stopped" in written
    assert "a provider is not served" in written
    assert "wind@WindMSP is suspended: not now" in written


def test_a_job_of_the_wallet_s_provider_comes_to_its_end(served, totem, tmp_path, examples):
    assert served["providers"] == ["grid"]
    data = tmp_path / "bills.csv"
    data.write_text(BILLS)
    published = totem.tell("provider", "publish", "bills", data, "--auto-approve", "--yes", who="grid")
    assert published.exit_code == 0, published.output
    totem.ask("access", "request", "bills", "--purpose", "to add up", who="alice")
    job = examples / "paper1" / "total_bill.py"
    done = totem.ask("job", "submit", job, "bills", "--totem", 100_000, "--watch", who="alice")
    assert done["state"] == "completed"
    token = totem.ask("api", "token", "alice")["token"]
    answer = httpx.get(f"{served['api']}/v1/jobs", headers={"Authorization": f"Bearer {token}"}, timeout=60)
    assert [item["job_id"] for item in answer.json()["jobs"]] == [done["job_id"]]

    totem.ask("admin", "reinstate", "wind", who="admin")  # who may act only now is served without a restart
    totem.ask("provider", "publish", "more", data, "--auto-approve", "--yes", who="wind")
    totem.ask("access", "request", "more", "--purpose", "to add up", who="alice")
    later = totem.ask("job", "submit", job, "more", "--totem", 50_000, "--watch", who="alice")
    assert later["state"] == "completed"


def test_what_belongs_together_is_asked_for_together(totem, tmp_path):
    done = totem.tell("serve", "--wallet", tmp_path)
    assert (done.exit_code, "need --profile" in done.stderr) == (2, True)
