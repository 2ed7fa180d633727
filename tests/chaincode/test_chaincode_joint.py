"""A job over the data of several providers, from its submission to the one result that its consumer reads."""

import base64

import pytest

from totem_chaincode.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.testing import PEOPLE, JointStory, creator, toy_source

GRID, UTILITY, PETER = (PEOPLE[name].id for name in ("grid", "utility", "peter"))


@pytest.fixture
def joint(story):
    return JointStory(story.invoke)


def test_the_consumer_gets_one_result_and_every_provider_its_pay(joint):
    access = joint.ready_joint()
    job_id = joint.submit_joint(access, 100)
    assert joint.available("peter") == 900
    joint.run_joint(job_id, [5, 7], 6)
    assert (joint.available("peter"), joint.available("utility"), joint.available("grid")) == (982, 5, 13)
    found = joint.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["result"], found["missing"], found["partial"], found["state"]) == ("[1,2]\n", [], False, "completed")
    job = joint.joint(job_id)
    assert (job["state"], job["paid"], job["returned"], job["left"]) == ("completed", 18, 82, 0)
    assert [part["state"] for part in job["parts"]] == ["completed"] * 3
    assert joint.audit()["balanced"]


def test_a_part_needs_three_transactions_and_one_for_each_phase(joint):
    written = []

    def counting(person, function, args, transient=None):
        if function in ("jobs.accept", "jobs.settle", "jobs.complete"):
            written.append((person, args["job_id"][-2:], function))
        return joint_invoke(person, function, args, transient)

    joint_invoke = joint.invoke
    access = joint.ready_joint(providers=("utility", "grid"))
    joint.invoke = counting
    joint.run_joint(joint.submit_joint(access, 100, combining="grid"), [5, 7])
    rounds = ("jobs.accept", "jobs.settle", "jobs.complete")
    assert written == [
        (who, part, f) for who, part in (("utility", "-1"), ("grid", "-2"), ("grid", "-c")) for f in rounds
    ]


def test_the_parts_are_their_providers_and_the_whole_is_the_consumers(joint):
    job_id = joint.submit_joint(joint.ready_joint())

    def listed(person, **more):
        return [job["job_id"] for job in joint.invoke(person, "jobs.list", more)["jobs"]]

    assert listed("peter") == [job_id] == listed("admin")
    assert (listed("utility"), sorted(listed("grid"))) == ([f"{job_id}-1"], [f"{job_id}-2", f"{job_id}-c"])
    # While it is open each provider of a part has the whole in its list too: any of them may have to end it.
    assert sorted(listed("utility", open=True)) == [job_id, f"{job_id}-1"]
    assert sorted(listed("grid", open=True)) == [job_id, f"{job_id}-2", f"{job_id}-c"]
    source = joint.invoke("utility", "jobs.source", {"job_id": f"{job_id}-1"})
    assert source == joint.invoke("peter", "jobs.source", {"job_id": job_id})
    part = joint.invoke("utility", "jobs.get", {"job_id": f"{job_id}-1"})
    assert (part["phases"], part["next_phase"]) == ([{"step": 0, "phase": "map", "index": 0}], 0)
    assert part["data"] == {"rows": 6, "fragments": 2}
    last = joint.invoke("grid", "jobs.get", {"job_id": f"{job_id}-c"})
    assert (last["phases"], last["next_phase"]) == ([{"step": 0, "phase": "reduce", "index": 1}], 1)
    # Every provider sees how far the others are, as everybody on the channel can.
    assert joint.invoke("utility", "jobs.get", {"job_id": job_id})["parts"][2]["state"] == "submitted"
    joint.run_joint(job_id, [5, 7])
    assert listed("peter", open=True) == listed("grid", open=True) == listed("utility", open=True) == []


def test_slices_are_in_proportion_to_what_parts_are_expected_to_cost_and_add_up(joint):
    access = joint.ready_joint()
    for totem, slices in ((90, [30, 30, 30]), (100, [34, 33, 33]), (11, [4, 4, 3])):
        parts = joint.joint(joint.submit_joint(access, totem))["parts"]
        assert [part["slice"] for part in parts] == slices
        assert [part["escrow"] for part in parts] == slices


def test_partial_groups_are_for_the_combining_provider_only_and_purged_at_the_end(joint):
    job_id = joint.submit_joint(joint.ready_joint())
    joint.run_data(f"{job_id}-1", 5)
    args = {"job_id": f"{job_id}-1"}
    found = joint.invoke("grid", "joint.partials", args)
    assert base64.b64decode(found["content"]) == joint.ciphertext("partial\n")
    assert found["receipt"]["receipt"]["charge"] == 5
    for person in ("peter", "utility"):
        with pytest.raises(Forbidden):
            joint.invoke(person, "joint.partials", args)
    for person in ("peter", "utility", "grid"):
        with pytest.raises((Forbidden, NotFound)):
            joint.invoke(person, "results.get", args)
    with pytest.raises(NotFound, match="delivered no partial groups"):
        joint.invoke("grid", "joint.partials", {"job_id": f"{job_id}-2"})
    with pytest.raises(Invalid, match="no data part"):
        joint.invoke("grid", "joint.partials", {"job_id": f"{job_id}-c"})
    joint.run_data(f"{job_id}-2", 7)
    joint.combine(job_id)
    with pytest.raises(NotFound, match="purged"):
        joint.invoke("grid", "joint.partials", args)


def collections(memory, person, *call):
    """Return the organisations into whose private data a transaction writes: all of them must endorse it."""
    who = PEOPLE[person]
    found = memory.simulate(creator(who.name, who.msp_id, who.role), *call).found
    return {collection.removeprefix("_implicit_org_") for collection, _ in found.private_writes}


def test_nobodys_pay_hangs_on_the_organisation_that_combines(joint, memory):
    """Its peer may be gone for good: what a provider has done is settled, and what is left returns, without it."""
    job_id = joint.submit_joint(joint.ready_joint(), deadline_seconds=200, parts_seconds=100)
    joint.run_data(f"{job_id}-2", 7)
    part_id = f"{job_id}-1"
    joint.accept_part(part_id)
    settling = joint.settlement(part_id, 0, joint.receipt(0, "map", 5))
    assert collections(memory, "utility", "jobs.settle", *settling) == {"UtilityMSP", "StavangerMSP"}
    joint.settle_data(part_id, 5)
    memory.now += 100_000
    assert collections(memory, "peter", "jobs.expire", {"job_id": part_id}) == set()
    joint.invoke("utility", "jobs.expire", {"job_id": part_id})
    assert joint.available("utility") == 5
    assert collections(memory, "peter", "joint.end", {"job_id": job_id}) == set()
    assert collections(memory, "utility", "joint.end", {"job_id": job_id}) == set()
    assert collections(memory, "grid", "joint.end", {"job_id": job_id}) == {"GridMSP"}


def test_partial_groups_that_others_left_are_purged_by_the_combining_provider(joint, memory):
    job_id = joint.submit_joint(joint.ready_joint())
    part_id = f"{job_id}-1"
    joint.run_data(part_id, 5)
    joint.invoke("peter", "jobs.cancel", {"job_id": job_id})
    # Nobody can read them any more, but they are still there.
    with pytest.raises(NotFound, match="purged"):
        joint.invoke("grid", "joint.partials", {"job_id": part_id})
    with pytest.raises(NotFound):
        joint.invoke("peter", "results.get", {"job_id": part_id})
    assert any(b"partials" in key for _, key, _ in memory.state.private.values())
    (kept,) = joint.invoke("grid", "results.kept", {})["results"]
    assert (kept["job_id"], kept["expires_at"]) == (part_id, memory.now)
    assert joint.invoke("grid", "jobs.get", {"job_id": part_id})["state"] == "completed"
    with pytest.raises(Forbidden):
        joint.invoke("paula", "results.purge", {"job_id": part_id})
    joint.invoke("grid", "results.purge", {"job_id": part_id})
    assert not any(b"partials" in key for _, key, _ in memory.state.private.values())
    assert joint.invoke("grid", "results.kept", {})["results"] == []
    with pytest.raises(Conflict, match="purged already"):
        joint.invoke("grid", "results.purge", {"job_id": part_id})


def test_the_combining_providers_bill_has_the_parts_whose_receipts_it_holds(joint):
    job_id = joint.submit_joint(joint.ready_joint(), 100, at_least=1)
    joint.accept_part(f"{job_id}-1")
    joint.settle_data(f"{job_id}-1", 5)
    lost = f"{job_id}-1"
    for deliver in (lambda: None, lambda: joint.run_data(f"{job_id}-2", 7)):
        deliver()
        bill = joint.invoke("grid", "results.bill", {"job_id": job_id})
        receipts = joint.invoke("grid", "results.receipts", {"job_id": job_id})
        assert bill["not_held"] == receipts["not_held"] == [lost]
        held = [part["job_id"] for part in bill["parts"]]
        assert held == [f"{job_id}-2", f"{job_id}-c"]
        assert bill["used"] == sum(part["used"] for part in bill["parts"]) == 7 * len(receipts["receipts"])
    assert joint.invoke("peter", "results.bill", {"job_id": job_id})["not_held"] == []
    for who, part_id in (("utility", lost), ("peter", job_id)):
        assert len(joint.invoke(who, "results.receipts", {"job_id": part_id})["receipts"]) in (1, 2)
    joint.deliver(lost)
    assert joint.invoke("grid", "results.bill", {"job_id": job_id})["not_held"] == []
    assert joint.invoke("grid", "results.bill", {"job_id": job_id})["used"] == 12


def test_bills_are_each_parts_and_their_sum(joint):
    job_id = joint.submit_joint(joint.ready_joint())
    joint.run_joint(job_id, [5, 7], 6)
    bill = joint.invoke("peter", "results.bill", {"job_id": job_id})
    assert [(row["phase"], row["totem"]) for row in bill["bill"]] == [("map", 12), ("reduce", 6)]
    assert [(part["provider"], part["used"], part["paid"]) for part in bill["parts"]] == [
        (UTILITY, 5, 5),
        (GRID, 7, 7),
        (GRID, 6, 6),
    ]
    assert (bill["used"], bill["paid"], bill["returned"]) == (18, 18, 82)
    own = joint.invoke("utility", "results.bill", {"job_id": f"{job_id}-1"})
    assert [row["totem"] for row in own["bill"]] == [5]
    with pytest.raises(Forbidden):
        joint.invoke("utility", "results.bill", {"job_id": f"{job_id}-2"})
    assert len(joint.invoke("peter", "results.receipts", {"job_id": job_id})["receipts"]) == 3


def test_the_estimate_says_what_each_part_costs(joint):
    access = joint.ready_joint()
    args, _ = joint.asked(access)
    datasets = [{"dataset_id": item["dataset_id"]} for item in args["datasets"]]
    source = toy_source(bounds=[(3, 30), (1, 20)])
    found = joint.invoke("peter", "joint.estimate", {"source": source, "datasets": datasets, "combining": GRID})
    assert [(part["part"], part["provider"], part["estimate"]) for part in found["parts"]] == [
        ("data", UTILITY, {"lower": 3, "expected": 6, "upper": 30}),
        ("data", GRID, {"lower": 3, "expected": 6, "upper": 30}),
        ("combine", GRID, {"lower": 1, "expected": 6, "upper": 20}),
    ]
    assert (found["needs"], found["precheck"]) == (10, "lower")


def test_a_program_that_cant_be_cut_is_refused_with_its_reasons(joint):
    access = joint.ready_joint()
    with pytest.raises(Refused, match="line 1: rows would have to move") as refused:
        joint.submit_joint(access, source=toy_source(uncut="rows would have to move"))
    assert (refused.value.code, refused.value.refusals[0]["code"]) == ("program", "rows-would-move")
    assert joint.available("peter") == 1_000


@pytest.mark.parametrize("names", [("utility",), ("utility", "grid", "utility")])
def test_datasets_are_of_several_providers_each_ones_together(joint, names):
    access = joint.ready_joint()
    args, transient = joint.asked(access)
    joint.publish("more", "utility", combining_providers="any")
    more = joint.grant("more")
    both = {"utility": [args["datasets"][0]], "grid": [args["datasets"][1]]}
    last = [{"dataset_id": "more", "access_id": more[0]}]
    args["datasets"] = (both["utility"] + both["grid"] if "grid" in names else both["utility"]) + last
    transient["access_keys"][more[0]] = more[1]
    with pytest.raises(Refused, match="one after the other" if "grid" in names else "jobs.submit") as refused:
        joint.invoke("peter", "joint.submit", args, transient)
    assert refused.value.code == "datasets"


@pytest.mark.parametrize("allowed", [[], [UTILITY], [PEOPLE["paula"].id]])
def test_the_policies_of_the_others_say_who_may_combine(joint, allowed):
    access = joint.ready_joint(combining_providers=allowed)
    with pytest.raises(Refused, match="homes-utility does not let grid@GridMSP combine") as refused:
        joint.submit_joint(access, combining="grid")
    assert refused.value.code == "combining"
    if allowed == [UTILITY]:
        joint.submit_joint(access, combining="utility")


def test_nobody_needs_leave_to_combine_its_own_data(joint):
    access = joint.ready_joint(combining_providers=[GRID])
    joint.invoke("grid", "datasets.revise", {"dataset_id": "homes-grid", **joint.metadata()})
    job_id = joint.submit_joint(access, combining="grid")
    assert joint.joint(job_id)["combining"] == GRID


def test_a_stricter_policy_of_today_counts_for_an_earlier_version(joint):
    access = joint.ready_joint()
    joint.invoke("utility", "datasets.revise", {"dataset_id": "homes-utility", **joint.metadata()})
    args, transient = joint.asked(access)
    args["datasets"][0]["version"] = 1
    with pytest.raises(Refused, match="does not let"):
        joint.invoke("peter", "joint.submit", args, transient)


def test_the_combining_provider_is_an_active_provider(joint):
    access = joint.ready_joint()
    with pytest.raises(Forbidden, match="not a provider"):
        joint.submit_joint(access, combining="paula")
    joint.invoke("admin", "participants.suspend", {"participant": GRID, "reason": "x"})
    with pytest.raises(Forbidden, match="suspended"):
        joint.submit_joint(access, combining="grid")


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"at_least": 3}, "there are 2 data parts, 3 can.t be delivered: give 1 or 2"),
        ({"deadline_seconds": 100, "parts_seconds": 101}, "longer than the whole job"),
        ({"totem": 9}, "needs at least 10 totem"),
        ({"totem": 1_001}, "the account holds 1,000 totem, 1,001"),
    ],
)
def test_what_can_never_be_is_refused_at_once(joint, more, match):
    access = joint.ready_joint()
    with pytest.raises((Invalid, Refused), match=match):
        joint.submit_joint(access, **{"totem": 100, **more})


def test_a_repeated_submission_is_one_job(joint):
    access = joint.ready_joint()
    args, transient = joint.asked(access, 100, request_key="once")
    first = joint.invoke("peter", "joint.submit", args, transient)
    assert joint.invoke("peter", "joint.submit", args, transient) == first
    assert joint.available("peter") == 900
    with pytest.raises(Conflict, match="used for another job"):
        joint.invoke("peter", "joint.submit", {**args, "at_least": 1}, transient)


def test_a_single_job_does_not_take_datasets_of_two_providers(joint):
    access = joint.ready_joint()
    args, transient = joint.asked(access)
    del args["combining"]
    with pytest.raises(Refused, match=r"a joint job, joint\.submit, runs at several"):
        joint.invoke("peter", "jobs.submit", args, {"access_keys": transient["access_keys"], "code": "ab" * 32})


def test_a_quota_counts_what_the_data_part_under_it_pays(joint):
    access = joint.ready_joint()
    access["utility"] = joint.grant("homes-utility", quota=100)

    def left():
        return joint.invoke("peter", "access.get", {"access_id": access["utility"][0]})["quota_left"]

    job_id = joint.submit_joint(access, 100)
    assert left() == 0
    with pytest.raises(Refused, match="of its quota left"):
        joint.submit_joint(access, 50)
    joint.run_joint(job_id, [5, 7])
    assert left() == 95


def test_what_is_reserved_is_shown_until_it_is_paid_or_returned(joint):
    job_id = joint.submit_joint(joint.ready_joint(), 100)

    def reserved():
        return joint.invoke("peter", "accounts.balance", {})["reserved"]

    assert reserved() == 100
    joint.run_data(f"{job_id}-1", 5)
    assert reserved() == 95
    joint.run_data(f"{job_id}-2", 7)
    joint.combine(job_id)
    assert reserved() == 0


def test_later_steps_run_at_the_combining_provider(joint):
    access = joint.ready_joint()
    job_id = joint.submit_joint(access, source=toy_source(phases=("map", "reduce", "map", "reduce")))
    joint.run_data(f"{job_id}-1", 5)
    joint.run_data(f"{job_id}-2", 7)
    part_id = f"{job_id}-c"
    joint.accept_part(part_id)
    assert joint.settle_combining(job_id, 4)["reason"] == "continue"
    for index, kind in ((2, "map"), (3, "reduce")):
        before = joint.invoke("grid", "results.receipts", {"job_id": part_id})["receipts"][-1]
        receipt = joint.receipt(1, kind, 3, before=before["receipt"])
        args, transient = joint.settlement(part_id, index, receipt, before=before)
        answer = joint.invoke("grid", "jobs.settle", args, transient)
    assert answer["reason"] == "finished"
    joint.deliver(part_id, "[1,2]\n")
    assert joint.available("grid") == 7 + 4 + 3 + 3
