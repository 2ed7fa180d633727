"""Large partial groups are sealed to the combining provider, a large result of a joint job to its consumer."""

import pytest

from totem_chaincode.contracts.sealed import INLINE_BYTES, key_id
from totem_chaincode.errors import Invalid, Refused
from totem_chaincode.testing import PEOPLE, JointStory


@pytest.fixture
def joint(story):
    return JointStory(story.invoke)


def finished(joint):
    """Return a data part whose phase is settled."""
    part_id = f"{joint.submit_joint(joint.ready_joint(), 90)}-1"
    joint.accept_part(part_id)
    joint.settle_data(part_id, 5)
    return part_id


def sealed_to(joint, part_id, person, **changes):
    """Return what is told of lines that are sealed to the consumer's key, or to what a provider has announced."""
    told = joint.sealed(part_id, **changes)
    if person == "peter":
        return told
    return {**told, "recipient": key_id(joint.invoke(person, "participants.get", {})["public_key"])}


def complete(joint, part_id, person="utility", **given):
    return joint.invoke(person, "jobs.complete", {"job_id": part_id, **given}, joint.with_receipt(part_id))


def test_large_partial_groups_are_sealed_to_the_combining_provider(joint):
    part_id = finished(joint)
    job_id = part_id.removesuffix("-1")
    told = sealed_to(joint, part_id, "grid")
    assert complete(joint, part_id, sealed=told) == complete(joint, part_id, sealed=told)
    found = joint.invoke("grid", "joint.partials", {"job_id": part_id})
    assert (found["content"], found["bytes"]) == (None, told["bytes"])
    assert found["sealed"]["location"] == told["location"]
    assert found["receipt"]["receipt"]["charge"] == 5
    joint.run_data(f"{job_id}-2", 5)
    joint.combine(job_id)
    assert joint.joint(job_id)["state"] == "completed"


@pytest.mark.parametrize("person", ["peter", "utility"])
def test_they_are_sealed_to_nobody_else(joint, person):
    part_id = finished(joint)
    with pytest.raises(Invalid, match="the key to seal it to is"):
        complete(joint, part_id, sealed=sealed_to(joint, part_id, person))


def test_small_ones_go_through_private_data_and_large_ones_do_not(joint):
    part_id = finished(joint)
    with pytest.raises(Invalid, match=r"transient\.content: more than"):
        joint.deliver(part_id, "x" * (INLINE_BYTES + 1))
    joint.deliver(part_id, "x" * INLINE_BYTES)


def test_whoever_combines_has_a_key_to_seal_to(joint):
    access = joint.ready_joint()
    joint.invoke("admin", "participants.enrol", {"participant": "new@NewMSP", "role": "provider"})
    args, transient = joint.asked(access)
    with pytest.raises(Refused, match="new@NewMSP has announced no key") as refused:
        joint.invoke("peter", "joint.submit", {**args, "combining": "new@NewMSP"}, transient)
    assert refused.value.code == "combining"


def test_a_large_result_of_a_joint_job_is_sealed_to_its_consumer(joint):
    job_id = joint.submit_joint(joint.ready_joint(), 90)
    for number in (1, 2):
        joint.run_data(f"{job_id}-{number}", 5)
    joint.accept_part(f"{job_id}-c")
    joint.settle_combining(job_id, 5)
    complete(joint, f"{job_id}-c", "grid", sealed=sealed_to(joint, f"{job_id}-1", "peter"))
    found = joint.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["result"], found["missing"], found["state"]) == (None, [], "completed")
    assert found["sealed"]["recipient"] == key_id(joint.joint(job_id)["consumer_key"])
    kept = joint.invoke("grid", "results.kept", {})["results"]
    assert [item["job_id"] for item in kept] == [job_id]
    joint.invoke("peter", "results.purge", {"job_id": job_id})
    assert joint.invoke("grid", "results.kept", {})["results"] == []


def test_a_result_in_a_file_stays_with_the_combining_provider(joint):
    job_id = joint.submit_joint(joint.ready_joint(delivery="file"), 90)
    for number in (1, 2):
        joint.run_data(f"{job_id}-{number}", 5)
    joint.accept_part(f"{job_id}-c")
    joint.settle_combining(job_id, 5)
    complete(joint, f"{job_id}-c", "grid", kept={"hash": "ab" * 32, "lines": 1, "bytes": 9})
    job = joint.joint(job_id)
    assert (job["result"]["hash"], job["provider"]) == ("ab" * 32, PEOPLE["grid"].id)
