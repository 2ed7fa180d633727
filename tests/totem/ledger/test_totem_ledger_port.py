"""What every ledger behind the port does: one suite for all implementations."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from totem.ledger import Gateway, ProposalRefused
from totem_chaincode.contracts.sealed import INLINE_BYTES
from totem_chaincode.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.testing import PEOPLE, secret


def run_job(story, access, totem=100):
    job_id = story.submit(access, totem)
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id)
    return job_id


def test_a_job_runs_from_submission_to_its_result(site):
    job_id = run_job(site.story, site.story.ready())
    audit = site.story.audit()
    assert (audit["balanced"], audit["escrowed"]) == (True, 0)
    assert (audit["accounts"][PEOPLE["peter"].id], audit["accounts"][PEOPLE["utility"].id]) == (958, 42)
    assert site.invoke("peter", "results.get", {"job_id": job_id})["result"] == "[1,2]\n"
    assert site.ledger.verify().problem is None


def test_a_submission_says_where_it_is(site):
    before = site.ledger.height()
    submitted = site.ledger.submit(site.identity("admin"), "participants.found", {"table_approval": "all"})
    assert submitted.block == before
    assert site.ledger.height() == before + 1
    block = site.ledger.block(submitted.block)
    (record,) = block.transactions
    assert (record.tx_id, record.code, record.creator) == (submitted.tx_id, "VALID", PEOPLE["admin"].id)
    assert (record.function, record.args, record.event) == (
        "participants.found",
        {"table_approval": "all"},
        "participants.founded",
    )
    assert block.previous == site.ledger.block(submitted.block - 1).hash
    for number in (-1, 1 << 63, 10**30):
        with pytest.raises(LookupError, match=f"there is no block {number}"):
            site.ledger.block(number)
    with pytest.raises(LookupError, match="there is no block 99"):
        site.ledger.block(99)


def test_evaluate_keeps_nothing(site):
    before = site.ledger.height()
    answer = site.ledger.evaluate(site.identity("admin"), "participants.found", {"table_approval": "all"})
    assert answer["founded_by"] == PEOPLE["admin"].id
    assert site.ledger.height() == before
    with pytest.raises(Forbidden, match="not enrolled"):
        site.invoke("admin", "participants.get", {})


def test_a_gateway_is_the_ledger_for_one_identity(site):
    gateway = Gateway(site.ledger, site.identity("admin"))
    assert gateway.submit("participants.found", {"table_approval": "all"})["table_approval"] == "all"
    assert gateway.evaluate("participants.get", {})["role"] == "consortium"


@pytest.mark.parametrize(
    ("call", "kind", "code"),
    [
        (("peter", "nothing.at_all", {}), NotFound, "unknown_transaction"),
        (("peter", "accounts.issue", {}), Forbidden, "forbidden"),
        (("peter", "accounts.request", {"amount": -1, "reason": "x"}), Invalid, "invalid"),
        (("peter", "accounts.request", {"amount": 0.5, "reason": "x"}), Invalid, "invalid"),
        (("peter", "accounts.request", {"amount": 1, "reason": "x", "more": b"x"}), Invalid, "invalid"),
        (("peter", "datasets.get", {"dataset_id": "none"}), NotFound, "not_found"),
        (("admin", "participants.found", {"table_approval": "all"}), Conflict, "already_founded"),
        (("peter", "accounts.transfer", {"to": PEOPLE["paula"].id, "amount": 1, "reason": "x"}), Refused, "balance"),
    ],
)
def test_a_contracts_error_arrives_as_it_was_raised_and_changes_nothing(site, call, kind, code):
    site.story.found()
    before = site.ledger.height()
    person, function, args = call
    for run in (site.ledger.submit, site.ledger.evaluate):
        with pytest.raises(kind) as refused:
            run(site.identity(person), function, args)
        assert type(refused.value) is kind
        assert refused.value.code == code
    assert site.ledger.height() == before


def test_a_refused_program_changes_nothing_and_says_why(site):
    access = site.story.ready()
    before = site.ledger.height(), site.story.audit()
    with pytest.raises(Refused) as refused:
        site.story.submit(access, source="import os")
    assert refused.value.refusals[0]["code"] == "syntax"
    assert (site.ledger.height(), site.story.audit()) == before


def test_nothing_that_should_be_private_is_in_a_block(site):
    story = site.story
    access = story.ready()
    job_id = story.submit(access)
    code = site.invoke("utility", "access.code", {"job_id": job_id})["code"]
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id, '["planted-cell-value",2]\n')
    public = "".join(repr(site.ledger.block(number)) for number in range(site.ledger.height()))
    for planted in (access[1], code, "planted-cell-value", "PRIVATE KEY"):
        assert planted not in public
    assert "planted-cell-value" in site.invoke("peter", "results.get", {"job_id": job_id})["result"]
    with pytest.raises(Forbidden):
        site.invoke("paula", "results.get", {"job_id": job_id})
    with pytest.raises(Forbidden):
        site.invoke("utility", "results.get", {"job_id": job_id})


def test_events_are_replayed_from_any_block(site):
    site.story.found()
    everything = list(site.ledger.events())
    assert [event.name for event in everything] == ["participants.founded"] + ["participants.enrolled"] * 4
    assert [event.block for event in everything] == sorted(event.block for event in everything)
    assert everything[1].payload == {"participant": PEOPLE["utility"].id, "role": "provider"}
    middle = everything[2].block
    assert list(site.ledger.events(middle)) == [event for event in everything if event.block >= middle]
    assert list(site.ledger.events(site.ledger.height())) == []


def test_events_are_followed_until_told_to_stop(site):
    site.story.found()
    stop, seen = threading.Event(), []
    start = site.ledger.height()
    other = site.open()

    def follow():
        seen.extend(other.events(start, follow=True, stop=stop))

    follower = threading.Thread(target=follow)
    follower.start()
    for number in range(3):
        site.invoke("peter", "accounts.request", {"amount": number + 1, "reason": "x"})
    for _ in range(500):
        if len(seen) == 3:
            break
        stop.wait(0.01)
    stop.set()
    follower.join(5)
    assert [event.payload["amount"] for event in seen] == [1, 2, 3]
    assert not follower.is_alive()


@pytest.mark.slow
def test_concurrent_spenders_of_one_account_all_get_through(site):
    site.story.ready(1_000)
    args = {"to": PEOPLE["paula"].id, "amount": 1, "reason": "x"}
    with ThreadPoolExecutor(8) as pool:
        submitted = list(
            pool.map(lambda _: site.ledger.submit(site.identity("peter"), "accounts.transfer", args), range(32))
        )
    assert len({item.tx_id for item in submitted}) == 32
    assert (site.story.available("peter"), site.story.available("paula")) == (968, 32)


@pytest.mark.slow
def test_concurrent_jobs_settle_without_conflicts(site):
    access = site.story.ready()
    jobs = [site.story.submit(access, 50) for _ in range(6)]
    for job_id in jobs:
        site.story.accept(job_id)
    before = site.ledger.height()

    def run(job_id):
        site.story.settle(job_id, 0, 5)
        site.story.settle(job_id, 1, 6)
        return site.story.complete(job_id)["paid"]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(run, jobs)) == [11] * 6
    codes = [
        record.code
        for number in range(before, site.ledger.height())
        for record in site.ledger.block(number).transactions
    ]
    assert codes == ["VALID"] * 18
    assert site.story.available("utility") == 66


def test_two_ledger_objects_see_each_others_transactions(site):
    other = site.open()
    site.story.found()
    assert other.evaluate(site.identity("peter"), "participants.get", {})["state"] == "active"
    other.submit(site.identity("admin"), "participants.suspend", {"participant": PEOPLE["peter"].id, "reason": "x"})
    with pytest.raises(Forbidden, match="is suspended"):
        site.invoke("peter", "participants.get", {})
    assert other.height() == site.ledger.height()


def test_lists_are_paged(site):
    site.story.found()
    for number in range(5):
        site.invoke("peter", "accounts.request", {"amount": number + 1, "reason": "x"})
    amounts, bookmark = [], ""
    while True:
        page = site.invoke("peter", "accounts.requests", {"limit": 2, "bookmark": bookmark})
        assert len(page["requests"]) <= 2
        amounts += [item["amount"] for item in page["requests"]]
        bookmark = page["bookmark"]
        if not bookmark:
            break
    assert sorted(amounts) == [1, 2, 3, 4, 5]
    with pytest.raises(Invalid, match="limit"):
        site.invoke("peter", "accounts.requests", {"limit": 101})


def test_times_are_the_transactions_own(site):
    access = site.story.ready()
    job_id = site.story.submit(access, deadline_seconds=60)
    with pytest.raises(Refused, match="not passed yet"):
        site.invoke("utility", "jobs.expire", {"job_id": job_id})
    site.clock.ahead += 61_000
    assert site.invoke("utility", "jobs.expire", {"job_id": job_id})["state"] == "expired"


def test_a_certificate_of_another_authority_opens_nothing(site):
    site.story.found()
    forged = type(site.authority).create().issue("peter", "StavangerMSP", "consumer")
    for run in (site.ledger.submit, site.ledger.evaluate):
        with pytest.raises(ProposalRefused) as refused:
            run(forged, "participants.get", {})
        assert refused.value.code == "authority"


def test_a_renewed_certificate_is_the_same_participant(site):
    site.story.found()
    renewed = site.authority.issue("peter", "StavangerMSP", "consumer")
    assert site.ledger.evaluate(renewed, "participants.get", {})["participant"] == PEOPLE["peter"].id


def finished(story, access):
    """A job whose phases are all settled."""
    job_id = story.submit(access)
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    return job_id


def test_results_come_back_whole_up_to_what_private_data_may_carry(site):
    story = site.story
    job_id = finished(story, story.ready())
    result = "".join(f'["key \\u0000 é {number}",{number}]\n' for number in range(25_000))
    result += '"' * (INLINE_BYTES - len(result.encode()))
    with pytest.raises(Invalid):
        story.complete(job_id, result + "x")
    story.complete(job_id, result)
    assert site.invoke("peter", "results.get", {"job_id": job_id})["result"] == result
    site.invoke("peter", "results.purge", {"job_id": job_id})
    with pytest.raises(NotFound, match="purged"):
        site.invoke("peter", "results.get", {"job_id": job_id})


def test_a_sealed_result_is_told_its_consumer_only_until_it_is_purged(site):
    story = site.story
    job_id = finished(story, story.ready())
    told = story.sealed(job_id)
    assert told["recipient"] == hashlib.sha256(site.identity("peter").public_key).hexdigest()
    with pytest.raises(Invalid, match="the key to seal it to"):
        site.invoke("utility", "jobs.complete", {"job_id": job_id, "sealed": {**told, "recipient": "ab" * 32}})
    site.invoke("utility", "jobs.complete", {"job_id": job_id, "sealed": told})
    found = site.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["sealed"]["envelope"], found["result"]) == (told["envelope"], None)
    for person in ("paula", "utility"):
        with pytest.raises(Forbidden):
            site.invoke(person, "results.get", {"job_id": job_id})
    (kept,) = site.invoke("utility", "results.kept", {})["results"]
    assert kept["job_id"] == job_id
    site.invoke("peter", "results.purge", {"job_id": job_id})
    assert site.invoke("utility", "results.kept", {})["results"] == []
    with pytest.raises(NotFound, match="purged"):
        site.invoke("peter", "results.get", {"job_id": job_id})


def test_a_providers_key_is_on_the_ledger_when_it_has_published(site):
    site.story.ready()
    found = site.invoke("peter", "participants.get", {"participant": PEOPLE["utility"].id})
    assert bytes.fromhex(found["public_key"]) == site.identity("utility").public_key
    site.invoke("grid", "participants.announce_key", {})
    found = site.invoke("peter", "participants.get", {"participant": PEOPLE["grid"].id})
    assert bytes.fromhex(found["public_key"]) == site.identity("grid").public_key


def test_transient_data_are_for_the_contract_only(site):
    story = site.story
    story.found()
    story.publish("open-homes", approval="auto")
    key = secret()
    args = {"dataset_id": "open-homes", "purpose": "x"}
    granted = site.ledger.submit(site.identity("peter"), "access.request", args, {"access_key": key})
    assert key not in repr(site.ledger.block(granted.block))
    access_id = granted.result["access_id"]
    assert site.invoke("peter", "access.key", {"access_id": access_id})["access_key"] == key
    with pytest.raises(Invalid, match=r"transient\.access_key"):
        site.ledger.submit(site.identity("peter"), "access.request", args, {"access_key": "not a secret"})
    with pytest.raises(Invalid, match="unknown field 'other'"):
        site.ledger.submit(site.identity("peter"), "access.request", args, {"access_key": key, "other": "x"})
