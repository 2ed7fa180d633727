"""``totem run`` where the job ends as a job on a throw-away ledger hardly ever does."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from typer.testing import CliRunner

from totem.cli.main import app
from totem.services.consumer import Consumer
from totem.services.errors import ProviderSide
from totem.services.runner import JobRunner
from totem_ccf.engines.local.processes import ProcessesGone

PAPER1 = Path(__file__).parents[3] / "examples" / "paper1"
COMMAND = ["run", PAPER1 / "total_bill.py", PAPER1 / "bills.csv", "--schema", PAPER1 / "schema.json"]
COMMAND += ["--table", "paper-2019", "--totem", "500"]


@pytest.fixture
def ending(monkeypatch):
    """Let the job end another way than by being run."""
    consumers = []
    made = Consumer.__init__

    def remember(self, session):
        consumers.append(session)
        made(self, session)

    def begin(end):
        def run(self, job_id, progress=None):
            if end == "cancelled":
                return consumers[-1].submit("jobs.cancel", job_id=job_id)
            if end == "declined":
                return self._session.submit("jobs.decline", job_id=job_id, reason="not today")
            # Nobody waits for a deadline here: the contract's own test says that everything is returned then.
            return {**self._job(job_id), "state": end, "paid": 0, "returned": 500}

        monkeypatch.setattr(JobRunner, "run", run)

    monkeypatch.setattr("totem.services.run.LocalEngine", ExitStack)
    monkeypatch.setattr(Consumer, "__init__", remember)
    return begin


@pytest.mark.parametrize(
    ("end", "state", "status", "text"),
    [
        ("cancelled", "out_of_totem", 3, "the job was cancelled"),
        ("declined", "provider_failed", 5, "the provider declined the job: not today"),
        ("expired", "provider_failed", 5, "the job's deadline passed before it ended"),
    ],
)
def test_every_end_has_its_state_status_and_text(ending, end, state, status, text):
    ending(end)
    done = CliRunner().invoke(app, [str(word) for word in COMMAND])
    assert done.exit_code == status, done.output
    assert text in done.stderr
    assert "internal error" not in done.stderr
    told = CliRunner().invoke(app, [str(word) for word in [*COMMAND, "--json"]])
    assert told.exit_code == status
    document = json.loads(told.stdout)
    assert (document["state"], document["error"]) == (state, {"kind": end, "line": None})
    assert (document["escrow"], document["used"], document["returned"]) == (500, 0, 500)
    assert (document["bill"], document["result"], document["partial"]) == ([], [], False)


def test_a_job_that_has_not_ended_is_a_bug(ending):
    ending("running")
    assert CliRunner().invoke(app, [str(word) for word in COMMAND]).exit_code == 1


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (OSError(28, "No space left on device"), "machine", "No space left on device"),
        (ProcessesGone("the zygote did not start"), "machine", "the zygote did not start"),
        (ProviderSide("the block could not be written", code="ledger"), "ledger", "the block could not be written"),
    ],
)
def test_a_machine_that_cannot_run_the_job_is_the_providers_trouble(ending, monkeypatch, error, kind, text):
    ending("failed")

    def run(self, job_id, progress=None):
        raise error

    monkeypatch.setattr(JobRunner, "run", run)
    told = CliRunner().invoke(app, [str(word) for word in [*COMMAND, "--json"]])
    document = json.loads(told.stdout)
    assert (told.exit_code, document["state"], document["error"]) == (
        5,
        "provider_failed",
        {"kind": kind, "line": None},
    )
    assert (document["escrow"], document["used"], document["returned"]) == (500, 0, 500)
    shown = CliRunner().invoke(app, [str(word) for word in COMMAND])
    assert (shown.exit_code, text in shown.stderr) == (5, True)
    assert "500 totem returned" in shown.stderr
