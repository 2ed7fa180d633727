"""What a policy says about results: limits, results in files, what is withheld, what is refused beforehand."""

import pytest

from totem_chaincode.errors import Conflict, Invalid, NotFound, Refused
from totem_chaincode.testing import toy_source


def kept(lines, size):
    return {"hash": "cd" * 32, "lines": lines, "bytes": size}


def finished(story, **policy):
    """A job whose phases are all settled."""
    job_id = story.submit(story.ready(**policy))
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    return job_id


def test_the_result_limit_of_the_policy_is_kept(story):
    access = story.ready(max_groups=2, max_result_bytes=20)
    job_id = story.submit(access)
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    for result, message in (("[1]\n[2]\n[3]\n", "3 lines, the policy allows 2"), ("x" * 21, "21 bytes")):
        with pytest.raises(Refused, match=message) as refused:
            story.complete(job_id, result)
        assert refused.value.code == "result_limit"
    error, size = {"kind": "result_limit", "line": None}, {"hash": "ab" * 32, "lines": 2, "bytes": 20}
    for undelivered, message in ((None, "given exactly for"), (size, "within the policy: deliver it")):
        with pytest.raises(Invalid, match=message):
            story.fail(job_id, "program", error, undelivered)
    ended = story.fail(job_id, "program", error, {**size, "lines": 3})
    assert story.fail(job_id, "program", error, {**size, "lines": 3}) == ended
    with pytest.raises(Conflict):
        story.fail(job_id, "program", error, {**size, "lines": 4})
    assert story.invoke("peter", "jobs.get", {"job_id": job_id})["undelivered"] == {**size, "lines": 3}
    assert (ended["state"], ended["paid"], ended["result"]) == ("failed", 42, None)


def test_a_result_in_a_file_may_have_any_size_and_is_not_on_the_ledger(story):
    job_id = finished(story, delivery="file", max_groups=5)
    with pytest.raises(Invalid, match="delivers results in files"):
        story.complete(job_id, "[1]\n")
    with pytest.raises(Refused, match="6 lines, the policy allows 5"):
        story.invoke("utility", "jobs.complete", {"job_id": job_id, "kept": kept(6, 10)})
    ended = story.invoke("utility", "jobs.complete", {"job_id": job_id, "kept": kept(5, 1 << 40)})
    assert ended == story.invoke("utility", "jobs.complete", {"job_id": job_id, "kept": kept(5, 1 << 40)})
    assert (ended["state"], ended["paid"]) == ("completed", 42)
    assert (ended["result"]["hash"], ended["result"]["bytes"], ended["result"]["partial"]) == (
        "cd" * 32,
        1 << 40,
        False,
    )
    with pytest.raises(NotFound, match=f"a file of {1 << 40} bytes .* {'cd' * 32}") as told:
        story.invoke("peter", "results.get", {"job_id": job_id})
    assert told.value.code == "result_in_file"
    assert story.invoke("peter", "results.purge", {"job_id": job_id})["purged_at"]


def test_a_result_on_the_ledger_can_not_be_kept_in_a_file(story):
    job_id = finished(story)
    for arguments, message in (({}, "needs its result"), ({"kept": kept(1, 5)}, "delivers results on the ledger")):
        with pytest.raises(Invalid, match=message):
            story.invoke("utility", "jobs.complete", {"job_id": job_id, **arguments})


def test_finished_groups_that_are_too_large_are_withheld_and_that_is_said(story):
    access = story.ready(max_result_bytes=20)
    early, job_id = story.submit(access), story.submit(access)
    for job in (early, job_id):
        story.accept(job)
    story.settle(early, 0, 30, "out_of_totem")
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 5, "out_of_totem")
    halt = {"job_id": job_id, "undelivered": kept(3, 21)}
    with pytest.raises(Refused, match="delivers nothing"):
        story.invoke("utility", "jobs.halt", {**halt, "job_id": early})
    with pytest.raises(Invalid, match="within the policy: deliver it"):
        story.invoke("utility", "jobs.halt", {**halt, "undelivered": kept(3, 20)})
    ended = story.invoke("utility", "jobs.halt", halt)
    assert ended == story.invoke("utility", "jobs.halt", halt)
    assert (ended["state"], ended["paid"], ended["result"]) == ("out_of_totem", 35, None)
    assert story.invoke("peter", "jobs.get", {"job_id": job_id})["undelivered"] == kept(3, 21)


@pytest.mark.parametrize(
    ("policy", "least", "message"),
    [
        ({"max_groups": 9}, {"least_lines": 10}, "at least 10 lines, the policy allows 9"),
        ({"max_result_bytes": 99}, {"least_bytes": 100}, "at least 100 bytes, the policy allows 99"),
        ({}, {"least_bytes": (32 << 20) + 1}, "at least 33554433 bytes, the policy allows 33554432"),
    ],
)
def test_a_job_whose_result_can_not_be_delivered_is_refused_before_it_costs_anything(story, policy, least, message):
    access = story.ready(**policy)
    before = story.audit()
    with pytest.raises(Refused, match=message) as refused:
        story.submit(access, source=toy_source(**least))
    assert refused.value.code == "result_limit"
    assert story.audit() == before


def test_a_result_in_a_file_has_no_least_size_that_is_too_much(story):
    job_id = story.submit(story.ready(delivery="file"), source=toy_source(least_bytes=1 << 40))
    assert story.invoke("peter", "jobs.get", {"job_id": job_id})["state"] == "submitted"
