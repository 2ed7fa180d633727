"""What is due in a joint job, from the ledger's record of it and the time alone."""

import pytest

from totem.services.joint_duties import Duty, can_combine, duties, waits

DEADLINE, PARTS_DEADLINE = 10_000, 5_000


def part(number, state="running", **more):
    return {
        "job_id": f"j-{number}",
        "part": "data",
        "provider": f"p{number}",
        "state": state,
        "verdict": "start",
        "submitted_at": 0,
        "deadline": PARTS_DEADLINE,
        "dry": None,
        "final": False,
        **more,
    }


def joint(*data, combining="submitted", verdict="start", state="running", at_least=None):
    last = part("c", combining, part="combine", deadline=DEADLINE, verdict=verdict)
    return {
        "job_id": "j",
        "kind": "joint",
        "state": state,
        "verdict": "start",
        "deadline": DEADLINE,
        "at_least": len(data) if at_least is None else at_least,
        "missing": [item["provider"] for item in data if item["state"] in ("declined", "failed", "expired")],
        "parts": [*data, last],
    }


DRY = {"used": 5, "needs": 1}
END, SHARE = [Duty("joint.end", "j")], [Duty("joint.redistribute", "j")]


@pytest.mark.parametrize(
    ("found", "now", "due"),
    [
        (joint(part(1), part(2)), 0, []),
        (joint(part(1), part(2, dry=DRY)), 0, []),
        (joint(part(1, dry=DRY), part(2, dry=DRY)), 0, SHARE),
        (joint(part(1, "completed"), part(2, dry=DRY)), 0, SHARE),
        (joint(part(1, "completed"), part(2, "completed")), 0, []),
        (joint(part(1), part(2, "declined")), 0, END),
        (joint(part(1, dry=DRY), part(2, "declined")), 0, END),
        (joint(part(1), part(2, "declined"), at_least=1), 0, []),
        (joint(part(1), part(2), combining="declined"), 0, END),
        (joint(part(1, "cancelling"), part(2, "declined"), combining="cancelled", state="cancelling"), 0, []),
        (joint(part(1, "cancelled"), part(2, "declined"), combining="cancelled", state="cancelling"), 0, END),
        (joint(part(1, "completed"), part(2)), PARTS_DEADLINE, [Duty("jobs.expire", "j-2")]),
        (joint(part(1, verdict="finished"), part(2, "completed")), PARTS_DEADLINE, [Duty("jobs.expire", "j-1")]),
        (joint(part(1, "completed"), part(2, "completed"), combining="running"), DEADLINE - 1, []),
        (joint(part(1, "completed"), part(2, "completed"), combining="running"), DEADLINE, END),
        (joint(part(1, "completed"), part(2, "completed"), combining="running", verdict="finished"), DEADLINE, []),
    ],
)
def test_what_is_due(found, now, due):
    assert duties(found, now) == due


@pytest.mark.parametrize(
    ("data", "least", "may"),
    [
        ((part(1, "completed"), part(2, "completed")), 2, True),
        ((part(1, "completed"), part(2)), 1, False),
        ((part(1, "completed"), part(2, "failed")), 2, False),
        ((part(1, "completed"), part(2, "failed")), 1, True),
    ],
)
def test_when_the_combining_part_may_begin(data, least, may):
    assert can_combine(joint(*data, at_least=least)) is may


def test_a_part_waits_until_it_is_decided_or_its_time_is_nearly_over():
    assert waits(part(1, dry=DRY), 0)
    assert not waits(part(1), 0)
    assert not waits(part(1, dry=DRY, final=True), 0)
    assert not waits(part(1, dry=DRY), PARTS_DEADLINE * 9 // 10)
    assert not waits(part(1, "cancelling", dry=DRY), 0)
