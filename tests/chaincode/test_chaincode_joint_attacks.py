"""What the parties of a joint job, and strangers, might try: codes, receipts, pools and results that are not theirs."""

import pytest

from totem_chaincode.errors import Conflict, ContractError, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.testing import PEOPLE, JointStory, secret, toy_source

GRID, UTILITY = PEOPLE["grid"].id, PEOPLE["utility"].id


@pytest.fixture
def joint(story):
    return JointStory(story.invoke)


@pytest.fixture
def job_id(joint):
    return joint.submit_joint(joint.ready_joint(), 90)


def code_of(joint, part_id):
    return joint.invoke(joint.runner(part_id), "access.code", {"job_id": part_id})["code"]


def accept(joint, person, part_id, code):
    return joint.invoke(person, "jobs.accept", {"job_id": part_id}, {"code": code})


def test_a_code_opens_its_own_part_once(joint, job_id):
    codes = {part: code_of(joint, f"{job_id}-{part}") for part in ("1", "2", "c")}
    assert len(set(codes.values())) == 3
    for part, person in (("1", "utility"), ("2", "grid"), ("c", "grid")):
        for other in set(codes) - {part}:
            with pytest.raises(Forbidden, match="is not the one of") as refused:
                accept(joint, person, f"{job_id}-{part}", codes[other])
            assert refused.value.code == "one_time_code"
    accept(joint, "utility", f"{job_id}-1", codes["1"])
    with pytest.raises(Conflict, match="is running"):
        accept(joint, "utility", f"{job_id}-1", codes["1"])
    again = joint.submit_joint(
        {"utility": joint.grant("homes-utility"), "grid": joint.grant("homes-grid", provider="grid")}
    )
    with pytest.raises(Forbidden, match="is not the one of"):
        accept(joint, "utility", f"{again}-1", codes["1"])


def test_a_code_is_its_own_providers_secret(joint, job_id):
    for person in ("grid", "peter", "paula", "admin"):
        with pytest.raises(Forbidden):
            joint.invoke(person, "access.code", {"job_id": f"{job_id}-1"})
    with pytest.raises(NotFound):
        joint.invoke("grid", "access.code", {"job_id": job_id})


def with_codes(change):
    def codes_of(transient):
        return {**transient, "codes": change(dict(transient["codes"]))}

    return codes_of


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda codes: {name: code for name, code in codes.items() if name != "combining"}, "one code for each of"),
        (lambda codes: {**codes, PEOPLE["paula"].id: secret()}, "one code for each of"),
        (lambda codes: {**codes, "combining": codes[UTILITY]}, "are the same"),
        (lambda codes: {**codes, "combining": "short"}, "transient.codes.combining"),
        (lambda codes: {**codes, "combining": None}, "transient.codes.combining"),
        (lambda codes: {**codes, "combining": [codes[UTILITY]]}, "transient.codes.combining"),
        (lambda _: {}, "one code for each of"),
    ],
)
def test_every_part_has_a_code_of_its_own(joint, change, match):
    args, transient = joint.asked(joint.ready_joint())
    with pytest.raises(Invalid, match=match) as refused:
        joint.invoke("peter", "joint.submit", args, with_codes(change)(transient))
    for code in transient["codes"].values():
        assert code not in str(refused.value)


def test_a_used_code_is_not_taken_again(joint, job_id):
    args, transient = joint.asked(
        {"utility": joint.grant("homes-utility"), "grid": joint.grant("homes-grid", provider="grid")}
    )
    transient["codes"]["combining"] = code_of(joint, f"{job_id}-c")
    with pytest.raises(Conflict, match="was used before"):
        joint.invoke("peter", "joint.submit", args, transient)


def test_another_providers_part_is_not_ones_own(joint, job_id):
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    args, transient = joint.settlement(part_id, 0, joint.receipt(0, "map", 5))
    calls = (
        ("jobs.settle", args, transient),
        ("joint.dry", {"job_id": part_id, "used": 30, "needs": 1}, {}),
        ("jobs.fail", {"job_id": part_id, "side": "provider", "error": {"kind": "lost"}}, {}),
        ("jobs.halt", {"job_id": part_id}, {}),
        ("results.receipts", {"job_id": part_id}, {}),
        ("joint.partials", {"job_id": part_id}, {}),
    )
    for function, given, secrets in calls[:-1]:
        with pytest.raises(Forbidden):
            joint.invoke("grid", function, given, secrets)
    for person in ("utility", "paula", "admin"):
        with pytest.raises(Forbidden):
            joint.invoke(person, *calls[-1])


def test_strangers_see_and_move_nothing(joint, job_id):
    joint.run_data(f"{job_id}-1")
    for function in ("jobs.get", "jobs.source", "jobs.cancel", "joint.end", "joint.redistribute", "results.get"):
        for named in (job_id, f"{job_id}-1", f"{job_id}-c"):
            with pytest.raises((Forbidden, NotFound)):
                joint.invoke("paula", function, {"job_id": named})


def test_a_part_settles_no_more_than_its_slice(joint, job_id):
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    with pytest.raises(Refused, match="only 30 of the escrow are left") as refused:
        joint.settle_data(part_id, 31)
    assert refused.value.code == "escrow"
    joint.settle_data(part_id, 30)


def test_what_was_given_away_cant_be_settled(joint, job_id):
    first, second = f"{job_id}-1", f"{job_id}-2"
    for part_id in (first, second):
        joint.accept_part(part_id)
        joint.invoke(joint.runner(part_id), "joint.dry", {"job_id": part_id, "used": 20, "needs": 11})
    joint.invoke("peter", "joint.redistribute", {"job_id": job_id})
    with pytest.raises(Refused, match="only 20 of the escrow are left"):
        joint.settle_data(second, 25)


def test_a_part_that_settles_more_than_it_has_told_does_not_keep_the_pool_from_others(joint, job_id):
    first, second = f"{job_id}-1", f"{job_id}-2"
    for part_id, used, needs in ((second, 10, 25), (first, 30, 5)):
        joint.accept_part(part_id)
        joint.invoke(joint.runner(part_id), "joint.dry", {"job_id": part_id, "used": used, "needs": needs})
    joint.settle_data(second, 30)
    assert joint.joint(job_id)["parts"][1]["dry"] is None
    with pytest.raises(Conflict, match=f"{second} still run"):
        joint.invoke("peter", "joint.redistribute", {"job_id": job_id})
    joint.deliver(second)
    given = joint.invoke("peter", "joint.redistribute", {"job_id": job_id})
    assert (given["to"], given["amount"]) == (first, 30)


def test_other_jobs_are_never_touched(joint, memory):
    access = joint.ready_joint()
    mine, other = joint.submit_joint(access, 90), joint.submit_joint(access, 90)
    single = joint.submit(access["utility"], 90, dataset_id="homes-utility")
    untouched = (other, f"{other}-1", f"{other}-2", f"{other}-c", single)

    def records():
        return {key: row for key, row in memory.state.rows.items() if any(name in key for name in untouched)}

    before = records()
    joint.accept_part(f"{mine}-1")
    joint.invoke("utility", "joint.dry", {"job_id": f"{mine}-1", "used": 30, "needs": 1})
    joint.run_data(f"{mine}-2")
    joint.invoke("peter", "joint.redistribute", {"job_id": mine})
    joint.settle_data(f"{mine}-1", 60)
    joint.deliver(f"{mine}-1")
    joint.combine(mine)
    assert records() == before


@pytest.mark.parametrize("function", ["joint.dry", "joint.redistribute", "joint.end", "joint.partials"])
def test_a_single_job_is_no_joint_job(joint, function):
    access = joint.ready_joint()
    single = joint.submit(access["utility"], 90, dataset_id="homes-utility")
    joint.accept(single)
    more = {"used": 90, "needs": 1} if function == "joint.dry" else {}
    for person in ("utility", "grid", "peter", "admin"):
        with pytest.raises((Invalid, Forbidden)):
            joint.invoke(person, function, {"job_id": single, **more})


def combining_settlement(joint, job_id, shown, **changes):
    receipt = {**joint.receipt(0, "reduce", 5, before={"records_out": 2, "tasks": 2}), **changes}
    args, transient = joint.settlement(f"{job_id}-c", 1, receipt)
    return joint.invoke("grid", "jobs.settle", args, {**transient, "before": shown})


def test_the_combining_part_reads_what_was_delivered_and_nothing_else(joint, job_id):
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    joint.accept_part(f"{job_id}-c")
    shown = joint.shown(job_id)
    for wrong in (shown[:1], shown[::-1], [shown[0], shown[0]], [*shown, shown[0]]):
        with pytest.raises(Invalid, match="before"):
            combining_settlement(joint, job_id, wrong)
    forged = [shown[0], {**shown[1], "receipt": {**shown[1]["receipt"], "records_out": 100}}]
    with pytest.raises(Invalid, match=f"not the receipt that was settled for phase 0 of {job_id}-2"):
        combining_settlement(joint, job_id, forged)
    args, transient = joint.settlement(f"{job_id}-c", 1, joint.receipt(0, "reduce", 5))
    with pytest.raises(Invalid, match="before: missing"):
        joint.invoke("grid", "jobs.settle", args, transient)
    for changes in ({"records_in": 3}, {"tasks": 5}, {"groups_in": 3}):
        with pytest.raises(Refused, match="impossible for the data"):
            combining_settlement(joint, job_id, shown, **changes)
    combining_settlement(joint, job_id, shown)


def test_a_receipt_of_data_that_are_missing_is_not_shown(joint):
    job_id = joint.submit_joint(joint.ready_joint(), 90, at_least=1)
    first = f"{job_id}-1"
    joint.accept_part(first)
    joint.settle_data(first, 5)
    lost = joint.invoke("utility", "results.receipts", {"job_id": first})["receipts"]
    joint.invoke("utility", "jobs.fail", {"job_id": first, "side": "provider", "error": {"kind": "lost"}})
    joint.run_data(f"{job_id}-2", 7)
    joint.accept_part(f"{job_id}-c")
    with pytest.raises(Invalid, match=r"2 receipts, there are 1 to show"):
        combining_settlement(joint, job_id, [*lost, *joint.shown(job_id)])
    with pytest.raises(Refused, match="records_in is 2, there are 1"):
        combining_settlement(joint, job_id, joint.shown(job_id))


def test_a_data_part_settles_its_own_phase_on_its_own_data(joint, job_id):
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    for changes in ({"records_in": 12}, {"tasks": 4}):
        receipt = {**joint.receipt(0, "map", 5), **changes}
        with pytest.raises(Refused, match="impossible for the data"):
            joint.invoke("utility", "jobs.settle", *joint.settlement(part_id, 0, receipt))
    args, transient = joint.settlement(part_id, 1, joint.receipt(0, "reduce", 5))
    with pytest.raises(Conflict, match="the next one is 0"):
        joint.invoke("utility", "jobs.settle", args, transient)
    joint.settle_data(part_id, 5)
    with pytest.raises(Conflict, match="'finished'"):
        joint.invoke("utility", "jobs.settle", args, transient)


def test_the_combining_part_waits_for_all_others(joint, job_id):
    with pytest.raises(Conflict, match=f"{job_id}-1, {job_id}-2 have not ended") as refused:
        joint.accept_part(f"{job_id}-c")
    assert refused.value.code == "parts_open"
    joint.run_data(f"{job_id}-1")
    with pytest.raises(Conflict, match=f"begin: {job_id}-2 have not ended"):
        joint.accept_part(f"{job_id}-c")
    joint.run_data(f"{job_id}-2")
    joint.accept_part(f"{job_id}-c")


def test_repeated_transactions_are_answered_and_change_nothing(joint, job_id, memory):
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    args, transient = joint.settlement(part_id, 0, joint.receipt(0, "map", 5))
    answers = [joint.invoke("utility", "jobs.settle", args, transient) for _ in range(2)]
    assert answers[0] == answers[1]
    with pytest.raises(Conflict, match="settled with other content"):
        joint.settle_data(part_id, 6)
    joint.deliver(part_id, "groups\n")
    record = joint.joint(job_id)["parts"][0]["result"]
    before = dict(memory.state.rows), dict(memory.state.private)
    told = {"hash": record["hash"], "bytes": record["bytes"], "lines": 1, **record["sealed"]}
    args = {"job_id": part_id, "sealed": told}
    assert joint.invoke("utility", "jobs.complete", args)["state"] == "completed"
    assert (memory.state.rows, memory.state.private) == before
    with pytest.raises(Conflict):
        joint.deliver(part_id, "other groups\n")


@pytest.mark.parametrize(
    ("changed", "transient", "match"),
    [
        # Whoever endorses would see them.
        ({"sealed": None, "result_hash": "ab" * 32}, {"result": "groups\n", "salt": "5a" * 32}, "delivers .* sealed"),
        ({"sealed": None}, {}, "delivers its partial groups sealed"),
        ({"sealed": None, "kept": {"hash": "ab" * 32, "lines": 1, "bytes": 1}}, {}, "kept"),
        ({}, {"content": "AAAA"}, "not the ciphertext that sealed says"),
        ({}, {"content": "AAA"}, "not base64"),
        ({}, {"content": None}, "either in a store, or given"),
        ({"location": "file:///srv"}, {}, "either in a store, or given"),
        ({"recipient": "ab" * 32}, {}, "the key to seal it to is"),
        ({"ciphertext_bytes": 1}, {}, "7 bytes are 38 when they are sealed"),
        ({}, {"receipt": None}, "delivers the receipt that was settled"),
        ({}, {"receipt": "another"}, "delivers the receipt that was settled"),
    ],
)
def test_partial_groups_are_delivered_as_they_are(joint, job_id, changed, transient, match):
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    joint.settle_data(part_id, 5)
    args, given = joint.delivery(part_id, "groups\n")
    other = {"receipt": joint.receipt(0, "map", 6), "salt": given["receipt"]["salt"]}
    if "sealed" in changed:
        args, given = {"job_id": part_id, **changed}, {**transient, "receipt": given["receipt"]}
    else:
        args["sealed"] |= changed
        given |= transient
    if given["receipt"] == "another":
        given["receipt"] = other
    given = {name: value for name, value in given.items() if value is not None}
    with pytest.raises(Invalid, match=match):
        joint.invoke("utility", "jobs.complete", args, given)


def test_only_a_data_part_delivers_its_receipt(joint, job_id):
    shown = {}
    for number in (1, 2):
        joint.run_data(f"{job_id}-{number}")
        shown = joint.with_receipt(f"{job_id}-{number}")
    joint.accept_part(f"{job_id}-c")
    joint.settle_combining(job_id, 5)
    with pytest.raises(Invalid, match="only a data part"):
        joint.invoke(
            "grid",
            "jobs.complete",
            {"job_id": f"{job_id}-c", "result_hash": "ab" * 32},
            {"result": "x", "salt": secret(), **shown},
        )
    with pytest.raises(Invalid, match="only a data part"):
        joint.invoke("grid", "jobs.complete", {"job_id": f"{job_id}-c"}, {"content": "AAAA"})


CRAFTED = ["", "job-", "job-zz", "job-" + "0" * 20 + "-", "job-" + "0" * 20 + "-0", "job-" + "0" * 20 + "-100"]


@pytest.mark.parametrize("named", [*CRAFTED, "job-" + "0" * 20 + "-c-c", "job-" + "0" * 20 + "-1\n", None, 5, [], {}])
@pytest.mark.parametrize("function", ["joint.dry", "joint.redistribute", "joint.end", "joint.partials", "jobs.get"])
def test_crafted_ids_are_refused_with_their_field(joint, job_id, function, named):
    more = {"used": 1, "needs": 1} if function == "joint.dry" else {}
    with pytest.raises(Invalid, match="job_id"):
        joint.invoke("utility", function, {"job_id": named, **more})


@pytest.mark.parametrize("wrong", [-1, 1 << 63, 10**400, True, None, "5", [5], {}, 1.5])
@pytest.mark.parametrize("field", ["used", "needs"])
def test_crafted_numbers_of_a_dry_part_are_refused(joint, job_id, field, wrong):
    joint.accept_part(f"{job_id}-1")
    with pytest.raises(Invalid):
        joint.invoke("utility", "joint.dry", {"job_id": f"{job_id}-1", "used": 30, "needs": 1, field: wrong})


@pytest.mark.parametrize(
    "change",
    [
        {"at_least": 0},
        {"at_least": 33},
        {"at_least": True},
        {"parts_seconds": 0},
        {"parts_seconds": 29},
        {"combining": "grid"},
        {"combining": ""},
        {"combining": [GRID]},
        {"datasets": []},
        {"totem": -1},
        {"surprise": 1},
        {"source": toy_source() + "\x00"},
        {"params": []},
    ],
)
def test_crafted_submissions_are_refused_and_reserve_nothing(joint, memory, change):
    args, transient = joint.asked(joint.ready_joint())
    before = dict(memory.state.rows)
    with pytest.raises(ContractError):
        joint.invoke("peter", "joint.submit", {**args, **change}, transient)
    assert memory.state.rows == before


def test_grants_and_keys_are_each_datasets_own(joint):
    access = joint.ready_joint()
    args, transient = joint.asked(access)
    swapped = dict(zip(transient["access_keys"], reversed(transient["access_keys"].values()), strict=True))
    with pytest.raises(Forbidden, match="access key is wrong"):
        joint.invoke("peter", "joint.submit", args, {**transient, "access_keys": swapped})
    args["datasets"][1]["access_id"] = access["utility"][0]
    with pytest.raises(Forbidden, match="is no grant of homes-grid"):
        joint.invoke("peter", "joint.submit", args, transient)
    with pytest.raises(Forbidden, match="is no grant"):
        joint.invoke("paula", "joint.submit", *joint.asked(access))
