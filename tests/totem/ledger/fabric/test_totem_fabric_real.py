"""The Fabric ledger on real peers and orderers."""

import base64
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.network.real_site import PEOPLE, RealSite, until
from totem.ledger import CertificateAuthority, ProposalRefused
from totem_chaincode.contracts.sealed import INLINE_BYTES
from totem_chaincode.errors import Forbidden, Invalid, NotFound, Refused
from totem_chaincode.testing import JointStory

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    state = tmp_path_factory.mktemp("fabric") / "network"
    with closing(RealSite(state)) as made:
        made.access = made.story.ready(100_000)
        yield made


@pytest.mark.sample
def test_a_job_runs_to_its_private_result_on_real_peers(real):
    story = real.story
    before = story.available("peter")
    job_id = story.submit(real.access, 100)
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id, '["planted-cell-value",2]\n')
    assert story.available("peter") == before - 42
    assert "planted-cell-value" in real.invoke("peter", "results.get", {"job_id": job_id})["result"]
    with pytest.raises(Forbidden):
        real.invoke("paula", "results.get", {"job_id": job_id})
    ledger = real.ledger("grid")
    assert "planted-cell-value" not in "".join(repr(ledger.block(number)) for number in range(ledger.height()))
    report = ledger.verify()
    assert (report.problem, report.blocks) == (None, ledger.height())
    assert ledger.verify(real.ledger("admin").block(2).hash).problem is None
    assert story.audit()["balanced"]


@pytest.mark.sample
def test_results_are_private_up_to_one_megabyte_and_sealed_beyond_on_real_peers(real):
    story, jobs = real.story, []
    for _ in range(2):
        job_id = story.submit(real.access, 100)
        story.accept(job_id)
        story.settle(job_id, 0, 30)
        story.settle(job_id, 1, 12)
        jobs.append(job_id)
    small, large = jobs
    result = '"' * INLINE_BYTES
    with pytest.raises(Invalid, match="1000000 bytes"):
        story.complete(large, result + '"')
    story.complete(small, result)
    assert real.invoke("peter", "results.get", {"job_id": small})["result"] == result
    told = story.sealed(large)
    assert told["recipient"] == hashlib.sha256(real.people["peter"].public_key).hexdigest()
    real.invoke("utility", "jobs.complete", {"job_id": large, "sealed": told})
    found = real.invoke("peter", "results.get", {"job_id": large})
    assert (found["sealed"]["envelope"], found["result"]) == (told["envelope"], None)
    kept = [item["job_id"] for item in real.invoke("utility", "results.kept", {})["results"]]
    assert set(jobs) <= set(kept)
    for job_id in jobs:
        real.invoke("peter", "results.purge", {"job_id": job_id})
        with pytest.raises(NotFound, match="purged"):
            real.invoke("peter", "results.get", {"job_id": job_id})


@pytest.mark.sample
def test_a_joint_job_of_two_organisations_runs_on_real_peers(real):
    joint = JointStory(real.invoke)
    joint.people = real.story.people
    before = {person: joint.available(person) for person in ("peter", "utility", "grid")}
    job_id = joint.submit_joint(joint.publish_each(), 90, combining="utility")
    first, second = f"{job_id}-1", f"{job_id}-2"
    joint.accept_part(second)
    joint.invoke("grid", "joint.dry", {"job_id": second, "used": 30, "needs": 5})
    joint.run_data(first, 7)
    assert joint.invoke("utility", "joint.redistribute", {"job_id": job_id})["to"] == second
    joint.settle_data(second, 40)
    joint.deliver(second, "planted-partial-group\n")
    content = joint.invoke("utility", "joint.partials", {"job_id": second})["content"]
    assert base64.b64decode(content) == joint.ciphertext("planted-partial-group\n")
    with pytest.raises(Forbidden):
        joint.invoke("grid", "joint.partials", {"job_id": second})
    joint.combine(job_id, 6)
    with pytest.raises(NotFound, match="purged"):
        joint.invoke("utility", "joint.partials", {"job_id": second})
    assert joint.invoke("peter", "results.get", {"job_id": job_id})["missing"] == []
    after = {person: joint.available(person) - before[person] for person in before}
    assert after == {"peter": -53, "utility": 13, "grid": 40}
    ledger = real.ledger("peter")
    assert "planted-partial-group" not in "".join(repr(ledger.block(number)) for number in range(ledger.height()))
    assert joint.audit()["balanced"]


def test_what_another_organisation_ends_is_purged_by_the_one_that_combines(real):
    joint = JointStory(real.invoke)
    joint.people = real.story.people
    for provider in ("utility", "grid"):
        joint.publish(f"more-{provider}", provider, combining_providers="any")
    access = {name: joint.grant(f"more-{name}", provider=name) for name in ("utility", "grid")}
    args, transient = joint.asked(access, 90, combining="utility")
    for item in args["datasets"]:
        item["dataset_id"] = item["dataset_id"].replace("homes", "more")
    job_id = joint.invoke("peter", "joint.submit", args, transient)["job_id"]
    joint.run_data(f"{job_id}-2", 7)
    assert joint.invoke("peter", "jobs.cancel", {"job_id": job_id})["state"] == "cancelled"
    left = {"job_id": f"{job_id}-2"}
    assert left["job_id"] in [item["job_id"] for item in joint.invoke("utility", "results.kept", {})["results"]]
    joint.invoke("utility", "results.purge", left)
    assert left["job_id"] not in [item["job_id"] for item in joint.invoke("utility", "results.kept", {})["results"]]


def test_real_peers_errors_arrive_as_the_contracts_raised_them(real):
    for call, kind, code in (
        (("peter", "nothing.at_all", {}), NotFound, "unknown_transaction"),
        (("peter", "accounts.issue", {}), Forbidden, "forbidden"),
        (("peter", "accounts.request", {"amount": -1, "reason": "x"}), Invalid, "invalid"),
        (
            ("peter", "accounts.transfer", {"to": PEOPLE["paula"].id, "amount": 10**9, "reason": "x"}),
            Refused,
            "balance",
        ),
    ):
        person, function, args = call
        for run in (real.ledger(person).submit, real.ledger(person).evaluate):
            with pytest.raises(kind) as refused:
                run(real.people[person], function, args)
            assert refused.value.code == code
    forged = CertificateAuthority.create().issue("peter", "Org2MSP", "consumer")
    for run in (real.ledger("peter").submit, real.ledger("peter").evaluate):
        with pytest.raises(ProposalRefused) as denied:
            run(forged, "participants.get", {})
        assert denied.value.code == "authority"


def test_concurrent_spenders_of_one_account_all_get_through_on_real_peers(real):
    before = real.story.available("peter"), real.story.available("paula")
    assert len(real.transfer(12, 6)) == 12
    real.wait_for(real.ledger("peter").height() - 1)
    assert (real.story.available("peter"), real.story.available("paula")) == (before[0] - 12, before[1] + 12)


def test_events_are_followed_on_real_peers(real):
    stop, seen = threading.Event(), []
    ledger = real.ledger("peter")
    start = ledger.height()
    everything = list(ledger.events())
    assert everything[0].name == "participants.founded"

    def follow():
        seen.extend(ledger.events(start, follow=True, stop=stop))

    follower = threading.Thread(target=follow)
    follower.start()
    for number in range(3):
        real.invoke("peter", "accounts.request", {"amount": number + 1, "reason": "x"})
    end = time.monotonic() + 10
    while len(seen) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    stop.set()
    follower.join(5)
    assert not follower.is_alive()
    assert [event.payload["amount"] for event in seen] == [1, 2, 3]
    assert list(ledger.events(start)) == seen


@pytest.mark.parametrize("what", ["leader", "peer.org2", "peer.org1", "totem.org1"])
def test_nothing_is_lost_or_done_twice_when_a_node_dies(real, what):
    amounts = iter(range(1, 21))
    lock = threading.Lock()
    peter, ledger = real.people["peter"], real.ledger("peter")
    start = ledger.height()

    def ask(_):
        with lock:
            amount = next(amounts)
        return ledger.submit(peter, "accounts.request", {"amount": amount, "reason": "fault"})

    if what == "leader":
        what = next(line.split()[0] for line in real.call("status").splitlines() if "leader" in line)
    with ThreadPoolExecutor(20) as pool:
        pending = [pool.submit(ask, number) for number in range(20)]
        real.call("kill", what)
        time.sleep(1)
        real.call("restart", what)
        acknowledged = [each.result() for each in pending]
    # A peer that was away may answer before it has the blocks that another one has acknowledged meanwhile.
    until(lambda: ledger.height() > max(each.block for each in acknowledged), 60)
    events = [event for event in ledger.events(start) if event.name == "accounts.requested"]
    assert sorted(event.tx_id for event in events) == sorted(each.tx_id for each in acknowledged)
    assert sorted(event.payload["amount"] for event in events) == list(range(1, 21))
    assert ledger.verify().problem is None
