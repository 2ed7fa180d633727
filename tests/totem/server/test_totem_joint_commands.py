"""The commands for jobs over several providers: what they take, and what they print of the parts."""

import json

import pytest
from joint_home import HOURS, JointHome

from totem.cli.following import Followed
from totem.services.provider import Provider


@pytest.fixture
def joint(tmp_path):
    made = JointHome(tmp_path)
    (tmp_path / "job.py").write_text(HOURS)
    yield made
    made.home.consortium.close()


@pytest.fixture
def totem(joint):
    return joint.tell


def test_an_estimate_says_what_it_costs_at_each_provider(totem, tmp_path):
    words = ["job", "estimate", tmp_path / "job.py", "north", "south", "east", "--combine-at", "south"]
    shown = totem(*words).stdout
    rows = [line.split() for line in shown[shown.index("totem by provider") :].splitlines()[2:]]
    found = json.loads(totem(*words, "--json").stdout)
    assert [row[0] for row in rows] == ["north", "south", "east", "south"]
    assert rows[3][1] == "(combining)"
    assert [row[-1].replace(",", "") for row in rows] == [str(part["estimate"]["upper"]) for part in found["parts"]]


@pytest.mark.slow
def test_who_combines_is_named_like_everybody(totem, tmp_path):
    words = ["job", "submit", tmp_path / "job.py", "north", "south", "--totem", "1,000,000", "--json"]
    assert json.loads(totem(*words, "--combine-at", "east").stdout)["combining"] == "east@EastMSP"
    assert json.loads(totem(*words, "--combine-at", "south@SouthMSP").stdout)["combining"] == "south@SouthMSP"
    assert json.loads(totem(*words).stdout)["combining"] == "north@NorthMSP"
    assert "nobody" in totem(*words, "--combine-at", "nobody", status=2).output.lower()


@pytest.mark.slow
def test_publishing_says_who_may_combine(totem, joint):
    def policy(*words):
        words = ("provider", "publish", "more", joint.files["north"], *words, "--dry-run", "--json")
        return json.loads(totem(*words, who="north").stdout)["policy"]["combining_providers"]

    assert policy() == []
    assert policy("--combining", "any") == "any"
    assert policy("--combining", "south", "--combining", "east@EastMSP") == ["east@EastMSP", "south@SouthMSP"]
    words = ("provider", "publish", "more", joint.files["north"], "--combining", "any", "--combining", "south")
    assert "name nobody besides" in totem(*words, who="north", status=2).output


@pytest.mark.slow
def test_a_job_is_followed_and_shown_with_its_parts(totem, joint, engine, tmp_path):
    words = ["job", "submit", tmp_path / "job.py", "north", "south", "east", "--totem", 1_000_000, "--at-least", 2]
    job_id = totem(*words).stdout.split()[0]
    Provider(joint.home.session("east")).decline(f"{job_id}-3", "no time")
    listed = totem("provider", "jobs", "--open", who="south").stdout
    assert f"{job_id}-2" in listed
    assert f"{job_id} " not in listed
    with joint.serving(engine):
        watched = totem("job", "watch", job_id)
    for line in ("east is declined: no time", "north (combining) is completed", f"{job_id} is completed"):
        assert line in watched.output
    for name in ("north", "south"):
        assert f"{name}: step 0 map: " in watched.output
    status = totem("job", "status", job_id)
    assert "missing: east@EastMSP" in status.output
    assert [
        row.split()[:2] for row in status.stdout.splitlines() if row.split()[0:1] in (["1"], ["2"], ["3"], ["c"])
    ] == [
        ["1", "north"],
        ["2", "south"],
        ["3", "east"],
        ["c", "north"],
    ]
    assert "without the data of east@EastMSP" in totem("job", "result", job_id).stdout
    assert json.loads(totem("job", "result", job_id, "--json").stdout)["missing"] == ["east@EastMSP"]
    bill = totem("job", "bill", job_id).stdout
    found = json.loads(totem("job", "bill", job_id, "--json").stdout)
    assert bill.splitlines()[-1].split() == ["total", "completed", f"{found['used']:,}", f"{found['paid']:,}"]
    assert job_id in totem("job", "list").stdout
    (own,) = json.loads(totem("provider", "jobs", "--json", who="south").stdout)
    assert (own["job_id"], own["part"], own["joint"]) == (f"{job_id}-2", "data", job_id)


@pytest.mark.slow
def test_too_few_is_a_status_of_its_own_and_says_why(totem, joint, engine, tmp_path):
    words = ["job", "submit", tmp_path / "job.py", "north", "south", "east", "--totem", 1_000_000]
    job_id = totem(*words).stdout.split()[0]
    Provider(joint.home.session("east")).decline(f"{job_id}-3", "no time")
    with joint.serving(engine):
        watched = totem("job", "watch", job_id, status=5)
    assert "too_few" in watched.output
    assert "2 of 3 data parts can be combined, 3 are asked for" in watched.output


def test_what_is_told_of_a_part_that_waits():
    part = {
        "job_id": "job-1-1",
        "part": "data",
        "provider": "north@NorthMSP",
        "state": "running",
        "dry": None,
        "slice": 1_000,
        "settled": [],
        "data": {"rows": 5},
        "reason": "",
        "accepted_at": 1,
    }
    followed = Followed()
    job = {"job_id": "job-1", "state": "running", "settled": [], "parts": [part]}
    assert list(followed.news(job)) == ["north is running on 5 rows, with 1,000 totem", "job-1 is running"]
    waiting = {**job, "parts": [{**part, "dry": {"used": 990, "needs": 20}}]}
    assert list(followed.news(waiting)) == [
        "north is running: its slice of 1,000 totem is used up, it waits for what others leave"
    ]
    assert list(followed.news(waiting)) == []
    assert list(followed.news({**job, "parts": [{**part, "slice": 1_500}]})) == [
        "north is running on 5 rows, with 1,500 totem"
    ]


def test_for_whom_the_others_wait_is_said_once_and_why_nothing_came():
    def part(number, provider, state, accepted_at=None):
        named = {"job_id": f"job-1-{number}", "part": "data", "provider": provider, "state": state}
        rest = {"dry": None, "slice": 0, "settled": [], "data": {"rows": 5}, "reason": "", "deadline": 1_000}
        return {**named, **rest, "accepted_at": accepted_at}

    followed = Followed()
    job = {"job_id": "job-1", "state": "running", "settled": []}
    absent = part(2, "grid@WestMSP", "submitted")
    both = [part(1, "grid@EastMSP", "submitted"), absent]
    assert list(followed.news({**job, "parts": both})) == ["job-1 is running"]
    delivered = [part(1, "grid@EastMSP", "completed", 1), absent]
    assert list(followed.news({**job, "parts": delivered})) == [
        "grid@EastMSP is completed",
        "waiting for grid@WestMSP until 1970-01-01 00:00:01 UTC",
    ]
    assert list(followed.news({**job, "parts": delivered})) == []
    over = [delivered[0], {**absent, "state": "expired"}]
    assert list(followed.news({**job, "parts": over})) == ["grid@WestMSP is expired: it has not accepted in time"]
