"""Accounts: requests and their answers, statements, who sees what."""

import pytest

from totem_chaincode.errors import Conflict, Forbidden, Invalid, NotFound
from totem_chaincode.testing import PEOPLE

PETER, PAULA = PEOPLE["peter"].id, PEOPLE["paula"].id


def ask(story, person="peter", amount=50):
    return story.invoke(person, "accounts.request", {"amount": amount, "reason": "a study"})["request_id"]


def issue(story, request_id, account=PETER, amount=50):
    args = {"account": account, "amount": amount, "reason": "paid", "reference": "invoice 7", "request_id": request_id}
    return story.invoke("admin", "accounts.issue", args)


def test_a_request_is_answered_once(story):
    story.found()
    first, second = ask(story), ask(story)
    assert issue(story, first)["reference"] == "invoice 7"
    story.invoke("admin", "accounts.decline", {"request_id": second, "reason": "too much"})
    for again in (first, second):
        with pytest.raises(Conflict, match="already"):
            issue(story, again)
        with pytest.raises(Conflict, match="already"):
            story.invoke("admin", "accounts.decline", {"request_id": again, "reason": "x"})
    states = {item["request_id"]: item["state"] for item in story.invoke("peter", "accounts.requests", {})["requests"]}
    assert states == {first: "issued", second: "declined"}
    assert story.available("peter") == 50


def test_a_request_is_answered_to_who_asked(story):
    story.found()
    with pytest.raises(Invalid, match="is of peter@StavangerMSP"):
        issue(story, ask(story), account=PAULA)
    with pytest.raises(NotFound):
        issue(story, None, account="no@NoMSP")


def test_requests_of_others_are_for_the_consortium(story):
    story.found()
    ask(story, "peter", 1)
    ask(story, "utility", 2)
    amounts = {
        person: sorted(item["amount"] for item in story.invoke(person, "accounts.requests", {})["requests"])
        for person in ("peter", "utility", "paula", "admin")
    }
    assert amounts == {"peter": [1], "utility": [2], "paula": [], "admin": [1, 2]}


def test_an_account_is_seen_by_its_owner_and_the_consortium(story):
    story.ready(500)
    for function in ("accounts.balance", "accounts.statement"):
        assert story.invoke("admin", function, {"account": PETER})["account"] == PETER
        with pytest.raises(Forbidden, match="only its owner and the consortium"):
            story.invoke("paula", function, {"account": PETER})
        with pytest.raises(NotFound):
            story.invoke("admin", function, {"account": "no@NoMSP"})


def test_a_statement_tells_every_movement_newest_first(story, memory):
    access = story.ready(500)
    memory.now += 1_000
    job_id = story.submit(access, 100)
    story.accept(job_id)
    story.settle(job_id, 0, 30, "out_of_totem")
    memory.now += 1_000
    story.halt(job_id)
    memory.now += 1_000
    story.invoke("peter", "accounts.transfer", {"to": PAULA, "amount": 9, "reason": "thanks"})

    def entries(person):
        return [
            (entry["kind"], entry["amount"], entry["job_id"])
            for entry in story.invoke(person, "accounts.statement", {})["entries"]
        ]

    assert entries("peter") == [
        ("transfer", -9, None),
        ("return", 70, job_id),
        ("reserve", -100, job_id),
        ("issue", 500, None),
    ]
    assert entries("utility") == [("pay", 30, job_id)]
    assert entries("paula") == [("transfer", 9, None)]
