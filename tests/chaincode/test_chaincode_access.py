"""Access, private data and results: keys, codes, receipts and results reach only whom they are for."""

import pytest

from totem_chaincode import canonical
from totem_chaincode.contracts.results import KEPT_SECONDS, salted_hash
from totem_chaincode.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.stub import PrivateDataUnavailable
from totem_chaincode.testing import creator, secret

PETER = creator("peter", "StavangerMSP", "consumer")


def everything_public(memory):
    rows = b"".join(key.encode() + value for key, (value, _) in memory.state.rows.items())
    return rows + repr(memory.events).encode()


def test_a_request_waits_for_the_provider_unless_the_policy_approves_automatically(story):
    story.found()
    story.publish("homes")
    story.publish("open-homes", approval="auto", grant_seconds=60, grant_quota=50)
    request = {"dataset_id": "homes", "purpose": "peak hour"}
    assert story.invoke("peter", "access.request", request)["state"] == "requested"
    with pytest.raises(Refused, match="give a random access key"):
        story.invoke("peter", "access.request", request | {"dataset_id": "open-homes"})
    key = secret()
    granted = story.invoke("peter", "access.request", request | {"dataset_id": "open-homes"}, {"access_key": key})
    assert (granted["state"], granted["quota"]) == ("granted", 50)
    assert granted["expires_at"] == granted["requested_at"] + 60_000
    assert story.invoke("peter", "access.key", {"access_id": granted["access_id"]})["access_key"] == key


def test_keys_codes_results_and_receipts_are_never_in_the_clear_on_the_channel(story, memory):
    access = story.ready()
    job_id = story.submit(access)
    code = story.invoke("utility", "access.code", {"job_id": job_id})["code"]
    story.accept(job_id)
    story.settle(job_id, 0, 30, records_out=7_654_321 - 7_654_320)
    story.settle(job_id, 1, 12)
    story.complete(job_id, '["planted-cell-value",2]\n')
    public = everything_public(memory)
    for planted in (access[1], code, "planted-cell-value", "records_out", '"blocks"'):
        assert planted.encode() not in public
    collections = {collection for collection, _ in memory.state.private}
    assert collections == {"_implicit_org_StavangerMSP", "_implicit_org_UtilityMSP"}
    results = [value for value, key, _ in memory.state.private.values() if b"planted" in value]
    assert len(results) == 1


def test_a_grant_is_checked_whole(story, memory):
    access_id, key = story.ready()
    story.publish("more-homes")
    with pytest.raises(Forbidden, match="the access key is wrong"):
        story.submit((access_id, secret()))
    with pytest.raises(Invalid, match="access_keys"):
        story.submit((access_id, "short"))
    with pytest.raises(Forbidden, match="is no grant of more-homes"):
        story.submit((access_id, key), dataset_id="more-homes")
    args = {"dataset_id": "homes", "purpose": "x"}
    waiting = story.invoke("peter", "access.request", args)["access_id"]
    with pytest.raises(Forbidden, match="not answered yet"):
        story.submit((waiting, key))
    of_paula = story.grant(consumer="paula")
    with pytest.raises(Forbidden, match="is no grant of homes to peter"):
        story.submit(of_paula)
    story.submit((access_id, key))
    memory.now += 86_400_000
    with pytest.raises(Forbidden, match="has expired"):
        story.submit((access_id, key))


def test_a_revoked_grant_opens_nothing_any_more(story):
    access = story.ready()
    story.invoke("utility", "access.revoke", {"access_id": access[0], "reason": "misuse"})
    with pytest.raises(Forbidden, match="revoked: misuse"):
        story.submit(access)
    with pytest.raises(Conflict, match="is revoked, not granted"):
        story.invoke("utility", "access.revoke", {"access_id": access[0], "reason": "x"})


def test_a_denied_request_is_answered_for_good(story):
    story.ready()
    access_id = story.invoke("paula", "access.request", {"dataset_id": "homes", "purpose": "x"})["access_id"]
    story.invoke("utility", "access.deny", {"access_id": access_id, "reason": "no"})
    with pytest.raises(Conflict, match="is denied, not requested"):
        story.invoke("utility", "access.grant", {"access_id": access_id, "seconds": 5}, {"access_key": secret()})
    with pytest.raises(NotFound, match="not granted"):
        story.invoke("paula", "access.key", {"access_id": access_id})
    assert [item["state"] for item in story.invoke("paula", "access.list", {})["access"]] == ["denied"]
    assert story.invoke("utility", "access.list", {"state": "requested"})["access"] == []


def test_a_quota_is_what_all_jobs_of_the_grant_may_cost_together(story):
    story.ready()
    access = story.grant(quota=150)

    def left():
        return story.invoke("peter", "access.get", {"access_id": access[0]})["quota_left"]

    first = story.submit(access, 100)
    with pytest.raises(Refused, match="50 totem of its quota left, the job asks for 100") as refused:
        story.submit(access, 100)
    assert refused.value.code == "quota"
    second = story.submit(access, 50)
    assert left() == 0
    story.accept(first)
    story.settle(first, 0, 30, "out_of_totem")
    story.halt(first)
    story.invoke("peter", "jobs.cancel", {"job_id": second})
    assert left() == 120
    story.submit(access, 120)


def test_only_a_peer_of_the_consumer_has_the_result(story, memory):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id)
    memory.peer_msp = "UtilityMSP"
    with pytest.raises(PrivateDataUnavailable):
        memory.invoke(PETER, "results.get", {"job_id": job_id})
    memory.peer_msp = "StavangerMSP"
    found = memory.invoke(PETER, "results.get", {"job_id": job_id})
    assert found["hash"] == salted_hash(found["salt"], found["result"].encode())
    assert found["bytes"] == len(found["result"])


def test_the_bill_is_recomputed_from_receipts_that_both_parties_have(story):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id)
    bills = [story.invoke(person, "results.bill", {"job_id": job_id}) for person in ("peter", "utility")]
    assert bills[0] == bills[1]
    assert (bills[0]["used"], bills[0]["paid"], bills[0]["returned"]) == (42, 42, 58)
    assert sum(row["totem"] for row in bills[0]["bill"]) == 42
    digests = [phase["digest"] for phase in story.invoke("peter", "jobs.get", {"job_id": job_id})["settled"]]
    receipts = story.invoke("utility", "results.receipts", {"job_id": job_id})["receipts"]
    assert digests == [salted_hash(item["salt"], canonical.encode(item["receipt"])) for item in receipts]


def test_a_wrong_result_hash_is_refused(story):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    args = {"job_id": job_id, "result_hash": "0" * 64}
    with pytest.raises(Invalid, match="not the salted hash"):
        story.invoke("utility", "jobs.complete", args, {"result": "[1,2]\n", "salt": secret()})


def test_a_result_is_purged_by_its_consumer_or_when_it_has_expired(story, memory):
    access = story.ready()
    jobs = [story.submit(access), story.submit(access)]
    for job_id in jobs:
        story.accept(job_id)
        story.settle(job_id, 0, 30)
        story.settle(job_id, 1, 12)
        story.complete(job_id, '["planted",2]\n')
    with pytest.raises(Refused, match="until it expires"):
        story.invoke("utility", "results.purge", {"job_id": jobs[0]})
    story.invoke("peter", "results.purge", {"job_id": jobs[0]})
    with pytest.raises(NotFound, match="purged"):
        story.invoke("peter", "results.get", {"job_id": jobs[0]})
    with pytest.raises(Conflict, match="purged already"):
        story.invoke("peter", "results.purge", {"job_id": jobs[0]})
    memory.now += KEPT_SECONDS * 1_000
    story.invoke("utility", "results.purge", {"job_id": jobs[1]})
    assert not any(b"planted" in value for value, _, _ in memory.state.private.values())
