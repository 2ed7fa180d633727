"""A job's life through the contracts: who pays what at every end, and what each step refuses.

One file of over 400 lines, because its tests are the ends of one story, counted against the same money.
"""

import json

import pytest

from tests.chaincode.job_money import money, running
from totem_chaincode import canonical
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.testing import PEOPLE, secret, toy_source


def test_complete_pays_what_was_used_and_returns_the_rest(story):
    job_id = running(story)
    assert story.settle(job_id, 0, 30) == {"continue": True, "left": 70, "reason": "continue", "needs": 1}
    assert story.settle(job_id, 1, 12) == {"continue": False, "left": 58, "reason": "finished", "needs": None}
    ended = story.complete(job_id)
    assert (ended["state"], ended["paid"], ended["returned"]) == ("completed", 42, 58)
    assert money(story) == {"peter": 958, "utility": 42, "escrowed": 0}


def test_reserved_totem_is_neither_lost_nor_spendable(story):
    running(story, 900)
    assert money(story) == {"peter": 100, "utility": 0, "escrowed": 900}
    assert story.invoke("peter", "accounts.balance", {}) == {
        "account": PEOPLE["peter"].id,
        "available": 100,
        "reserved": 900,
    }
    with pytest.raises(Refused, match="holds 100 totem, 101 are") as refused:
        story.invoke("peter", "accounts.transfer", {"to": PEOPLE["paula"].id, "amount": 101, "reason": "x"})
    assert refused.value.code == "balance"


def test_out_of_totem_in_the_last_reduce_delivers_the_finished_groups(story):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    assert story.settle(job_id, 1, 70, "out_of_totem") == {
        "continue": False,
        "left": 0,
        "reason": "out_of_totem",
        "needs": None,
    }
    with pytest.raises(Conflict, match="must say 'finished'"):
        story.complete(job_id)
    ended = story.halt(job_id, "[1,2]\n")
    assert (ended["state"], ended["paid"], ended["result"]["partial"]) == ("out_of_totem", 100, True)
    assert story.invoke("peter", "results.get", {"job_id": job_id})["result"] == "[1,2]\n"


def test_out_of_totem_in_an_earlier_phase_delivers_nothing(story):
    job_id = running(story)
    story.settle(job_id, 0, 100, "out_of_totem")
    with pytest.raises(Refused) as refused:
        story.halt(job_id, "[1,2]\n")
    assert refused.value.code == "no_partial_result"
    assert story.halt(job_id)["result"] is None
    with pytest.raises(NotFound, match="delivered no result"):
        story.invoke("peter", "results.get", {"job_id": job_id})


def test_the_gate_stops_a_job_whose_next_phase_needs_more_than_is_left(story):
    job_id = running(story)
    assert story.settle(job_id, 0, 30, records_out=71) == {"continue": False, "left": 70, "reason": "gate", "needs": 71}
    with pytest.raises(Conflict):
        story.settle(job_id, 1, 1)
    assert story.halt(job_id)["paid"] == 30


def test_the_gate_lets_exactly_what_is_left_through(story):
    job_id = running(story)
    assert story.settle(job_id, 0, 30, records_out=70)["continue"]


def test_without_precheck_there_is_no_gate_and_any_escrow_may_begin(story):
    access = story.ready(precheck="none")
    job_id = story.submit(access, 0)
    story.accept(job_id)
    assert story.settle(job_id, 0, 0, records_out=10**6)["continue"]


@pytest.mark.parametrize(("precheck", "least"), [("lower", 10), ("expected", 20), ("upper", 30)])
def test_the_precheck_compares_what_the_policy_says(story, precheck, least):
    access = story.ready(precheck=precheck)
    before = story.audit()
    with pytest.raises(Refused, match=f"needs at least {least:,} totem, the escrow is {least - 1:,}") as refused:
        story.submit(access, least - 1, source=toy_source(upper=30))
    assert refused.value.code == "precheck"
    assert refused.value.details["estimate"] == {"lower": 10, "expected": 20, "upper": 30}
    assert story.audit() == before
    story.submit(access, least, source=toy_source(upper=30))


def test_an_unbounded_program_is_refused_where_the_policy_asks_for_an_upper_bound(story):
    with pytest.raises(Refused, match="can't be bounded"):
        story.submit(story.ready(precheck="upper"), 1_000, source=toy_source(upper=None))


def test_a_refused_program_names_its_findings_and_changes_nothing(story, memory):
    access = story.ready()
    before = dict(memory.state.rows), dict(memory.state.private), list(memory.events)
    with pytest.raises(Refused) as refused:
        story.submit(access, source="import numpy")
    assert refused.value.refusals == [
        {"line": 1, "column": 1, "code": "syntax", "message": "not a toy program", "hint": ""}
    ]
    assert (dict(memory.state.rows), dict(memory.state.private), list(memory.events)) == before


def test_a_failed_program_pays_what_was_used(story):
    job_id = running(story)
    error = {"kind": "zero_division", "line": 7}
    assert story.settle(job_id, 0, 30, "failed", error=error)["reason"] == "failed"
    with pytest.raises(Invalid, match="the job's error is"):
        story.fail(job_id, "program", {"kind": "overflow", "line": 7})
    ended = story.fail(job_id, "program", error)
    assert (ended["state"], ended["paid"], ended["error"]) == ("failed", 30, error)


def test_only_a_finished_result_is_too_large(story):
    job_id = running(story)
    error = {"kind": "zero_division", "line": 7}
    story.settle(job_id, 0, 30, "failed", error=error)
    for side in ("program", "provider"):
        with pytest.raises(Invalid, match="given exactly for"):
            story.fail(job_id, side, error, {"hash": "ab" * 32, "lines": 1, "bytes": 1 << 40})


def test_a_program_that_did_not_fail_cannot_be_failed(story):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    with pytest.raises(Conflict):
        story.fail(job_id, "program", {"kind": "zero_division", "line": 7})


def test_a_provider_that_fails_gets_nothing_for_settled_phases_either(story):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    ended = story.fail(job_id, "provider", {"kind": "data_changed", "line": None})
    assert (ended["state"], ended["paid"], ended["returned"]) == ("provider_failed", 0, 100)
    assert money(story) == {"peter": 1_000, "utility": 0, "escrowed": 0}


def test_a_settlement_may_be_repeated_and_changes_nothing(story, memory):
    job_id = running(story)
    args, transient = story.settlement(job_id, 0, story.receipt(0, "map", 30))
    first = story.invoke("utility", "jobs.settle", args, transient)
    before = dict(memory.state.rows)
    assert story.invoke("utility", "jobs.settle", args, transient) == first
    assert memory.state.rows == before


def test_a_repeated_settlement_never_says_continue_once_the_job_is_cancelled(story):
    job_id = running(story)
    args, transient = story.settlement(job_id, 0, story.receipt(0, "map", 30))
    story.invoke("utility", "jobs.settle", args, transient)
    story.invoke("peter", "jobs.cancel", {"job_id": job_id})
    answer = story.invoke("utility", "jobs.settle", args, transient)
    assert (answer["continue"], answer["reason"]) == (False, "cancelled")


@pytest.mark.parametrize("charge", [29, 31])
def test_a_settlement_with_other_content_is_refused(story, charge):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    with pytest.raises(Conflict, match="settled with other content"):
        story.settle(job_id, 0, charge)


def test_phases_are_settled_in_order(story):
    job_id = running(story)
    with pytest.raises(Conflict, match="the next one is 0"):
        story.settle(job_id, 1, 30)


def test_no_more_than_the_escrow_is_settled(story):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    with pytest.raises(Refused, match="only 70 of the escrow are left") as refused:
        story.settle(job_id, 1, 71)
    assert refused.value.code == "escrow"


def test_a_charge_that_the_counts_do_not_add_up_to_is_refused(story):
    job_id = running(story)
    receipt = story.receipt(0, "map", 30) | {"blocks": {"1": 29}}
    with pytest.raises(Refused, match="add up to 29 totem, the charge says 30"):
        story.invoke("utility", "jobs.settle", *story.settlement(job_id, 0, receipt))


def test_impossible_counts_are_refused(story):
    job_id = running(story)
    receipt = story.receipt(0, "map", 30) | {"units": {"4": [1, 1, 1]}}
    with pytest.raises(Refused, match="impossible"):
        story.invoke("utility", "jobs.settle", *story.settlement(job_id, 0, receipt))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phase": "reduce"}, "the phase to settle is step 0 map"),
        ({"error": {"kind": "overflow", "line": 1}}, "exactly where the end is 'failed'"),
        ({"end": "failed"}, "exactly where the end is 'failed'"),
        ({"charge": 30.0}, "30.0"),
        ({"surprise": 1}, "unknown field 'surprise'"),
    ],
)
def test_a_receipt_that_is_not_the_phases_is_refused(story, change, message):
    job_id = running(story)
    receipt = story.receipt(0, "map", 30) | change
    args = {"job_id": job_id, "phase_index": 0, "charge": 30, "end": receipt["end"], "digest": "0" * 64}
    salt = secret()
    if message != "30.0":
        args["digest"] = salted_hash(salt, canonical.encode(receipt))
        transient = {"receipt": receipt, "salt": salt}
    else:
        transient = {
            "receipt": canonical.encode(receipt | {"charge": 0}).decode().replace(":0,", ":30.0,"),
            "salt": salt,
        }
        message = "not JSON without floats"
    with pytest.raises(Invalid, match=message):
        story.invoke("utility", "jobs.settle", args, transient)


def test_a_digest_of_something_else_is_refused(story):
    job_id = running(story)
    args, transient = story.settlement(job_id, 0, story.receipt(0, "map", 30))
    with pytest.raises(Invalid, match="not the salted hash of the receipt"):
        story.invoke("utility", "jobs.settle", args | {"digest": "0" * 64}, transient)


def test_ends_may_be_repeated(story, memory):
    job_id = running(story)
    story.settle(job_id, 0, 30)
    story.settle(job_id, 1, 12)
    salt, result = secret(), "[1,2]\n"
    args = {"job_id": job_id, "result_hash": salted_hash(salt, result.encode())}
    transient = {"result": result, "salt": salt}
    first = story.invoke("utility", "jobs.complete", args, transient)
    before = dict(memory.state.rows)
    assert story.invoke("utility", "jobs.complete", args, transient) == first
    assert memory.state.rows == before
    with pytest.raises(Conflict):
        story.complete(job_id, "[1,3]\n")


def test_halts_and_failures_may_be_repeated(story):
    access = story.ready()
    first, second = story.submit(access), story.submit(access)
    for job_id in (first, second):
        story.accept(job_id)
    story.settle(first, 0, 30, "out_of_totem")
    assert story.halt(first) == story.halt(first)
    error = {"kind": "data_changed", "line": None}
    assert story.fail(second, "provider", error) == story.fail(second, "provider", error)
    assert money(story)["utility"] == 30


def test_a_request_key_makes_a_repeated_submission_one_job(story):
    access = story.ready()
    first = story.submit(access, request_key="run-1")
    assert story.submit(access, request_key="run-1") == first
    assert story.available("peter") == 900
    with pytest.raises(Conflict, match="used for another job"):
        story.submit(access, 101, request_key="run-1")
    assert story.submit(access, request_key="run-2") != first


def test_a_repeated_submission_is_one_job_under_whatever_grant(story):
    """Which grant a job was submitted under is not what its consumer asked for."""
    access = story.ready()
    first = story.submit(access, request_key="run-1")
    assert story.submit(story.grant(), request_key="run-1") == first
    story.invoke("utility", "access.revoke", {"access_id": access[0], "reason": "for the test"})
    assert story.submit(access, request_key="run-1") == first
    with pytest.raises(Conflict, match="used for another job"):
        story.submit(access, 101, request_key="run-1")
    assert story.available("peter") == 900


def test_a_request_key_is_its_consumers_own(story):
    access = story.ready()
    first = story.submit(access, request_key="run-1")
    story.fund("paula")
    key_of_paula = story.grant(consumer="paula")
    args = {
        "source": toy_source(),
        "datasets": [{"dataset_id": "homes", "access_id": key_of_paula[0]}],
        "totem": 100,
        "request_key": "run-1",
    }
    transient = {"access_keys": {key_of_paula[0]: key_of_paula[1]}, "code": secret()}
    assert story.invoke("paula", "jobs.submit", args, transient)["job_id"] != first


def test_the_one_time_code_works_once_and_only_for_its_job(story):
    access = story.ready()
    first, second = story.submit(access), story.submit(access)
    code = story.invoke("utility", "access.code", {"job_id": first})["code"]
    with pytest.raises(Forbidden, match="not the one of"):
        story.invoke("utility", "jobs.accept", {"job_id": second}, {"code": code})
    story.invoke("utility", "jobs.accept", {"job_id": first}, {"code": code})
    with pytest.raises(Conflict, match="is running"):
        story.invoke("utility", "jobs.accept", {"job_id": first}, {"code": code})


@pytest.mark.parametrize("field", ["job_id", "provider", "consumer", "consumer_certificate"])
def test_the_one_time_code_is_bound_to_job_provider_and_the_consumers_certificate(story, memory, field):
    job_id = story.submit(story.ready())
    (key,) = [key for key, (record, _) in memory.state.rows.items() if b'"used_at"' in record]
    job = story.invoke("peter", "jobs.get", {"job_id": job_id})
    text, version = memory.state.rows[key]
    record = json.loads(text)
    assert record[field] == job[field]
    memory.state.rows[key] = canonical.encode({**record, field: "another"}), version
    with pytest.raises(Forbidden, match="not the one of"):
        story.accept(job_id)


def test_a_one_time_code_cannot_be_used_for_two_jobs(story):
    access = story.ready()
    args = {
        "source": toy_source(),
        "datasets": [{"dataset_id": "homes", "access_id": access[0]}],
        "totem": 10,
    }
    transient = {"access_keys": {access[0]: access[1]}, "code": secret()}
    story.invoke("peter", "jobs.submit", args, transient)
    with pytest.raises(Conflict, match="used before"):
        story.invoke("peter", "jobs.submit", args, transient)


def test_a_job_over_two_datasets_keeps_the_strictest_of_both_policies(story):
    access = story.ready(max_groups=5, precheck="lower", hidden_columns=["kwh"])
    story.publish("more-homes", max_groups=3, precheck="expected")
    second = story.grant("more-homes")
    args = {
        "source": toy_source(),
        "datasets": [
            {"dataset_id": "homes", "access_id": access[0]},
            {"dataset_id": "more-homes", "access_id": second[0]},
        ],
        "totem": 20,
    }
    keys = {access[0]: access[1], second[0]: second[1]}
    job_id = story.invoke("peter", "jobs.submit", args, {"access_keys": keys, "code": secret()})["job_id"]
    policy = story.invoke("peter", "jobs.get", {"job_id": job_id})["policy"]
    assert (policy["max_groups"], policy["precheck"], policy["hidden_columns"]) == (3, "expected", ["kwh"])


def test_datasets_of_two_providers_or_schemas_are_no_job(story):
    access = story.ready()
    story.publish("grid-homes", "grid")
    other = story.grant("grid-homes", provider="grid")
    metadata = story.metadata() | {"schema": [{"name": "home", "type": "int"}]}
    story.invoke("utility", "datasets.publish", {"dataset_id": "narrow", **metadata})
    narrow = story.grant("narrow")
    for dataset_id, second in (("grid-homes", other), ("narrow", narrow)):
        args = {
            "source": toy_source(),
            "datasets": [
                {"dataset_id": "homes", "access_id": access[0]},
                {"dataset_id": dataset_id, "access_id": second[0]},
            ],
            "totem": 20,
        }
        keys = {access[0]: access[1], second[0]: second[1]}
        with pytest.raises(Refused) as refused:
            story.invoke("peter", "jobs.submit", args, {"access_keys": keys, "code": secret()})
        assert refused.value.code == "datasets"


def test_a_job_keeps_the_dataset_version_and_table_it_was_submitted_with(story):
    access = story.ready()
    job_id = story.submit(access)
    story.invoke("utility", "datasets.revise", {"dataset_id": "homes", **story.metadata()})
    newer = story.submit(access)
    versions = [story.invoke("peter", "jobs.get", {"job_id": id_})["datasets"][0]["version"] for id_ in (job_id, newer)]
    assert versions == [1, 2]


def test_lists_are_newest_first_and_the_open_ones_can_be_asked_for(story, memory):
    access = story.ready()
    jobs = []
    for _ in range(3):
        memory.now += 1_000
        jobs.append(story.submit(access))
    story.invoke("peter", "jobs.cancel", {"job_id": jobs[1]})

    def listed(person, **args):
        return [job["job_id"] for job in story.invoke(person, "jobs.list", args)["jobs"]]

    assert listed("peter") == listed("utility") == listed("admin") == jobs[::-1]
    assert sorted(listed("utility", open=True)) == sorted([jobs[0], jobs[2]])
    assert listed("peter", state="cancelled") == [jobs[1]]
    assert listed("paula") == listed("grid") == []
    first = story.invoke("peter", "jobs.list", {"limit": 2})
    second = story.invoke("peter", "jobs.list", {"limit": 2, "bookmark": first["bookmark"]})
    assert [job["job_id"] for job in first["jobs"] + second["jobs"]] == jobs[::-1]
    assert not second["bookmark"]


def test_estimate_answers_as_submit_would_and_changes_nothing(story, memory):
    story.ready(precheck="expected")
    before = dict(memory.state.rows)
    answer = story.invoke("paula", "jobs.estimate", {"source": toy_source(), "datasets": [{"dataset_id": "homes"}]})
    assert (answer["needs"], answer["estimate"]["lower"], answer["table"]) == (20, 10, "toy")
    assert memory.state.rows == before
