"""No hot key: whatever the data parts of one joint job do at the same moment, both transactions are valid."""

import itertools

import pytest

from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.testing import PEOPLE, JointStory, creator, secret

DEADLINE = 100


def accept(joint, part_id):
    code = joint.invoke(joint.runner(part_id), "access.code", {"job_id": part_id})["code"]
    return "jobs.accept", {"job_id": part_id}, {"code": code}


def decline(joint, part_id):
    return "jobs.decline", {"job_id": part_id, "reason": "x"}, {}


def give_up(joint, part_id):
    joint.accept_part(part_id)
    return "jobs.fail", {"job_id": part_id, "side": "provider", "error": {"kind": "lost"}}, {}


def settle(joint, part_id):
    joint.accept_part(part_id)
    return ("jobs.settle", *joint.settlement(part_id, 0, joint.receipt(0, "map", 5)))


def dry(joint, part_id):
    joint.accept_part(part_id)
    return "joint.dry", {"job_id": part_id, "used": 30, "needs": 5}, {}


def complete(joint, part_id):
    joint.accept_part(part_id)
    joint.settle_data(part_id, 5)
    return ("jobs.complete", *joint.delivery(part_id))


def fail(joint, part_id):
    joint.accept_part(part_id)
    error = {"kind": "overflow", "line": 3}
    joint.settle_data(part_id, 5, "failed", error=error)
    return "jobs.fail", {"job_id": part_id, "side": "program", "error": error}, {}


def expire(joint, part_id):
    joint.accept_part(part_id)
    return "jobs.expire", {"job_id": part_id}, {}


ACTIONS = (accept, decline, give_up, settle, dry, complete, fail, expire)


def simulate(memory, joint, part_id, call):
    who = PEOPLE[joint.runner(part_id)]
    if call[0] == "jobs.expire":
        memory.now += DEADLINE * 1_000
    try:
        return memory.simulate(creator(who.name, who.msp_id, who.role), *call)
    finally:
        if call[0] == "jobs.expire":
            memory.now -= DEADLINE * 1_000


@pytest.mark.parametrize(("one", "other"), list(itertools.product(ACTIONS, ACTIONS)))
def test_data_parts_never_conflict(story, memory, one, other):
    joint = JointStory(story.invoke)
    access = joint.ready_joint()
    access = {
        "utility": joint.grant("homes-utility", quota=500),
        "grid": joint.grant("homes-grid", "peter", "grid", 500),
    }
    job_id = joint.submit_joint(access, 90, deadline_seconds=2 * DEADLINE)
    parts = (f"{job_id}-1", f"{job_id}-2")
    calls = [make(joint, part_id) for make, part_id in zip((one, other), parts, strict=True)]
    both = [simulate(memory, joint, part_id, call) for part_id, call in zip(parts, calls, strict=True)]
    assert [memory.commit(item) for item in both] == ["VALID", "VALID"]
    assert joint.audit()["balanced"]


def test_joint_jobs_of_two_moments_share_nothing(story, memory):
    joint = JointStory(story.invoke)
    access = joint.ready_joint()
    jobs = [joint.submit_joint(access, 90) for _ in range(3)]
    for job_id in jobs:
        joint.run_data(f"{job_id}-1", 5)
        joint.run_data(f"{job_id}-2", 5)
    last = [f"{job_id}-c" for job_id in jobs]
    begun = [simulate(memory, joint, part_id, accept(joint, part_id)) for part_id in last]
    assert [memory.commit(item) for item in begun] == ["VALID"] * 3
    for job_id in jobs:
        joint.settle_combining(job_id, 5)
    calls = []
    for part_id in last:
        salt = secret()
        args = {"job_id": part_id, "result_hash": salted_hash(salt, b"[1,2]\n")}
        calls.append(simulate(memory, joint, part_id, ("jobs.complete", args, {"result": "[1,2]\n", "salt": salt})))
    assert [memory.commit(item) for item in calls] == ["VALID"] * 3
    assert joint.available("peter") == 1_000 - 3 * 15


def test_a_transaction_that_concerns_all_parts_is_void_where_one_of_them_moved(story, memory):
    """Else a redistribution could give away what a part has just ended with, or settled."""
    joint = JointStory(story.invoke)
    job_id = joint.submit_joint(joint.ready_joint(), 90)
    for number in (1, 2):
        joint.accept_part(f"{job_id}-{number}")
        joint.invoke(
            joint.runner(f"{job_id}-{number}"), "joint.dry", {"job_id": f"{job_id}-{number}", "used": 20, "needs": 11}
        )
    who = creator("peter", "StavangerMSP", "consumer")
    given = memory.simulate(who, "joint.redistribute", {"job_id": job_id})
    joint.invoke("grid", "jobs.fail", {"job_id": f"{job_id}-2", "side": "provider", "error": {"kind": "lost"}})
    assert memory.commit(given) == "MVCC_READ_CONFLICT"
    assert joint.audit()["balanced"]


def test_two_redistributions_at_once_give_once(story, memory):
    joint = JointStory(story.invoke)
    job_id = joint.submit_joint(joint.ready_joint(), 90)
    joint.accept_part(f"{job_id}-1")
    joint.invoke("utility", "joint.dry", {"job_id": f"{job_id}-1", "used": 30, "needs": 1})
    joint.run_data(f"{job_id}-2")
    callers = [creator(PEOPLE[name].name, PEOPLE[name].msp_id, PEOPLE[name].role) for name in ("peter", "grid")]
    both = [memory.simulate(who, "joint.redistribute", {"job_id": job_id}) for who in callers]
    assert [memory.commit(item) for item in both] == ["VALID", "MVCC_READ_CONFLICT"]
    assert joint.joint(job_id)["parts"][0]["slice"] == 85
