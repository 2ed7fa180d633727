"""A provider is paid also when the consumer's organisation endorses nothing: receipts and result come later."""

import pytest

from totem_chaincode.errors import Invalid, NotFound
from totem_chaincode.testing import PEOPLE, JointStory, creator, secret


def settle_unshown(story, job_id, index, charge):
    before = story.before(job_id, index)
    earlier = before["receipt"] if before else None
    receipt = story.receipt(index // 2, ("map", "reduce")[index % 2], charge, before=earlier)
    args, transient = story.settlement(job_id, index, receipt, before=before)
    return {**args, "shown": False}, transient


def collections(memory, person, function, args, transient=None):
    """Return the organisations without whose endorsement a transaction would be void."""
    who = creator(person, PEOPLE[person].msp_id, PEOPLE[person].role)
    writes = memory.simulate(who, function, args, transient).found.private_writes
    return {collection.removeprefix("_implicit_org_") for collection, _ in writes}


def test_nothing_of_a_job_that_is_paid_needs_the_consumers_organisation(story, memory):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    for index, charge in enumerate((30, 12)):
        args, transient = settle_unshown(story, job_id, index, charge)
        assert collections(memory, "utility", "jobs.settle", args, transient) == {"UtilityMSP"}
        answer = story.invoke("utility", "jobs.settle", args, transient)
        assert story.invoke("utility", "jobs.settle", args, transient) == answer
    small = {"job_id": job_id, "sealed": story.sealed(job_id, 5)}
    assert collections(memory, "utility", "jobs.complete", small) == set()
    ended = story.invoke("utility", "jobs.complete", small)
    assert (ended["state"], ended["paid"]) == ("completed", 42)
    assert story.invoke("peter", "results.get", {"job_id": job_id})["sealed"]["location"] == "file:///srv/results"


def test_what_the_consumer_has_not_got_is_said_and_handed_over_later(story):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.invoke("utility", "jobs.settle", *settle_unshown(story, job_id, 0, 30))
    story.settle(job_id, 1, 12)
    for function in ("results.receipts", "results.bill"):
        with pytest.raises(NotFound, match=r"missing are those of phases 0; its provider hands them over") as missing:
            story.invoke("peter", function, {"job_id": job_id})
        assert (missing.value.code, missing.value.details) == ("no_receipt", {"phases": [0]})
    held = story.invoke("utility", "results.receipts", {"job_id": job_id})["receipts"]
    (unshown,) = story.invoke("utility", "results.unshown", {})["receipts"]
    assert unshown == {"job_id": job_id, "phase_index": 0, **held[0]}
    assert story.invoke("grid", "results.unshown", {})["receipts"] == []
    args = {"job_id": job_id, "phase_index": 0}
    for wrong in (held[1], {**held[0], "salt": secret()}):
        with pytest.raises(Invalid, match="not the receipt that was settled"):
            story.invoke("utility", "results.show_receipt", args, wrong)
    for _ in range(2):
        story.invoke("utility", "results.show_receipt", args, held[0])
    assert story.invoke("peter", "results.receipts", {"job_id": job_id})["receipts"] == held
    assert story.invoke("peter", "results.bill", {"job_id": job_id})["used"] == 42
    assert story.invoke("utility", "results.unshown", {})["receipts"] == []


def test_when_all_is_well_nothing_is_left_to_hand_over(story):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    assert story.invoke("utility", "results.unshown", {})["receipts"] == []


def test_parts_of_a_joint_job_whose_receipts_are_not_there_are_named_to_the_consumer(story):
    joint = JointStory(story.invoke)
    job_id = joint.submit_joint(joint.ready_joint(), 90)
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    args, transient = joint.settlement(part_id, 0, joint.receipt(0, "map", 5))
    joint.invoke("utility", "jobs.settle", {**args, "shown": False}, transient)
    assert joint.invoke("peter", "results.bill", {"job_id": job_id})["not_held"] == [part_id]
    held = {name: transient[name] for name in ("receipt", "salt")}
    joint.invoke("utility", "results.show_receipt", {"job_id": part_id, "phase_index": 0}, held)
    assert joint.invoke("peter", "results.bill", {"job_id": job_id})["not_held"] == []
