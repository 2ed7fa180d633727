"""How jobs over several providers end when not all goes well: who is missing, what is paid, what comes back."""

import secrets
import time

import pytest
from joint_home import HOURS, TOTEM, JointHome

from totem.services.consumer import Submission
from totem.services.errors import BadInput, Missing, NotAllowed, ProgramRefused
from totem.services.opening import open_sealed
from totem.services.provider import Provider

pytestmark = pytest.mark.slow

FAILS = HOURS.replace("row.kwh", "10 // (row.hour - 5)")


@pytest.fixture
def joint(tmp_path):
    made = JointHome(tmp_path)
    yield made
    made.home.consortium.close()


def expected(joint, *names):
    """The result over the rows of these providers."""
    sums = {}
    for name in names:
        share = len(joint.rows) // len(joint.providers)
        place = joint.providers.index(name)
        for hour, kwh in joint.rows[place * share : (place + 1) * share]:
            sums[hour] = sums.get(hour, 0) + kwh
    return sorted([hour, kwh] for hour, kwh in sums.items())


def test_a_declined_part_leaves_its_provider_out_where_enough_others_deliver(joint, engine):
    job_id = joint.submit(at_least=2)
    Provider(joint.home.session("east")).decline(f"{job_id}-3", "not this month")
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
    assert (job["state"], job["missing"]) == ("completed", ["east@EastMSP"])
    assert job["parts"][2]["reason"] == "not this month"
    result = joint.alice.result(job_id)
    assert result.missing == ("east@EastMSP",)
    assert sorted(result.pairs()) == expected(joint, "north", "south")
    assert [part["paid"] for part in job["parts"]][2] == 0
    bill = joint.alice.bill(job_id)
    assert [(part["provider"].split("@")[0], part["paid"]) for part in bill["parts"]] == [
        (part["provider"].split("@")[0], part["paid"]) for part in job["parts"]
    ]
    assert sum(row["totem"] for row in bill["bill"]) == bill["paid"] == job["paid"]
    joint.is_sound()


def test_too_few_delivered_ends_the_job_and_pays_who_has_delivered(joint, engine):
    job_id = joint.submit()
    with joint.serving(engine, "north"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][0]["state"] == "completed")
    Provider(joint.home.session("east")).decline(f"{job_id}-3", "no")
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
    assert (job["state"], job["result"]) == ("too_few", None)
    assert job["parts"][0]["paid"] > 0
    assert job["paid"] == sum(part["paid"] for part in job["parts"])
    assert job["paid"] + job["returned"] == job["escrow"]
    with pytest.raises(Missing, match="no result"):
        joint.alice.result(job_id)
    joint.is_sound()


def test_a_provider_without_a_server_is_late_and_then_missing(joint, engine):
    job_id = joint.submit(at_least=2, deadline_seconds=300, parts_seconds=30)
    began = time.monotonic()
    with joint.serving(engine, "north", "south"):
        (job,) = joint.until_ended(job_id, seconds=90)
    assert time.monotonic() - began >= 25
    assert (job["state"], job["missing"]) == ("completed", ["east@EastMSP"])
    assert job["parts"][2]["state"] == "expired"
    assert sorted(joint.alice.result(job_id).pairs()) == expected(joint, "north", "south")
    joint.is_sound()


def test_a_program_that_fails_at_a_provider_fails_the_job_and_says_where(joint, engine):
    with joint.serving(engine):
        (job,) = joint.until_ended(joint.submit(FAILS))
    assert (job["state"], job["error"]) == ("failed", {"kind": "zero_division", "line": 6})
    assert job["paid"] + job["returned"] == job["escrow"]
    joint.is_sound()


def test_a_job_whose_pool_is_too_small_halts_out_of_totem(joint, engine):
    cost = joint.alice.estimate(Submission(source=HOURS, filename="j.py", datasets=joint.providers))["estimate"]
    with pytest.raises(ProgramRefused, match="needs at least"):
        joint.submit(totem=cost["lower"] - 1)
    dry = JointHome(joint.home.root.parent / "dry", precheck="none")
    with dry.serving(engine):
        (job,) = dry.until_ended(dry.submit(totem=cost["lower"] * 2 // 3))
    assert job["state"] == "out_of_totem"
    assert job["paid"] + job["returned"] == job["escrow"]
    assert {part["state"] for part in job["parts"][:-1]} <= {"completed", "out_of_totem", "cancelled"}
    dry.is_sound()


def test_a_cancelled_job_stops_everywhere(joint, engine):
    job_id = joint.submit()
    with joint.serving(engine, "north"):
        joint.until(lambda: joint.alice.job(job_id)["parts"][0]["state"] == "completed")
        assert joint.alice.cancel(job_id)["state"] == "cancelled"
    job = joint.alice.job(job_id)
    assert [part["state"] for part in job["parts"]] == ["completed", "cancelled", "cancelled", "cancelled"]
    assert job["paid"] == job["parts"][0]["paid"] > 0
    joint.is_sound()


def test_the_combining_provider_that_does_not_want_to_ends_the_job_for_all(joint, engine):
    job_id = joint.submit()
    Provider(joint.home.session("north")).decline(f"{job_id}-c", "I do not combine")
    # Its own server is away: any other provider's ends the job.
    with joint.serving(engine, "south"):
        (job,) = joint.until_ended(job_id)
    assert (job["state"], job["reason"]) == ("provider_failed", "I do not combine")
    joint.is_sound()


def test_data_that_have_changed_are_their_providers_failure_and_cost_nothing(joint, engine):
    file = joint.files["south"]
    file.write_text(file.read_text().replace("0,", "1,", 1))
    job_id = joint.submit(at_least=2)
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
    part = job["parts"][1]
    assert (job["state"], job["missing"]) == ("completed", ["south@SouthMSP"])
    assert (part["state"], part["paid"], part["error"]["kind"]) == ("provider_failed", 0, "data_changed")
    assert sorted(joint.alice.result(job_id).pairs()) == expected(joint, "north", "east")
    joint.is_sound()


def test_a_code_opens_one_part_once(joint):
    job_id = joint.submit()
    north, south = joint.home.session("north"), joint.home.session("south")
    code = north.query("access.code", job_id=f"{job_id}-1")["code"]
    with pytest.raises(NotAllowed, match="not the one of"):
        south.submit("jobs.accept", job_id=f"{job_id}-2", transient={"code": code})
    with pytest.raises(NotAllowed):
        south.query("access.code", job_id=f"{job_id}-1")
    north.submit("jobs.accept", job_id=f"{job_id}-1", transient={"code": code})
    assert code != north.query("access.code", job_id=f"{job_id}-c")["code"]
    with pytest.raises(NotAllowed, match="not the one of"):
        north.submit("jobs.accept", job_id=f"{job_id}-c", transient={"code": code})


def test_nobody_sees_more_than_concerns_him(joint, engine):
    job_id = joint.submit(combining="east@EastMSP")
    with joint.serving(engine, "north", "south"):
        joint.until(lambda: all(part["state"] == "completed" for part in joint.alice.job(job_id)["parts"][:2]))
    sessions = {name: joint.home.session(name) for name in (*joint.providers, "alice")}
    groups = sessions["east"].query("joint.partials", job_id=f"{job_id}-1")
    with open_sealed(joint.home.consortium.identity("east"), f"{job_id}-1", groups, name="partial") as plain:
        assert plain.read().count(b"\n") == 8
    for who in ("north", "south", "alice"):
        with pytest.raises(NotAllowed):
            sessions[who].query("joint.partials", job_id=f"{job_id}-1")
    for function in ("results.receipts", "results.bill"):
        with pytest.raises(NotAllowed):
            sessions["south"].query(function, job_id=f"{job_id}-1")
        with pytest.raises(NotAllowed):
            sessions["south"].query(function, job_id=job_id)
    with joint.serving(engine):
        joint.until_ended(job_id)
    for who in joint.providers:
        with pytest.raises(NotAllowed):
            sessions[who].query("results.get", job_id=job_id)
    with pytest.raises(Missing, match="purged"):
        sessions["east"].query("joint.partials", job_id=f"{job_id}-1")
    joint.is_sound()


def test_nothing_of_other_providers_is_left_at_the_combining_one(joint, engine):
    job_id = joint.submit()
    with joint.serving(engine):
        joint.until_ended(job_id)
        folder = joint.home.store("north").root / "jobs" / f"{job_id}-c"
        joint.until(lambda: not (folder / "received").exists())
    left = [path.name for path in folder.rglob("*") if "partial" in path.name or "received" in path.name]
    assert left == []


def test_who_combines_is_for_the_policies_of_the_others_to_say(tmp_path):
    joint = JointHome(tmp_path, combining_providers=["south@SouthMSP"])
    assert joint.alice.job(joint.submit())["combining"] == "south@SouthMSP"
    with pytest.raises(ProgramRefused, match="policy of north does not let east@EastMSP combine"):
        joint.submit(combining="east@EastMSP")
    nobody = JointHome(tmp_path / "nobody", combining_providers=[])
    with pytest.raises(NotAllowed, match="north@NorthMSP may not, by the policy of south, east") as caught:
        nobody.submit()
    assert "--combining NAME" in caught.value.hint


def test_what_is_about_several_providers_is_refused_for_one(joint):
    for asked in ({"at_least": 1}, {"combining": "north@NorthMSP"}, {"parts_seconds": 30}):
        with pytest.raises(BadInput, match=f"{next(iter(asked))}: all datasets are one provider's"):
            joint.submit(datasets=["whole"], **asked)


def test_a_program_that_can_not_be_cut_is_refused_with_the_place(joint):
    source = HOURS.replace("yield hour, sum(kwh)", "for value in kwh:\n            yield hour, value")
    with pytest.raises(ProgramRefused, match="can't be cut") as caught:
        joint.submit(source)
    assert caught.value.refusals[0].line == 9
    assert joint.alice.balance() == {"account": "alice@AliceMSP", "available": TOTEM, "reserved": 0}


def test_the_same_request_key_is_the_same_joint_job(joint):
    key = secrets.token_hex(8)
    assert joint.submit(request_key=key) == joint.submit(request_key=key)
