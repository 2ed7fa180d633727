"""The contracts' story through the shim: real gRPC, real certificates, the answers that other ledgers give."""

import pytest

from totem_chaincode.errors import Forbidden, Refused
from totem_chaincode.testing import JointStory


def test_a_job_is_run_from_submission_to_result_through_the_shim(story, peer):
    access = story.ready(1_000)
    job_id = story.submit(access, 100)
    story.accept(job_id)
    for index in range(2):
        story.settle(job_id, index, 5)
    story.complete(job_id)
    assert story.available("peter") == 990
    assert story.available("utility") == 10
    assert story.invoke("peter", "results.get", {"job_id": job_id})["result"] == "[1,2]\n"
    with pytest.raises(Forbidden):
        story.invoke("paula", "results.get", {"job_id": job_id})
    with pytest.raises(Refused):
        story.submit(access, 5_000)
    assert peer.events[-1][0] == "jobs.ended"
    assert story.audit()["balanced"]


def test_a_joint_job_is_run_by_two_providers_through_the_shim(story, peer):
    joint = JointStory(story.invoke)
    job_id = joint.submit_joint(joint.ready_joint(), 90)
    first, second = f"{job_id}-1", f"{job_id}-2"
    joint.accept_part(first)
    joint.invoke("utility", "joint.dry", {"job_id": first, "used": 30, "needs": 5})
    joint.run_data(second, 7)
    assert joint.invoke("grid", "joint.redistribute", {"job_id": job_id})["amount"] == 53
    joint.settle_data(first, 40)
    joint.deliver(first)
    joint.combine(job_id, 6)
    assert [joint.available(person) for person in ("peter", "utility", "grid")] == [947, 40, 13]
    assert joint.invoke("peter", "results.get", {"job_id": job_id})["missing"] == []
    assert peer.events[-1][0] == "jobs.ended"
    assert joint.audit()["balanced"]
