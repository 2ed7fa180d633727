"""Data parts that were delivered and can't be used: the combining provider leaves them out, and says why."""

import pytest

from totem_chaincode.errors import Conflict, Forbidden, Invalid
from totem_chaincode.testing import PEOPLE, JointStory, toy_source

UTILITY = PEOPLE["utility"].id
WHY = "the partial groups can't be opened"


@pytest.fixture
def joint(story):
    return JointStory(story.invoke)


def combining(joint, **more):
    """Submit a joint job, deliver its data parts and begin the combining part; return its id."""
    job_id = joint.submit_joint(joint.ready_joint(), 100, **{"at_least": 1, **more})
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    joint.accept_part(f"{job_id}-c")
    return job_id


def leave_out(joint, part_id, person="grid", reason=WHY):
    return joint.invoke(person, "joint.leave_out", {"job_id": part_id, "reason": reason})


def test_the_job_completes_without_a_part_that_can_not_be_used(joint):
    job_id = combining(joint)
    lost = f"{job_id}-1"
    answer = leave_out(joint, lost)
    assert answer == {"job_id": lost, "left_out": WHY, "state": "running", "missing": [UTILITY]}
    assert joint.joint(job_id)["missing"] == [UTILITY]
    joint.settle_combining(job_id, 6)
    joint.deliver(f"{job_id}-c", "[1,2]\n")
    ended = joint.joint(job_id)
    assert (ended["state"], ended["missing"], ended["paid"], ended["returned"]) == ("completed", [UTILITY], 18, 82)
    assert [item["charge"] for item in ended["parts"][2]["settled"]] == [6]
    assert [part["left_out"] for part in ended["parts"]] == [WHY, None, None]
    # Its provider has done what it was paid for.
    assert (ended["parts"][0]["state"], ended["parts"][0]["paid"]) == ("completed", 5)
    assert joint.invoke("peter", "results.get", {"job_id": job_id})["missing"] == [UTILITY]
    assert joint.audit()["balanced"]


def test_less_data_may_cost_less_than_the_estimate_says_of_all(joint):
    job_id = combining(joint, source=toy_source(lower=20, bounds=[(0, 50), (20, 50)]))
    leave_out(joint, f"{job_id}-1")
    joint.settle_combining(job_id, 1)
    assert joint.deliver(f"{job_id}-c", "[1,2]\n")["state"] == "completed"


def test_fewer_than_are_asked_for_end_the_job_and_everybody_reads_why(joint):
    job_id = combining(joint, at_least=2)
    assert leave_out(joint, f"{job_id}-1")["state"] == "too_few"
    ended = joint.joint(job_id)
    assert (ended["state"], ended["missing"], ended["paid"], ended["returned"]) == ("too_few", [UTILITY], 12, 88)
    assert ended["reason"] == f"1 of 2 data parts can be combined, 2 are asked for; {job_id}-1 is left out: {WHY}"
    assert [part["state"] for part in ended["parts"]] == ["completed", "completed", "cancelled"]
    assert joint.audit()["balanced"]
    assert joint.invoke("grid", "jobs.list", {"open": True})["jobs"] == []


def test_a_part_is_left_out_once_however_often_it_is_said(joint):
    job_id = combining(joint)
    assert leave_out(joint, f"{job_id}-1") == leave_out(joint, f"{job_id}-1", reason="another")


def test_only_the_combining_provider_leaves_out_and_only_what_was_delivered(joint):
    job_id = combining(joint)
    for person in ("peter", "utility", "admin"):
        with pytest.raises(Forbidden):
            leave_out(joint, f"{job_id}-1", person)
    for other in (job_id, f"{job_id}-c"):
        with pytest.raises(Invalid, match="no data part"):
            leave_out(joint, other)


def test_nothing_is_left_out_before_the_combining_part_runs_or_after_it_has_settled(joint):
    access = joint.ready_joint()
    job_id = joint.submit_joint(access, 100)
    with pytest.raises(Conflict, match="there is nothing to leave out"):
        leave_out(joint, f"{job_id}-1")
    for number in (1, 2):
        joint.run_data(f"{job_id}-{number}", 5)
    with pytest.raises(Conflict, match="before its first settlement"):
        leave_out(joint, f"{job_id}-1")
    joint.accept_part(f"{job_id}-c")
    joint.settle_combining(job_id, 5)
    with pytest.raises(Conflict, match="before its first settlement"):
        leave_out(joint, f"{job_id}-1")
    joint.deliver(f"{job_id}-c", "[1,2]\n")
    assert joint.joint(job_id)["missing"] == []
