"""Jobs that are declined, cancelled, expire or come too late: who pays what, and who may still do what."""

import pytest

from tests.chaincode.job_money import money, running
from totem_chaincode.errors import Conflict, Invalid, Refused
from totem_chaincode.job_states import GRACE_SECONDS


def test_cancel_before_accept_returns_everything(story):
    job_id = story.submit(story.ready())
    assert story.invoke("peter", "jobs.cancel", {"job_id": job_id})["state"] == "cancelled"
    assert money(story) == {"peter": 1_000, "utility": 0, "escrowed": 0}


def test_cancel_of_a_running_job_pays_what_was_used(story):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    assert story.invoke("peter", "jobs.cancel", {"job_id": job_id})["state"] == "cancelling"
    assert story.settle(job_id, 1, 5, "cancelled")["reason"] == "cancelled"
    ended = story.halt(job_id)
    assert (ended["state"], ended["paid"], ended["returned"]) == ("cancelled", 35, 65)


def test_a_job_whose_last_phase_was_done_before_the_cancel_was_seen_still_delivers(story):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    story.invoke("peter", "jobs.cancel", {"job_id": job_id})
    assert story.settle(job_id, 1, 5)["reason"] == "finished"
    assert story.complete(job_id)["state"] == "completed"


def test_a_finished_job_is_not_halted_as_cancelled(story):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 5)
    story.invoke("peter", "jobs.cancel", {"job_id": job_id})
    with pytest.raises(Conflict, match="its last settlement says 'finished'"):
        story.halt(job_id)
    assert story.complete(job_id)["state"] == "completed"


def test_nobody_else_ends_a_phase_as_cancelled(story):
    job_id = running(story)
    with pytest.raises(Conflict, match="not cancelled by its consumer"):
        story.settle(job_id, 0, 30, "cancelled")


def expire(story, job_id):
    return story.invoke("peter", "jobs.expire", {"job_id": job_id})


def test_a_running_job_expires_after_the_deadline_and_pays_what_was_used(story, memory):
    job_id = running(story, deadline_seconds=60)
    story.settle(job_id, 0, 30)
    memory.now += 59_999
    with pytest.raises(Refused, match="not passed yet"):
        expire(story, job_id)
    memory.now += 1
    assert expire(story, job_id)["state"] == "expired"
    assert money(story) == {"peter": 970, "utility": 30, "escrowed": 0}
    with pytest.raises(Conflict):
        story.settle(job_id, 1, 5)


@pytest.mark.parametrize(("late", "paid"), [(-1, 30), (0, 0)])
def test_a_job_that_its_provider_left_alone_for_the_grace_returns_everything(story, memory, late, paid):
    job_id = running(story, deadline_seconds=60)
    story.settle(job_id, 0, 30)
    memory.now += 60_000 + GRACE_SECONDS * 1_000 + late
    assert expire(story, job_id)["paid"] == paid
    assert money(story) == {"peter": 1_000 - paid, "utility": paid, "escrowed": 0}


def test_a_cancelled_job_that_expires_pays_what_was_used(story, memory):
    job_id = running(story, deadline_seconds=60)
    story.settle(job_id, 0, 30)
    story.invoke("peter", "jobs.cancel", {"job_id": job_id})
    memory.now += 60_000
    assert expire(story, job_id)["paid"] == 30


def test_a_job_that_was_never_accepted_expires_for_nothing(story, memory):
    job_id = story.submit(story.ready(), deadline_seconds=60)
    memory.now += 60_000
    assert expire(story, job_id)["returned"] == 100


def test_a_finished_job_does_not_expire_before_its_delivery_is_overdue(story, memory):
    access = story.ready()
    late, lost = (story.submit(access, deadline_seconds=60) for _ in range(2))
    for job_id in (late, lost):
        story.accept(job_id)
        story.settle(job_id, 0, 30)
        story.settle(job_id, 1, 12)
    memory.now += 60_000
    with pytest.raises(Refused, match="is finished: its provider has until 3600 seconds after"):
        expire(story, late)
    assert story.complete(late)["paid"] == 42
    memory.now += GRACE_SECONDS * 1_000
    assert expire(story, lost)["paid"] == 0


def test_a_deadline_is_a_minute_away_at_least(story):
    access = story.ready()
    with pytest.raises(Invalid, match="deadline_seconds"):
        story.submit(access, deadline_seconds=59)
    story.submit(access, deadline_seconds=60)


def test_a_job_past_its_deadline_is_not_accepted(story, memory):
    job_id = story.submit(story.ready(), deadline_seconds=60)
    memory.now += 60_000
    with pytest.raises(Refused, match="can only expire"):
        story.accept(job_id)


def test_decline_gives_the_reason_and_returns_everything(story):
    job_id = story.submit(story.ready())
    ended = story.invoke("utility", "jobs.decline", {"job_id": job_id, "reason": "maintenance"})
    assert (ended["state"], ended["reason"], ended["returned"]) == ("declined", "maintenance", 100)
