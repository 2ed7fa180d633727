"""What is due in a joint job, as every provider's server reads it from the record."""

import pytest

from totem.services.joint_duties import Duty, duties

DRY = {"used": 3, "needs": 4}


def part(number, state="running", dry=None):
    known = {"job_id": f"j-{number}", "part": "data", "state": state, "dry": dry, "verdict": "start", "final": False}
    return {**known, "submitted_at": 0, "deadline": 1_000, "left_out": None}


def job(*parts, state="running", least=1):
    combining = {**part("c", "submitted"), "part": "combine", "deadline": 2_000}
    missing = [item["job_id"] for item in parts if item["state"] == "expired"]
    known = {"job_id": "j", "kind": "joint", "state": state, "verdict": "start", "deadline": 2_000}
    return {**known, "parts": [*parts, combining], "missing": missing, "at_least": least}


WAITS = part(1, dry=DRY)
NEVER_BEGUN = part(2, "submitted")


@pytest.mark.parametrize("now", [0, 499])
def test_nobody_is_sent_away_before_half_of_the_time(now):
    assert duties(job(WAITS, NEVER_BEGUN), now) == []


def test_what_was_not_begun_at_half_of_the_time_is_expired_for_those_who_wait():
    assert duties(job(WAITS, NEVER_BEGUN), 500) == [Duty("jobs.expire", "j-2")]
    assert duties(job(WAITS, part(2, "expired")), 500) == [Duty("joint.redistribute", "j")]


@pytest.mark.parametrize(
    "parts",
    [
        (part(1), NEVER_BEGUN),  # nobody waits
        (WAITS, part(2)),  # it has begun
        (WAITS, NEVER_BEGUN, part(3)),  # another one still runs, and may leave enough
    ],
)
def test_without_need_all_have_all_their_time(parts):
    assert duties(job(*parts), 999) == []


def test_a_job_that_stops_gives_nothing_to_anybody():
    assert duties(job(WAITS, NEVER_BEGUN, state="cancelling"), 600) == []


def test_at_the_deadline_every_open_part_is_late():
    assert duties(job(WAITS, NEVER_BEGUN), 1_000) == [Duty("jobs.expire", "j-1"), Duty("jobs.expire", "j-2")]


def test_too_few_after_that_end_the_job():
    assert duties(job(WAITS, part(2, "expired"), least=2), 500) == [Duty("joint.end", "j")]
