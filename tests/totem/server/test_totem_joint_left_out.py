"""Delivered parts that can't be used, and providers that never come: jobs over several providers go on without them."""

import time
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from joint_home import JointHome
from typer.testing import CliRunner

from totem.api.serve import api_of
from totem.cli.main import app
from totem.services.errors import Missing, NotAllowed
from totem.services.joint_parts import patience_with
from totem.services.part_settlement import PartSettlement
from totem.services.result_store import object_path
from totem.services.session import Session
from totem_chaincode.job_states import OPEN

pytestmark = pytest.mark.slow

NORTH = "north@NorthMSP"
SECRET = "1975-08-secret"


@pytest.fixture
def joint(tmp_path):
    made = JointHome(tmp_path)
    yield made
    made.home.consortium.close()


@pytest.fixture
def crafted(monkeypatch):
    """Have the first data part deliver other text than its partial groups."""
    complete = PartSettlement.complete

    def complete_crafted(self, result):
        if self._job_id.endswith("-1"):
            result.write_text(f"{SECRET}\n")
        return complete(self, result)

    monkeypatch.setattr(PartSettlement, "complete", complete_crafted)


@pytest.fixture
def ahead(monkeypatch):
    """Seconds by which the clock of whoever runs jobs is ahead; what is away is looked for often."""
    found = SimpleNamespace(seconds=0)
    monkeypatch.setattr("totem.services.runner.time", SimpleNamespace(time=lambda: time.time() + found.seconds))
    monkeypatch.setattr("totem.services.server._AWAY_SECONDS", 0.2)
    return found


def delivered_into_stores(joint, engine, monkeypatch, **more):
    """Submit a job of which the first part's groups are in its provider's store; return its id and the ciphertext."""
    monkeypatch.setattr("totem.services.part_settlement.INLINE_BYTES", 0)
    job_id = joint.submit(combining="south@SouthMSP", **more)
    with joint.serving(engine, "north"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][0]["state"] == "completed")
    told = joint.alice.job(job_id)["parts"][0]["result"]["sealed"]
    ciphertext = joint.home.store("north").root / "results" / object_path(told["ciphertext"])
    return job_id, ciphertext


def result_of(joint, *names):
    share = len(joint.rows) // len(joint.providers)
    sums = {}
    for name in names:
        place = joint.providers.index(name)
        for hour, kwh in joint.rows[place * share : (place + 1) * share]:
            sums[hour] = sums.get(hour, 0) + kwh
    return sums


def test_made_up_partial_groups_are_left_out_at_once_and_the_consumer_reads_why(joint, engine, crafted):
    job_id = joint.submit(combining="south@SouthMSP", at_least=2)
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
    assert (job["state"], job["missing"]) == ("completed", [NORTH])
    lost = job["parts"][0]
    assert lost["left_out"] == "the partial groups are not what a data part of this program writes"
    assert lost["paid"] > 0
    found = joint.alice.result(job_id)
    assert (dict(found.pairs()), found.missing) == (result_of(joint, "south", "east"), (NORTH,))
    env = {"TOTEM_HOME": str(joint.home.root), "TOTEM_AS": "alice", "COLUMNS": "250"}
    told = " ".join(CliRunner().invoke(app, ["job", "status", job_id], env=env).output.split())
    for words in ("completed (left out)", lost["left_out"], f"missing: {NORTH}"):
        assert words in told
    with TestClient(api_of(joint.home)) as api:
        api.headers["Authorization"] = f"Bearer {joint.home.tokens.issue('alice')[0]}"
        shown = api.get(f"/v1/jobs/{job_id}").json()
    assert [part["left_out"] for part in shown["parts"]] == [lost["left_out"], None, None, None]
    # What is wrong in detail stays with the combining provider: the channel is told no content.
    assert SECRET not in str(job)
    assert f"{job_id}-1" in joint.home.store("south").trouble(f"{job_id}-c")
    joint.is_sound()


def test_too_few_that_can_be_used_end_the_job_with_the_reason(joint, engine, crafted):
    job_id = joint.submit(combining="south@SouthMSP")
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
    assert (job["state"], job["missing"]) == ("too_few", [NORTH])
    assert job["reason"].startswith("2 of 3 data parts can be combined, 3 are asked for; ")
    assert job["paid"] == sum(part["paid"] for part in job["parts"][:3]) > 0
    joint.is_sound()


def test_a_ciphertext_that_is_not_there_is_waited_for_until_half_of_the_time_is_over(joint, engine, monkeypatch, ahead):
    job_id, ciphertext = delivered_into_stores(joint, engine, monkeypatch, at_least=2)
    ciphertext.unlink()
    with joint.serving(engine, "south", "east"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][-1]["state"] == "running")
        time.sleep(2)  # longer than five tries take, after which a job that breaks down is given up
        assert joint.alice.job(job_id)["state"] in OPEN
        ahead.seconds = 80_000
        (job,) = joint.until_ended(job_id)
    assert (job["state"], job["missing"]) == ("completed", [NORTH])
    assert "could not be fetched" in job["parts"][0]["left_out"]
    assert dict(joint.alice.result(job_id).pairs()) == result_of(joint, "south", "east")


@pytest.mark.parametrize("delivered", [1, 3, 32])
@pytest.mark.parametrize("now", [1_000_000, 1_400_000, 1_600_000, 1_900_000])
def test_slow_stores_leave_time_to_combine(delivered, now):
    part = {"accepted_at": 1_000_000, "deadline": 2_000_000}
    each = patience_with(part, delivered, now)
    begun = max(now, 1_500_000)  # before half of the time they are tried again, not left out
    ended = begun / 1_000 + delivered * patience_with(part, delivered, begun)
    assert each >= 1
    assert now / 1_000 + delivered * each < (1_500 if now < 1_500_000 else 2_000)
    assert 2_000 - ended == pytest.approx((2_000 - begun / 1_000) / (delivered + 1))


def test_a_ciphertext_that_comes_back_is_used(joint, engine, monkeypatch, ahead):
    job_id, ciphertext = delivered_into_stores(joint, engine, monkeypatch, at_least=2)
    hidden = ciphertext.rename(ciphertext.with_suffix(".hidden"))
    with joint.serving(engine, "south", "east"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][-1]["state"] == "running")
        time.sleep(1)
        hidden.rename(ciphertext)
        (job,) = joint.until_ended(job_id)
    assert (job["state"], job["missing"]) == ("completed", [])
    assert dict(joint.alice.result(job_id).pairs()) == result_of(joint, *joint.providers)


@pytest.mark.parametrize("refusal", [Missing("no endorser answers", code="no_ledger"), NotAllowed("no", code="spite")])
def test_who_combines_cant_have_a_finished_part_given_up_by_not_endorsing_it(
    joint, engine, monkeypatch, ahead, refusal
):
    monkeypatch.setattr("totem.services.server._TRIES", 2)
    submit, refused = Session.submit, []

    def refusing(self, function, **arguments):
        if function == "jobs.complete" and arguments["job_id"].endswith("-1") and len(refused) < 6:
            refused.append(arguments["job_id"])
            raise refusal
        return submit(self, function, **arguments)

    monkeypatch.setattr(Session, "submit", refusing)
    job_id = joint.submit(combining="south@SouthMSP")
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
    assert len(refused) == 6
    assert (job["state"], job["missing"]) == ("completed", [])
    assert job["parts"][0]["paid"] > 0
    joint.is_sound()


def test_the_slice_of_a_provider_without_a_server_goes_to_those_who_wait(tmp_path, engine):
    joint = JointHome(tmp_path, precheck="none")
    with joint.serving(engine, "north"):
        cost = joint.cost()
    job_id = joint.submit(at_least=2, totem=cost * 9 // 10, deadline_seconds=600, parts_seconds=60)
    began = time.monotonic()
    with joint.serving(engine, "north", "south"):
        joint.until(lambda: any(part["dry"] for part in joint.alice.job(job_id)["parts"]))
        (job,) = joint.until_ended(job_id, seconds=90)
    assert 25 < time.monotonic() - began < 54, "not at half of the time, before the last tenth"
    assert (job["state"], job["missing"]) == ("completed", ["east@EastMSP"])
    assert dict(joint.alice.result(job_id).pairs()) == result_of(joint, "north", "south")
    joint.is_sound()
    joint.home.consortium.close()
