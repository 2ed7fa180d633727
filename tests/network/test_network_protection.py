"""What protects the members of a consortium from one another, on both ledgers: each attempt has its refusal."""

import dataclasses
import json
import sys
import time
from contextlib import closing

import pytest

from tests.network.real_site import PEOPLE, SERVER, RealSite, until
from tests.totem.ledger.conftest import Site
from totem.ledger import CertificateAuthority, LedgerError, ProposalRefused, TransactionVoid
from totem.ledger.fabric import FabricLedger
from totem_chaincode.errors import Conflict, Forbidden, Refused
from totem_network import control, endorse, processes, server
from totem_network.lifecycle import wait_answering

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

TAMPERED = [sys.executable, str(SERVER), "tests.network.tampered:chaincode"]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    with closing(RealSite(tmp_path_factory.mktemp("protection") / "network", orderers=1)) as made:
        made.access = made.story.ready(100_000)
        yield made


@pytest.fixture(scope="module", params=["embedded", "fabric"])
def site(request, tmp_path_factory):
    if request.param == "fabric":
        yield request.getfixturevalue("real")
        return
    made = Site(tmp_path_factory.mktemp("embedded") / "ledger")
    made.access = made.story.ready(100_000)
    yield made
    made.ledger.close()


def running(site):
    job_id = site.story.submit(site.access, 100)
    site.story.accept(job_id)
    return job_id


def test_a_provider_does_not_post_more_than_was_reserved(site):
    job_id = running(site)
    before = site.story.audit()
    with pytest.raises(Refused, match="only 100 of the escrow are left") as refused:
        site.story.settle(job_id, 0, 101)
    assert refused.value.code == "escrow"
    assert site.story.audit() == before


def test_nobody_reads_anothers_result(site):
    job_id = running(site)
    for index in range(2):
        site.story.settle(job_id, index, 5)
    site.story.complete(job_id, "mine\n")
    assert "mine" in site.invoke("peter", "results.get", {"job_id": job_id})["result"]
    for person in ("paula", "grid", "admin"):
        with pytest.raises(Forbidden):
            site.invoke(person, "results.get", {"job_id": job_id})


def test_a_one_time_code_works_once_and_for_its_job_only(site):
    story = site.story
    first = story.submit(site.access, 100)
    code = story.invoke("utility", "access.code", {"job_id": first})["code"]
    second = story.submit(site.access, 100)
    with pytest.raises(Forbidden) as refused:
        story.invoke("utility", "jobs.accept", {"job_id": second}, {"code": code})
    assert refused.value.code == "one_time_code"
    story.invoke("utility", "jobs.accept", {"job_id": first}, {"code": code})
    with pytest.raises((Conflict, Forbidden)):
        story.invoke("utility", "jobs.accept", {"job_id": first}, {"code": code})
    source = story.invoke("peter", "jobs.source", {"job_id": first})["source"]
    args = {"source": source, "datasets": [{"dataset_id": "homes", "access_id": site.access[0]}], "totem": 100}
    transient = {"access_keys": {site.access[0]: site.access[1]}, "code": code}
    with pytest.raises(Conflict) as refused:
        story.invoke("peter", "jobs.submit", args, transient)
    assert refused.value.code == "one_time_code"


@pytest.mark.parametrize("msp_id", ["StrangerMSP", "Org2MSP"])
def test_a_strangers_organisation_gets_nowhere(site, msp_id):
    """Neither under a name of its own nor under a member's."""
    stranger = CertificateAuthority.create().issue("peter", msp_id, "consortium")
    ledger = site.ledger("admin") if callable(site.ledger) else site.ledger
    for run in (ledger.evaluate, ledger.submit):
        with pytest.raises(ProposalRefused) as refused:
            run(stranger, "accounts.issue", {"account": PEOPLE["peter"].id, "amount": 1, "reason": "x"})
        assert refused.value.code in {"organisation", "authority"}


def test_a_result_is_not_read_through_another_organisations_peer(real):
    job_id = running(real)
    for index in range(2):
        real.story.settle(job_id, index, 5)
    real.story.complete(job_id, "mine\n")
    network = real.network
    args = json.dumps({"job_id": job_id}).encode()

    def ask(person, organisation):
        return endorse.ask(
            network,
            network.organisation(organisation),
            network.chaincode.name,
            [b"results.get", args],
            identity=real.people[person],
        )

    status, _, payload = ask("peter", "org2")
    assert (status, b"mine" in payload) == (200, True)
    for person, organisation in (("paula", "org2"), ("paula", "org1"), ("grid", "org2"), ("admin", "org1")):
        status, said, payload = ask(person, organisation)
        assert status != 200
        assert "results.get is for" in said
        assert b"mine" not in payload
    status, said, payload = ask("peter", "org1")  # whom it belongs to, but at a peer that does not have it
    assert (status != 200, b"mine" in payload, "mine" in said) == (True, False, False)


@pytest.mark.parametrize("seconds", [-35, -25, 25, 35])
def test_a_time_that_is_wrong_by_more_than_thirty_seconds_is_refused(real, seconds):
    """The signed time is the contracts' only clock, and Fabric's peers take any: the chaincode's servers do not."""

    def wrong():
        return time.time_ns() // 1_000_000 + seconds * 1_000

    peter, height = real.people["peter"], real.ledger("peter").height()
    asked = "accounts.request", {"amount": 1, "reason": "another time"}
    with closing(FabricLedger(real.ledger("peter").profile, peter, clock=wrong)) as ledger:
        if abs(seconds) < 30:
            block = ledger.submit(peter, *asked).block
            assert abs(ledger.block(block).timestamp - wrong()) < 20_000, "it has the client's time"
            return
        for run, call in ((ledger.submit, asked), (ledger.evaluate, ("participants.get", {}))):
            with pytest.raises(
                ProposalRefused, match=r"by 3\d s \(at most 30 are accepted\): check the clock"
            ) as refused:
                run(peter, *call)
            assert refused.value.code == "stale"
    assert real.ledger("peter").height() == height


@pytest.fixture
def tampered(real):
    """Organisation 2 serves contracts of its own making, until the test is over."""
    network = real.network
    organisation = network.organisation("org2")
    node = network.chaincode.node(organisation)
    processes.stop(network.node_folder(node))
    server.start(network, organisation, dataclasses.replace(network.chaincode, command=TAMPERED))
    until(lambda: not endorse.problem_of(network, organisation, "qscc", [b"GetChainInfo", b"totem"]))
    wait_answering(network)
    yield real
    control.restart(network, control.programs(network), node)
    wait_answering(network)


def alone(real, organisation, reader):
    """A client that is content with its own organisation's endorsement."""
    profile = real.ledgers[organisation].profile
    own = profile.peers[0].msp_id
    alone = dataclasses.replace(profile, peers=profile.peers[:1], endorsers=(own,), endorsements=1)
    return FabricLedger(alone, reader)


def test_contracts_that_one_organisation_changed_commit_nothing(real, request):
    job_id = running(real)
    real.story.settle(job_id, 0, 10)
    before = real.story.audit()
    site = request.getfixturevalue("tampered")
    peter = site.people["peter"]
    ledger = alone(site, "org2", peter)
    try:
        # What its own peer endorses shows that its contracts would do it.
        draft = ledger.endorse(ledger.prepare(peter, "jobs.cancel", {"job_id": job_id}).signed_by(peter))
        assert json.loads(draft.answer)["state"] == "cancelled"
        with pytest.raises(TransactionVoid) as void:
            ledger.resume(draft.signed_by(peter), was_sent=False)
        assert void.value.code == "ENDORSEMENT_POLICY_FAILURE"
        # With the others' endorsements there is no agreement.
        with pytest.raises(LedgerError, match="do not match"):
            site.ledger("peter").submit(peter, "jobs.cancel", {"job_id": job_id})
        with pytest.raises(LedgerError, match="do not match"):
            site.story.settle(job_id, 1, 10)
    finally:
        ledger.close()
    assert real.story.audit() == before
    job = real.invoke("peter", "jobs.get", {"job_id": job_id})
    assert (job["state"], job["used"]) == ("running", 10)


def test_the_job_goes_on_with_honest_contracts(real):
    """After the test before: nothing of what was tried is left."""
    job_id = running(real)
    for index in range(2):
        real.story.settle(job_id, index, 10)
    real.story.complete(job_id)
    assert real.invoke("peter", "jobs.get", {"job_id": job_id})["paid"] == 20
    audits = []
    for organisation in real.network.organisations:
        status, _, payload = endorse.ask(
            real.network, organisation, "totem", [b"accounts.audit", b"{}"], identity=real.people["admin"]
        )
        assert status == 200
        audits.append(json.loads(payload))
    assert audits[0] == audits[1]
    assert audits[0]["balanced"]
