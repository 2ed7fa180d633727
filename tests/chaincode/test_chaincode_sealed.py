"""Large results: sealed to the consumer's key, kept by the provider's store; the channel says where and for whom."""

import pytest

from totem_chaincode.canonical import encode
from totem_chaincode.contracts.results import KEPT_SECONDS, salted_hash
from totem_chaincode.contracts.sealed import INLINE_BYTES, key_id
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Conflict, Invalid, NotFound, Refused
from totem_chaincode.stub import Creator, composite_key, organisation_collection
from totem_chaincode.testing import PEOPLE, MemoryLedger, Story, ToyEvaluator, creator, secret, toy_source

MIB = 1 << 20


def finished(story, **policy):
    """A job whose phases are all settled."""
    job_id = story.submit(story.ready(**policy))
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    return job_id


def complete(story, job_id, **arguments):
    return story.invoke("utility", "jobs.complete", {"job_id": job_id, **arguments})


def private_value(memory, person, kind, *parts):
    collection = organisation_collection(PEOPLE[person].msp_id)
    return memory.state.private_value(collection, composite_key(kind, parts))


def test_a_sealed_result_pays_and_is_told_to_its_consumer_with_what_opens_it(story, memory):
    job_id = finished(story)
    told = story.sealed(job_id)
    ended = complete(story, job_id, sealed=told)
    assert (ended["state"], ended["paid"]) == ("completed", 42)
    found = story.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["result"], found["salt"], found["hash"], found["bytes"]) == (None, None, told["hash"], told["bytes"])
    wanted = ("format", "recipient", "envelope", "ciphertext", "ciphertext_bytes", "location")
    assert found["sealed"] == {name: told[name] for name in wanted}
    assert private_value(memory, "peter", "result", job_id) is None
    job = story.invoke("peter", "jobs.get", {"job_id": job_id})
    assert job["result"]["sealed"]["recipient"] == key_id(job["consumer_key"])
    assert bytes.fromhex(job["consumer_key"]) == b"key of peter@StavangerMSP"


def test_a_repetition_is_answered_alike_and_another_ciphertext_is_refused(story):
    job_id = finished(story)
    told = story.sealed(job_id)
    assert complete(story, job_id, sealed=told) == complete(story, job_id, sealed=told)
    for changed in ({"ciphertext": "ab" * 32}, {"hash": "ab" * 32}):
        with pytest.raises(Conflict, match="is completed"):
            complete(story, job_id, sealed={**told, **changed})
    with pytest.raises(Conflict, match="is completed"):
        story.complete(job_id)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"location": None}, "is in its provider's store"),
        ({"recipient": "ab" * 32}, "the key to seal it to is"),
        ({"format": "totem-sealed-2"}, "expected one of totem-sealed-1"),
        ({"envelope": "ee" * 64}, "not an envelope"),
        ({"envelope": "EE" * 145}, "not an envelope"),
        ({"location": "ftp://host/x"}, "not a store's location"),
        ({"location": "s3://key:secret@bucket"}, "not a store's location"),
        ({"location": "file:///a\nb"}, "not a store's location"),
        ({"location": "file:///" + "a" * 1_024}, "1 to 1024 bytes"),
        ({"location": "https://host/admin?x="}, "not a store's location"),
        ({"location": "https://host/admin#"}, "not a store's location"),
        ({"location": "file:///srv?x"}, "not a store's location"),
        ({"location": "s3://bucket/x?region=a#"}, "not a store's location"),
        ({"location": "s3://bucket/x?region=a?"}, "not a store's location"),
        ({"ciphertext_bytes": -1}, "is expected"),
        ({"ciphertext_bytes": 1 << 62}, "1000001 bytes are 1000272 when they are sealed"),
        ({"ciphertext_bytes": 1_000_271}, "1000001 bytes are 1000272 when they are sealed"),
    ],
)
def test_what_is_told_of_a_sealed_result_is_checked(story, changed, message):
    job_id = finished(story)
    with pytest.raises(Invalid, match=message):
        complete(story, job_id, sealed=story.sealed(job_id, **changed))
    assert story.invoke("peter", "jobs.get", {"job_id": job_id})["state"] == "running"


def test_a_result_is_told_in_one_way_only(story):
    job_id = finished(story)
    told, salt = story.sealed(job_id), secret()
    kept = {"hash": "aa" * 32, "lines": 2, "bytes": 9}
    for arguments, transient in (
        ({"sealed": told, "kept": kept}, {}),
        ({"sealed": told, "result_hash": "aa" * 32}, {}),
        ({"sealed": told}, {"result": "[1]\n", "salt": salt}),
        ({"sealed": told}, {"salt": salt}),
    ):
        with pytest.raises(Invalid, match="either in private data"):
            story.invoke("utility", "jobs.complete", {"job_id": job_id, **arguments}, transient)


def test_more_than_a_collection_should_carry_never_goes_into_private_data(story, memory):
    job_id = finished(story)
    quotes = '"' * INLINE_BYTES  # every one of them is two bytes in JSON
    for result in (quotes + '"', "é" * (INLINE_BYTES // 2 + 1)):
        with pytest.raises(Invalid):
            story.complete(job_id, result)
    salt = "ab" * 64
    args = {"job_id": job_id, "result_hash": salted_hash(salt, quotes.encode())}
    story.invoke("utility", "jobs.complete", args, {"result": quotes, "salt": salt})
    assert len(private_value(memory, "peter", "result", job_id)) < MIB
    assert len(encode(quotes)) > MIB
    found = story.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["result"], found["salt"], found["sealed"]) == (quotes, salt, None)


def test_the_policy_limits_sealed_results_too(story):
    job_id = finished(story, max_groups=2, max_result_bytes=2 * MIB)
    for changed, message in (({"lines": 3}, "3 lines, the policy allows 2"), ({"bytes": 2 * MIB + 1}, "2097153 bytes")):
        with pytest.raises(Refused, match=message) as refused:
            complete(story, job_id, sealed=story.sealed(job_id, **changed))
        assert refused.value.code == "result_limit"
    assert complete(story, job_id, sealed=story.sealed(job_id, 2 * MIB))["state"] == "completed"


def test_where_the_policy_says_file_nothing_is_sealed(story):
    job_id = finished(story, delivery="file")
    with pytest.raises(Invalid, match="delivers results in files"):
        complete(story, job_id, sealed=story.sealed(job_id))


def test_a_policy_may_let_out_far_more_than_the_usual_limit(story):
    job_id = story.submit(story.ready(max_result_bytes=1 << 40), source=toy_source(least_bytes=1 << 40))
    assert story.invoke("peter", "jobs.get", {"job_id": job_id})["policy"]["max_result_bytes"] == 1 << 40


def test_finished_groups_of_a_halted_job_can_be_sealed(story):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 5, "out_of_totem")
    halt = {"job_id": job_id, "sealed": story.sealed(job_id)}
    ended = story.invoke("utility", "jobs.halt", halt)
    assert ended == story.invoke("utility", "jobs.halt", halt)
    assert (ended["state"], ended["result"]["partial"]) == ("out_of_totem", True)
    assert ended["result"]["sealed"]["ciphertext"] == "cc" * 32


def test_a_halted_job_without_finished_groups_seals_nothing(story):
    job_id = story.submit(story.ready())
    story.accept(job_id)
    story.settle(job_id, 0, 30, "out_of_totem")
    with pytest.raises(Refused, match="delivers nothing"):
        story.invoke("utility", "jobs.halt", {"job_id": job_id, "sealed": story.sealed(job_id)})


def test_kept_results_are_listed_to_their_provider_until_they_are_purged(story, memory):
    access = story.ready()
    jobs = []
    for sealed in (False, True):
        job_id = story.submit(access)
        story.accept(job_id)
        story.settle(job_id, 0, 3)
        story.settle(job_id, 1, 2)
        if sealed:
            complete(story, job_id, sealed=story.sealed(job_id))
        else:
            story.complete(job_id)
        jobs.append(job_id)
        memory.now += 1_000

    def kept(person="utility", **page):
        found = story.invoke(person, "results.kept", page)
        return [item["job_id"] for item in found["results"]], found["bookmark"]

    assert kept() == (jobs, "")
    assert kept("grid") == ([], "")
    first, bookmark = kept(limit=1)
    assert first == jobs[:1]
    assert kept(limit=1, bookmark=bookmark)[0] == jobs[1:]
    for job_id in jobs:
        with pytest.raises(Refused, match="until it expires"):
            story.invoke("utility", "results.purge", {"job_id": job_id})
    story.invoke("peter", "results.purge", {"job_id": jobs[1]})
    assert memory.events[-1] == (
        "results.purged",
        {"job_id": jobs[1], "provider": "utility@UtilityMSP", "by": "peter@StavangerMSP"},
    )
    with pytest.raises(NotFound, match="is purged"):
        story.invoke("peter", "results.get", {"job_id": jobs[1]})
    memory.now += KEPT_SECONDS * 1_000
    story.invoke("utility", "results.purge", {"job_id": jobs[0]})
    assert kept() == ([], "")
    assert private_value(memory, "peter", "result", jobs[0]) is None


@pytest.fixture
def keyless():
    """A consumer whose certificate has a key to which nothing can be sealed."""
    memory = MemoryLedger(Chaincode(ToyEvaluator()))

    def invoke(person, function, args, transient=None):
        who = creator(person, PEOPLE[person].msp_id, PEOPLE[person].role)
        if person in ("peter", "grid"):
            who = Creator(who.msp_id, who.common_name, who.attributes, who.certificate, b"")
        return memory.invoke(who, function, args, transient)

    return Story(invoke)


def test_a_consumer_without_a_p256_key_gets_what_fits_private_data(keyless):
    access = keyless.ready()
    with pytest.raises(Refused, match=f"the policy allows {INLINE_BYTES}"):
        keyless.submit(access, source=toy_source(least_bytes=INLINE_BYTES + 1))
    job_id = keyless.submit(access)
    job = keyless.invoke("peter", "jobs.get", {"job_id": job_id})
    assert (job["consumer_key"], job["policy"]["max_result_bytes"]) == (None, INLINE_BYTES)
    keyless.accept(job_id)
    keyless.settle(job_id, 0, 30)
    keyless.settle(job_id, 1, 12)
    kept = {"hash": "aa" * 32, "lines": 2, "bytes": INLINE_BYTES + 1}
    ended = keyless.fail(job_id, "program", {"kind": "result_limit", "line": None}, kept)
    assert (ended["state"], ended["paid"]) == ("failed", 42)


def test_publishing_announces_the_key_and_a_new_certificate_changes_it(story, memory):
    story.found()
    story.agree_on_table()

    def key_of(person):
        return story.invoke("peter", "participants.get", {"participant": PEOPLE[person].id})["public_key"]

    assert key_of("utility") is None
    story.publish()
    assert bytes.fromhex(key_of("utility")) == b"key of utility@UtilityMSP"
    renewed = Creator("UtilityMSP", "utility", {"role": "provider"}, b"renewed", b"new key")
    for _ in range(2):
        record = memory.invoke(renewed, "participants.announce_key", {})
        assert bytes.fromhex(record["public_key"]) == b"new key"
    assert bytes.fromhex(key_of("utility")) == b"new key"
    story.invoke("utility", "datasets.revise", {"dataset_id": "homes", **story.metadata()})
    assert bytes.fromhex(key_of("utility")) == b"key of utility@UtilityMSP"
    story.invoke("paula", "participants.announce_key", {})
    assert bytes.fromhex(key_of("paula")) == b"key of paula@PortoMSP"


def test_a_key_to_which_nothing_can_be_sealed_is_not_announced(keyless):
    keyless.found()
    with pytest.raises(Refused, match="ECDSA P-256 keys only"):
        keyless.invoke("grid", "participants.announce_key", {})
    keyless.invoke("grid", "datasets.publish", {"dataset_id": "homes", **keyless.metadata()})
    assert keyless.invoke("grid", "participants.get", {})["public_key"] is None
