"""Fabric's own JavaScript client (@hyperledger/fabric-gateway) against TOTEM's contracts, on real peers."""

import json
from contextlib import closing

import pytest

from tests.interop.npm import steps
from tests.network.real_site import PEOPLE, RealSite
from totem_chaincode.testing import secret

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory, node):
    with closing(RealSite(tmp_path_factory.mktemp("interop") / "network", orderers=1)) as made:
        made.access = made.story.ready(100_000)
        yield made


@pytest.fixture
def run(site, node, tmp_path):
    """Run steps as a person, through a peer of the person's organisation; returns the outcomes."""

    def call(person, *asked):
        identity = site.people[person]
        profile = site.ledger(person).profile
        peer = next(each for each in profile.peers if each.msp_id == identity.msp_id)
        config = {
            "peer": peer.address,
            "tlsCa": peer.tls_ca.decode(),
            "mspId": identity.msp_id,
            "certificate": identity.certificate,
            "key": identity.key_pem(),
            "channel": profile.channel,
            "chaincode": profile.chaincode,
            "steps": asked,
        }
        return steps(node, config, tmp_path / "told.json")

    return call


def step(do, function, args=None, **more):
    return {"do": do, "function": function, "args": args or {}, **more}


def result(outcome):
    assert "result" in outcome, outcome
    return json.loads(outcome["result"])


def refusals(outcome):
    """Return the contract's errors that an outcome's details have, one for each endorser that said it."""
    said = [detail["message"] for detail in outcome["error"]["details"]]
    assert all(each.startswith("chaincode response 400, ") for each in said), said
    return [json.loads(each.removeprefix("chaincode response 400, ")) for each in said]


def test_it_evaluates_and_submits(run, site):
    before = site.story.available("peter")
    spend = {"to": PEOPLE["paula"].id, "amount": 3, "reason": "by JavaScript"}
    submitted, balance = run("peter", step("submit", "accounts.transfer", spend), step("evaluate", "accounts.balance"))
    assert result(submitted) == site.story.invoke("peter", "accounts.transfer", {**spend, "amount": 1}) | result(
        submitted
    )
    assert result(balance)["available"] == before - 3


def test_it_signs_elsewhere(run, site):
    before = site.story.available("peter")
    spend = {"to": PEOPLE["paula"].id, "amount": 5, "reason": "signed elsewhere"}
    (outcome,) = run("peter", step("offline", "accounts.transfer", spend))
    assert (outcome["result"]["successful"], outcome["result"]["code"]) == (True, 0)
    site.wait_for(outcome["result"]["block"])
    assert site.story.available("peter") == before - 5


def test_the_contracts_errors_arrive_with_their_texts(run, site):
    for function, args, kind, code in (
        ("nothing.at_all", {}, "not_found", "unknown_transaction"),
        ("accounts.issue", {}, "forbidden", "forbidden"),
        ("accounts.transfer", {"to": PEOPLE["paula"].id, "amount": 10**9, "reason": "x"}, "refused", "balance"),
    ):
        evaluated, submitted = run("peter", step("evaluate", function, args), step("submit", function, args))
        for outcome in (evaluated, submitted):
            said = refusals(outcome)
            assert said
            assert {(each["kind"], each["code"]) for each in said} == {(kind, code)}
        assert submitted["error"]["name"] == "EndorseError"


def test_it_reads_a_private_result_and_nobody_else_does(run, site):
    story = site.story
    job_id = story.submit(site.access, 100)
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id, '["planted-for-javascript",2]\n')
    asked = step("evaluate", "results.get", {"job_id": job_id})
    (own,) = run("peter", asked)
    assert "planted-for-javascript" in result(own)["result"]
    (other,) = run("paula", asked)
    assert "planted-for-javascript" not in json.dumps(other)
    assert {each["kind"] for each in refusals(other)} == {"forbidden"}


def test_it_hands_over_private_data(run, site):
    asked = {"dataset_id": "homes", "purpose": "by JavaScript"}
    (requested,) = run("peter", step("submit", "access.request", asked))
    access_id = result(requested)["access_id"]
    key = secret()
    grant = {"access_id": access_id, "seconds": 86_400, "quota": None}
    both = ["Org1MSP", "Org2MSP"]
    (granted,) = run("utility", step("submit", "access.grant", grant, transient={"access_key": key}, endorsers=both))
    assert result(granted)
    site.wait_for(site.ledger("utility").height() - 1)
    (told,) = run("peter", step("evaluate", "access.key", {"access_id": access_id}))
    assert result(told)["access_key"] == key
    blocks = [site.ledger("peter").block(number) for number in range(site.ledger("peter").height())]
    assert key not in repr(blocks)


def test_it_follows_events_from_a_checkpoint(run, site):
    start = site.ledger("peter").height()
    asked = [step("submit", "accounts.request", {"amount": amount, "reason": "x"}) for amount in (11, 12, 13)]
    *_, events = run("peter", *asked, {"do": "events", "from": start, "count": 3})
    assert [(name, payload["amount"]) for name, payload in events["result"]] == [
        ("accounts.requested", amount) for amount in (11, 12, 13)
    ]
