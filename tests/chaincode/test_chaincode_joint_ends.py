"""How joint jobs end: with data missing, nothing to combine, cancelled, too late; what is paid and what returns."""

import pytest

from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.errors import Conflict, Forbidden, Invalid, Refused
from totem_chaincode.job_states import GRACE_SECONDS, is_over
from totem_chaincode.testing import PEOPLE, JointStory, secret, toy_source

GRID, UTILITY = PEOPLE["grid"].id, PEOPLE["utility"].id


@pytest.fixture
def joint(story):
    return JointStory(story.invoke)


def submitted(joint, totem=90, **more):
    return joint.submit_joint(joint.ready_joint(), totem, **more)


def end(joint, job_id, person="peter"):
    return joint.invoke(person, "joint.end", {"job_id": job_id})


def decline(joint, part_id):
    return joint.invoke(joint.runner(part_id), "jobs.decline", {"job_id": part_id, "reason": "not today"})


def fail(joint, part_id, side, error):
    return joint.invoke(joint.runner(part_id), "jobs.fail", {"job_id": part_id, "side": side, "error": error})


def ways_to_fail(joint, part_id, way):
    """End a data part without partial groups; return what it is paid."""
    provider = joint.runner(part_id)
    if way == "declined":
        decline(joint, part_id)
        return 0
    joint.accept_part(part_id)
    if way == "provider_failed":
        joint.settle_data(part_id, 6)
        fail(joint, part_id, "provider", {"kind": "lost"})
        return 0
    if way == "failed":
        error = {"kind": "overflow", "line": 3}
        joint.settle_data(part_id, 6, "failed", error=error)
        fail(joint, part_id, "program", error)
    else:
        joint.invoke(provider, "joint.dry", {"job_id": part_id, "used": 6, "needs": 900})
        joint.invoke(provider, "joint.redistribute", {"job_id": part_id.rpartition("-")[0]})
        joint.settle_data(part_id, 6, "out_of_totem")
        joint.invoke(provider, "jobs.halt", {"job_id": part_id})
    return 6


WAYS = ("declined", "provider_failed", "failed", "out_of_totem")


@pytest.mark.parametrize("way", WAYS)
def test_a_result_without_a_provider_says_who_is_missing_and_what_was_paid(joint, way):
    job_id = submitted(joint, at_least=1)
    joint.run_data(f"{job_id}-2", 7)
    paid = ways_to_fail(joint, f"{job_id}-1", way)
    joint.combine(job_id, 5)
    found = joint.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["missing"], found["state"]) == ([UTILITY], "completed")
    ended = joint.joint(job_id)
    assert (ended["missing"], ended["paid"], ended["returned"]) == ([UTILITY], 12 + paid, 78 - paid)
    assert (joint.available("utility"), joint.available("grid")) == (paid, 12)
    assert joint.audit()["balanced"]


@pytest.mark.parametrize("way", WAYS)
def test_with_fewer_than_asked_for_the_job_ends_and_says_why(joint, way):
    job_id = submitted(joint)
    joint.run_data(f"{job_id}-2", 7)
    with pytest.raises(Refused, match="can still complete") as refused:
        end(joint, job_id)
    assert refused.value.code == "not_over"
    paid = ways_to_fail(joint, f"{job_id}-1", way)
    with pytest.raises(Refused, match="1 of 2 data parts can be combined, 2 are asked for"):
        joint.accept_part(f"{job_id}-c")
    ended = end(joint, job_id, "utility")
    assert ended["state"] == (way if way in ("failed", "out_of_totem") else "too_few")
    assert ended["error"] == ({"kind": "overflow", "line": 3} if way == "failed" else None)
    assert "1 of 2 data parts can be combined" in ended["reason"]
    assert (ended["paid"], ended["returned"], ended["missing"]) == (7 + paid, 83 - paid, [UTILITY])
    assert joint.available("peter") == 1_000 - 7 - paid
    assert joint.audit()["balanced"]
    states = [part["state"] for part in joint.joint(job_id)["parts"]]
    assert states == [way, "completed", "cancelled"]
    with pytest.raises(Conflict, match="already"):
        end(joint, job_id)


def test_with_lower_bounds_of_all_data_a_part_of_them_may_cost_less(joint):
    source = toy_source(lower=10, bounds=[(0, 50), (9, 50)])
    access = joint.ready_joint()
    job_id = joint.submit_joint(access, source=source)
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 5)
    with pytest.raises(Refused, match="it costs 9 at least"):
        joint.combine(job_id, 5)
    job_id = joint.submit_joint(access, source=source, at_least=1)
    decline(joint, f"{job_id}-1")
    joint.run_data(f"{job_id}-2", 5)
    joint.combine(job_id, 5)


def test_parts_that_still_run_are_stopped_before_the_job_ends(joint):
    job_id = submitted(joint)
    running = f"{job_id}-2"
    joint.accept_part(running)
    decline(joint, f"{job_id}-1")
    assert end(joint, job_id)["state"] == "cancelling"
    assert joint.joint(job_id)["parts"][1]["state"] == "cancelling"
    with pytest.raises(Conflict, match=f"{running} were told to halt") as waiting:
        end(joint, job_id)
    assert waiting.value.code == "parts_open"
    joint.settle_data(running, 4, "cancelled")
    joint.invoke("grid", "jobs.halt", {"job_id": running})
    ended = end(joint, job_id)
    assert (ended["state"], ended["paid"]) == ("too_few", 4)


def test_the_combining_provider_can_decline_at_any_time_before_it_begins(joint):
    job_id = submitted(joint)
    decline(joint, f"{job_id}-c")
    joint.run_data(f"{job_id}-2", 7)
    ended = end(joint, job_id)
    assert (ended["state"], ended["paid"], ended["reason"]) == ("provider_failed", 7, "not today")
    assert joint.audit()["balanced"]


@pytest.mark.parametrize("side", ["program", "provider"])
def test_a_combining_part_that_fails_ends_the_job_in_the_same_transaction(joint, side):
    job_id = submitted(joint)
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    part_id = f"{job_id}-c"
    joint.accept_part(part_id)
    error = {"kind": "overflow", "line": 3}
    if side == "program":
        joint.settle_combining(job_id, 4, "failed", error=error)
    fail(joint, part_id, side, error)
    ended = joint.joint(job_id)
    paid = 16 if side == "program" else 12
    assert (ended["state"], ended["error"]) == ("failed" if side == "program" else "provider_failed", error)
    assert (ended["paid"], ended["returned"]) == (paid, 90 - paid)
    assert joint.available("peter") == 1_000 - paid


def test_a_combining_part_out_of_totem_delivers_the_finished_groups(joint):
    job_id = submitted(joint)
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    joint.accept_part(f"{job_id}-c")
    joint.settle_combining(job_id, 78, "out_of_totem")
    result = "[1,2]\n"
    salt = secret()
    args = {"job_id": f"{job_id}-c", "result_hash": salted_hash(salt, result.encode())}
    joint.invoke("grid", "jobs.halt", args, {"result": result, "salt": salt})
    found = joint.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["result"], found["partial"], found["state"]) == (result, True, "out_of_totem")
    assert joint.joint(job_id)["paid"] == 90


def test_a_job_that_nobody_accepted_is_cancelled_at_once(joint):
    job_id = submitted(joint)
    joint.run_data(f"{job_id}-1", 5)
    ended = joint.invoke("peter", "jobs.cancel", {"job_id": job_id})
    assert (ended["state"], ended["paid"], ended["returned"]) == ("cancelled", 5, 85)
    assert [part["state"] for part in joint.joint(job_id)["parts"]] == ["completed", "cancelled", "cancelled"]


def test_a_cancel_stops_all_parts_and_pays_what_they_used(joint):
    job_id = submitted(joint)
    for number in (1, 2):
        joint.accept_part(f"{job_id}-{number}")
    assert joint.invoke("peter", "jobs.cancel", {"job_id": job_id})["state"] == "cancelling"
    with pytest.raises(Conflict):
        joint.invoke("peter", "jobs.cancel", {"job_id": job_id})
    with pytest.raises(Conflict, match="is cancelled"):
        joint.accept_part(f"{job_id}-c")
    joint.settle_data(f"{job_id}-1", 4, "cancelled")
    joint.invoke("utility", "jobs.halt", {"job_id": f"{job_id}-1"})
    # What was finished before its cancel was seen is delivered and paid.
    joint.settle_data(f"{job_id}-2", 6)
    joint.deliver(f"{job_id}-2")
    ended = end(joint, job_id)
    assert (ended["state"], ended["paid"], ended["returned"]) == ("cancelled", 10, 80)
    assert joint.audit()["balanced"]


def test_what_failed_in_a_part_is_not_why_a_cancelled_job_ended(joint):
    job_id = submitted(joint)
    ways_to_fail(joint, f"{job_id}-1", "failed")
    ended = joint.invoke("peter", "jobs.cancel", {"job_id": job_id})
    assert (ended["state"], ended["error"], ended["paid"]) == ("cancelled", None, 6)
    assert joint.joint(job_id)["parts"][0]["error"] == {"kind": "overflow", "line": 3}


def test_a_running_combining_part_that_is_cancelled_ends_the_job(joint):
    job_id = submitted(joint)
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    joint.accept_part(f"{job_id}-c")
    joint.invoke("peter", "jobs.cancel", {"job_id": job_id})
    joint.settle_combining(job_id, 3, "cancelled")
    joint.invoke("grid", "jobs.halt", {"job_id": f"{job_id}-c"})
    ended = joint.joint(job_id)
    assert (ended["state"], ended["paid"]) == ("cancelled", 15)


def test_a_part_is_not_cancelled_by_itself_and_a_joint_job_is_not_accepted(joint):
    job_id = submitted(joint)
    with pytest.raises(Conflict, match=f"cancel {job_id}, which is all of them"):
        joint.invoke("peter", "jobs.cancel", {"job_id": f"{job_id}-1"})
    for function, more in (("jobs.decline", {"reason": "x"}), ("jobs.halt", {})):
        with pytest.raises(Conflict, match="is a joint job: its parts are"):
            joint.invoke("grid", function, {"job_id": job_id, **more})
        with pytest.raises(Forbidden):
            joint.invoke("utility", function, {"job_id": job_id, **more})


def test_a_late_data_part_can_be_expired_by_whom_it_concerns_finished_or_not(joint, memory):
    job_id = submitted(joint, deadline_seconds=200, parts_seconds=100, at_least=1)
    late = f"{job_id}-1"
    joint.accept_part(late)
    joint.settle_data(late, 5)
    joint.run_data(f"{job_id}-2", 7)
    expire = ("jobs.expire", {"job_id": late})
    with pytest.raises(Refused, match="has not passed yet"):
        joint.invoke("grid", *expire)
    memory.now += 100_000
    assert is_over(joint.joint(job_id)["parts"][0], memory.now)
    with pytest.raises(Conflict, match="have not ended"):
        joint.accept_part(f"{job_id}-c")
    with pytest.raises(Forbidden):
        joint.invoke("paula", *expire)
    joint.invoke("grid", *expire)
    joint.combine(job_id, 5)
    ended = joint.joint(job_id)
    assert (ended["state"], ended["missing"], ended["paid"]) == ("completed", [UTILITY], 17)


def test_half_of_the_time_is_for_data_parts_unless_it_is_said(joint):
    access = joint.ready_joint()
    for more, half in (({}, 43_200), ({"deadline_seconds": 120}, 60), ({"parts_seconds": 500}, 500)):
        job = joint.joint(joint.submit_joint(access, **more))
        parts = [part["deadline"] - part["submitted_at"] for part in job["parts"]]
        assert parts == [half * 1_000, half * 1_000, job["deadline"] - job["submitted_at"]]
        assert job["parts_deadline"] - job["submitted_at"] == half * 1_000


@pytest.mark.parametrize("function", ["jobs.expire", "joint.end"])
def test_a_joint_job_expires_with_all_its_parts(joint, memory, function):
    job_id = submitted(joint, deadline_seconds=200, parts_seconds=100)
    joint.run_data(f"{job_id}-1", 5)
    joint.accept_part(f"{job_id}-2")
    joint.settle_data(f"{job_id}-2", 6)
    memory.now += 200_000
    ended = joint.invoke("peter", function, {"job_id": job_id})
    assert (ended["state"], ended["paid"], ended["returned"]) == ("expired", 11, 79)
    assert [part["state"] for part in joint.joint(job_id)["parts"]] == ["completed", "expired", "expired"]
    assert joint.audit()["balanced"]


def test_a_finished_combining_part_can_still_deliver_for_an_hour(joint, memory):
    job_id = submitted(joint, deadline_seconds=200, parts_seconds=100)
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    joint.accept_part(f"{job_id}-c")
    joint.settle_combining(job_id, 5)
    memory.now += 200_000
    for call in (("jobs.expire", job_id), ("joint.end", job_id), ("jobs.expire", f"{job_id}-c")):
        with pytest.raises(Refused, match="to deliver") as refused:
            joint.invoke("peter", call[0], {"job_id": call[1]})
        assert refused.value.code == "deadline"
    memory.now += GRACE_SECONDS * 1_000
    ended = joint.invoke("peter", "jobs.expire", {"job_id": job_id})
    # Whoever is left alone for so long gets back what was not delivered; data parts stay paid.
    assert (ended["state"], ended["paid"], ended["returned"]) == ("expired", 12, 78)


def test_an_expired_combining_part_that_never_began_leaves_the_end_to_anybody(joint, memory):
    job_id = submitted(joint, deadline_seconds=200)
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    memory.now += 200_000
    joint.invoke("utility", "jobs.expire", {"job_id": f"{job_id}-c"})
    assert joint.joint(job_id)["state"] == "running"
    ended = end(joint, job_id, "admin")
    assert (ended["state"], ended["paid"]) == ("expired", 12)


def test_a_doomed_job_whose_parts_never_halt_ends_at_its_deadline(joint, memory):
    job_id = submitted(joint, deadline_seconds=200)
    joint.accept_part(f"{job_id}-1")
    joint.invoke("peter", "jobs.cancel", {"job_id": job_id})
    memory.now += 200_000
    ended = end(joint, job_id)
    assert (ended["state"], ended["paid"], ended["returned"]) == ("cancelled", 0, 90)


def test_partial_groups_are_no_result_that_a_policy_could_find_too_large(joint):
    job_id = joint.submit_joint(joint.ready_joint(max_groups=1), 90)
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    joint.settle_data(part_id, 5)
    args = {"job_id": part_id, "side": "program", "error": {"kind": "result_limit"}}
    with pytest.raises(Invalid, match="policies limit the result"):
        joint.invoke("utility", "jobs.fail", {**args, "undelivered": {"hash": "ab" * 32, "lines": 9, "bytes": 9}})
    joint.deliver(part_id, "one\ntwo\nthree\n")
    joint.run_data(f"{job_id}-2", 5)
    with pytest.raises(Refused, match="2 lines, the policy allows 1"):
        joint.combine(job_id, 5, "[1,2]\n[3,4]\n")
