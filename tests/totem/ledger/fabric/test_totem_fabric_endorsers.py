"""Who is asked to endorse: the own organisation, the others in turn, and whose private collections are written."""

import dataclasses

from totem.ledger.fabric import ConnectionProfile, FabricLedger, PeerAddress
from totem.ledger.fabric.endorsers import Endorsers, function_of, organisations_written
from totem.ledger.fabric.proposals import encode_call, prepare


def endorsers(*known, endorsements=0):
    peers = (PeerAddress("127.0.0.1:9", "A"),)
    return Endorsers(ConnectionProfile("totem", "totem", peers, endorsers=known, endorsements=endorsements))


def test_the_own_organisation_is_first_and_the_others_come_in_turn():
    made = endorsers("A", "B", "C", "D", endorsements=2)
    named = [tuple(made.choose("A", "x.y")) for _ in range(6)]
    assert {each[0] for each in named} == {"A"}
    assert sorted({each[1] for each in named}) == ["B", "C", "D"]
    assert len(made.choose("stranger", "x.y")) == 2


def test_whose_collection_is_written_is_asked_whoever_s_turn_it_is():
    made = endorsers("A", "B", "C", "D", endorsements=2)
    assert all(made.choose("A", "x.y", frozenset("D")) == ["A", "D"] for _ in range(6))
    assert all(made.choose("A", "x.y", frozenset("BD")) == ["A", "B", "D"] for _ in range(6))
    assert "E" in made.choose("A", "x.y", frozenset("E"))


def test_what_was_learned_of_a_function_is_asked_first_the_next_time():
    made = endorsers("A", "B", "C", "D", endorsements=2)
    made.learn("A", "jobs.submit", frozenset("C"))
    assert all(made.choose("A", "jobs.submit") == ["A", "C"] for _ in range(6))
    assert {made.choose("A", "jobs.accept")[1] for _ in range(6)} == {"B", "C", "D"}
    assert {made.choose("B", "jobs.submit")[1] for _ in range(6)} == {"A", "C", "D"}


def test_more_are_asked_once_as_many_as_the_profile_says_were_too_few():
    made = endorsers("A", "B", "C", "D", endorsements=2)
    # Of two calls that found out at the same moment the second one only asks again.
    assert made.ask_more(2)
    assert made.ask_more(2)
    assert len(made.choose("A", "x.y")) == 3
    assert made.ask_more(3)
    assert len(made.choose("A", "x.y")) == 4
    assert not made.ask_more(4)
    assert not endorsers().ask_more(1)


def test_where_the_peers_choose_nobody_is_named():
    made = endorsers()
    assert made.choose("A", "x.y", frozenset("B")) == []


def test_a_proposal_s_function_is_read_from_it(fabric):
    draft = prepare(fabric.people["admin"], "totem", "totem", encode_call("jobs.submit", {"a": 1}), timestamp=1)
    assert function_of(draft.to_sign) == "jobs.submit"


def test_a_transaction_tells_whose_collections_it_writes(fabric):
    ledger, admin = fabric.ledger, fabric.people["admin"]
    args = {"account": fabric.people["peter"].id, "amount": 5, "reason": "x"}
    draft = ledger.endorse(ledger.prepare(admin, "accounts.issue", args).signed_by(admin))
    assert organisations_written(draft.to_sign) == frozenset()


def test_a_job_is_endorsed_by_whose_collections_it_writes(fabric, monkeypatch):
    """The access key goes to the provider's organisation, the result to the consumer's: both must endorse."""
    members = tuple(fabric.network.members)
    profile = dataclasses.replace(fabric.profile, endorsers=members, endorsements=1)
    fabric.ledger = FabricLedger(profile, fabric.people["admin"], clock=fabric.clock)
    fabric.opened.insert(0, fabric.ledger)
    asked = {}
    choose = Endorsers.choose

    def spied(self, msp_id, function, needed=frozenset()):
        asked.setdefault(function, []).append(choose(self, msp_id, function, needed))
        return asked[function][-1]

    monkeypatch.setattr(Endorsers, "choose", spied)
    story = fabric.story
    story.agree_on_table()
    story.publish()
    story.fund("peter", 1_000)
    job_id = story.submit(story.grant(), 100)
    story.accept(job_id)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    story.complete(job_id, '["a",2]\n')
    provider, consumer = fabric.people["utility"].msp_id, fabric.people["peter"].msp_id
    assert provider != consumer
    assert {provider, consumer} <= set(asked["jobs.submit"][-1])
    assert consumer in asked["jobs.complete"][-1]
    assert asked["accounts.issue"] == [[fabric.people["admin"].msp_id]]
