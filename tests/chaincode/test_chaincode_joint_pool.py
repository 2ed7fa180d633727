"""The pool of a joint job: slices, what a dry part gets of what others leave, and when nothing is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem_chaincode.errors import Conflict, Forbidden, Invalid, Refused
from totem_chaincode.pool import cut_pool, slices_of
from totem_chaincode.testing import JointStory


@pytest.fixture
def joint(story):
    return JointStory(story.invoke)


def submitted(joint, totem=90, **more):
    """Submit a joint job of which every part has a third of the pool; return its id."""
    return joint.submit_joint(joint.ready_joint(), totem, **more)


def dry(joint, part_id, used, needs):
    return joint.invoke(joint.runner(part_id), "joint.dry", {"job_id": part_id, "used": used, "needs": needs})


def redistribute(joint, job_id, person="peter"):
    return joint.invoke(person, "joint.redistribute", {"job_id": job_id})


def absent_and_dry(joint):
    """Submit a joint job of which one part is not accepted and the other waits; return its id."""
    job_id = submitted(joint, at_least=1, deadline_seconds=2_000, parts_seconds=1_000)
    joint.accept_part(f"{job_id}-2")
    dry(joint, f"{job_id}-2", 30, 30)
    return job_id


def test_a_part_that_nobody_has_begun_is_expired_for_the_others_at_half_of_its_time(joint, memory):
    job_id = absent_and_dry(joint)
    with pytest.raises(Conflict, match="still run"):
        redistribute(joint, job_id)
    memory.now += 499_999
    with pytest.raises(Refused, match="has not passed yet"):
        joint.invoke("grid", "jobs.expire", {"job_id": f"{job_id}-1"})
    memory.now += 1
    assert joint.invoke("grid", "jobs.expire", {"job_id": f"{job_id}-1"})["state"] == "expired"
    assert redistribute(joint, job_id, "grid")["to"] == f"{job_id}-2"
    joint.settle_data(f"{job_id}-2", 60)
    joint.deliver(f"{job_id}-2")
    joint.combine(job_id, 30)
    ended = joint.joint(job_id)
    assert (ended["state"], ended["missing"], ended["paid"]) == ("completed", ["utility@UtilityMSP"], 90)


def test_what_runs_has_all_its_time_and_so_have_jobs_of_one_provider(joint, memory):
    job_id = absent_and_dry(joint)
    access = joint.grant("homes-utility")
    single = joint.submit(access, dataset_id="homes-utility", deadline_seconds=1_000)
    memory.now += 999_999
    for waits in (f"{job_id}-2", f"{job_id}-c", single):
        with pytest.raises(Refused, match="has not passed yet"):
            joint.invoke("peter", "jobs.expire", {"job_id": waits})
    assert joint.accept_part(f"{job_id}-1")["state"] == "running"


def slices(joint, job_id):
    return [part["slice"] for part in joint.joint(job_id)["parts"]]


@given(st.integers(0, 10**18), st.lists(st.integers(0, 10**12), min_size=1, max_size=33))
def test_slices_add_up_and_are_as_near_to_their_share_as_integers_can_be(amount, weights):
    found = slices_of(amount, weights)
    assert sum(found) == amount
    weights = weights if any(weights) else [1] * len(weights)
    for slice_, weight in zip(found, weights, strict=True):
        assert abs(slice_ * sum(weights) - amount * weight) < sum(weights)


def test_what_rounding_leaves_goes_to_who_loses_most_by_it():
    assert slices_of(10, [9, 1, 5]) == [6, 1, 3]
    assert slices_of(2, [1, 1, 1]) == [1, 1, 0]


@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(0, 1_000), st.none() | st.integers(0, 1_000)), min_size=2, max_size=6),
)
def test_a_pool_is_cut_so_that_upper_bounds_fit_where_they_all_do(amount, costs):
    estimates = [{"expected": expected, "upper": more if more is None else expected + more} for expected, more in costs]
    found = cut_pool(amount, estimates)
    assert sum(found) == amount
    needed = [estimate["upper"] or estimate["expected"] for estimate in estimates]
    expected = [estimate["expected"] for estimate in estimates]
    for fits, least in ((sum(needed) <= amount, needed), (sum(expected) <= amount, expected)):
        if fits:
            assert all(slice_ >= cost for slice_, cost in zip(found, least, strict=True))


def test_what_is_left_beyond_expected_costs_goes_towards_the_upper_bounds():
    estimates = [{"expected": 10, "upper": 20}, {"expected": 10, "upper": 10}, {"expected": 10, "upper": 40}]
    assert cut_pool(15, estimates) == [5, 5, 5]
    assert cut_pool(50, estimates) == [15, 10, 25]
    assert cut_pool(100, estimates) == [30, 20, 50]


def test_a_dry_part_waits_for_what_the_others_leave(joint):
    job_id = submitted(joint)
    first, second = f"{job_id}-1", f"{job_id}-2"
    joint.accept_part(first)
    joint.accept_part(second)
    answer = dry(joint, first, 28, 5)
    assert (answer["slice"], answer["final"]) == (30, False)
    with pytest.raises(Refused, match=r"not of the pool: tell so \(joint.dry\) and wait") as refused:
        joint.settle_data(first, 28, "out_of_totem")
    assert refused.value.code == "pool"
    with pytest.raises(Conflict, match=f"{second} still run") as early:
        redistribute(joint, job_id)
    assert early.value.code == "parts_open"
    joint.settle_data(second, 10)
    joint.deliver(second)
    # 20 that the second part left and 30 of the combining part, which has not begun.
    assert redistribute(joint, job_id) == {"job_id": job_id, "to": first, "amount": 50, "final": []}
    assert slices(joint, job_id) == [80, 10, 0]
    joint.settle_data(first, 70)
    joint.deliver(first)
    joint.combine(job_id, 10)
    assert joint.joint(job_id)["paid"] == 90
    assert joint.available("peter") == 1_000 - 90


def test_all_that_is_left_goes_to_the_first_in_listed_order_then_to_the_next(joint):
    job_id = submitted(joint)
    first, second = f"{job_id}-1", f"{job_id}-2"
    for part_id, used in ((second, 25), (first, 20)):
        joint.accept_part(part_id)
        dry(joint, part_id, used, 11)
    assert redistribute(joint, job_id)["to"] == first
    # What the second holds beyond its 25 is the first's now.
    assert slices(joint, job_id) == [65, 25, 0]
    with pytest.raises(Conflict, match="may leave something"):
        redistribute(joint, job_id)
    joint.settle_data(first, 35)
    joint.deliver(first)
    assert redistribute(joint, job_id)["amount"] == 30
    assert slices(joint, job_id) == [35, 55, 0]
    joint.settle_data(second, 50)
    joint.deliver(second)
    joint.combine(job_id, 5)
    assert joint.joint(job_id)["paid"] == 90


def test_a_part_may_be_dry_again(joint):
    job_id = submitted(joint)
    first, second = f"{job_id}-1", f"{job_id}-2"
    for part_id in (first, second):
        joint.accept_part(part_id)
        dry(joint, part_id, 30, 1)
    redistribute(joint, job_id)
    dry(joint, first, 60, 1)
    answer = redistribute(joint, job_id)
    assert answer["to"] is None
    assert answer["final"] == [first, second]


def test_when_it_is_not_enough_every_dry_part_ends_and_is_paid(joint):
    job_id = submitted(joint)
    first, second = f"{job_id}-1", f"{job_id}-2"
    for part_id, needs in ((first, 100), (second, 1)):
        joint.accept_part(part_id)
        dry(joint, part_id, 30, needs)
    assert redistribute(joint, job_id)["final"] == [first, second]
    assert slices(joint, job_id) == [30, 30, 30]
    # They don't wait any more: what was said is final.
    with pytest.raises(Conflict, match="may leave something"):
        redistribute(joint, job_id)
    for part_id in (first, second):
        assert dry(joint, part_id, 30, 1)["final"]
        assert joint.settle_data(part_id, 30, "out_of_totem")["reason"] == "out_of_totem"
        joint.invoke(joint.runner(part_id), "jobs.halt", {"job_id": part_id})
    with pytest.raises(Refused, match="0 of 2 data parts can be combined, 2 are asked for"):
        joint.accept_part(f"{job_id}-c")
    ended = joint.invoke("utility", "joint.end", {"job_id": job_id})
    assert (ended["state"], ended["paid"], ended["returned"]) == ("out_of_totem", 60, 30)
    assert joint.audit()["balanced"]


@pytest.mark.parametrize(("needs", "to"), [(35, "-1"), (36, None)])
def test_what_a_part_itself_has_left_counts_to_the_last_totem(joint, needs, to):
    job_id = submitted(joint)
    joint.run_data(f"{job_id}-2", 30)
    joint.accept_part(f"{job_id}-1")
    dry(joint, f"{job_id}-1", 25, needs)
    # 5 of its own, 30 of the combining part.
    assert redistribute(joint, job_id)["to"] == (to and job_id + to)
    assert slices(joint, job_id) == ([60, 30, 0] if to else [30, 30, 30])


@pytest.mark.parametrize("given", [False, True])
def test_a_part_that_waits_to_the_end_can_settle_before_it_expires(joint, memory, given):
    """Also where it has stopped waiting just before it is given something."""
    job_id = submitted(joint, deadline_seconds=200, parts_seconds=100)
    first = f"{job_id}-1"
    joint.accept_part(first)
    dry(joint, first, 28, 5)
    memory.now += 89_999
    joint.run_data(f"{job_id}-2", 5)
    with pytest.raises(Refused) as refused:
        joint.settle_data(first, 28, "out_of_totem")
    assert refused.value.code == "pool"
    if given:
        redistribute(joint, job_id)
    memory.now += 1
    joint.settle_data(first, 28, "out_of_totem")
    joint.invoke("utility", "jobs.halt", {"job_id": first})
    assert joint.available("utility") == 28


@pytest.mark.parametrize(("used", "needs", "code"), [(31, 5, "not_dry"), (20, 10, "not_dry"), (20, 981, "bound")])
def test_only_a_dry_part_is_dry(joint, used, needs, code):
    job_id = submitted(joint)
    joint.accept_part(f"{job_id}-1")
    with pytest.raises(Refused) as refused:
        dry(joint, f"{job_id}-1", used, needs)
    assert refused.value.code == code


def test_only_a_running_data_part_can_be_dry(joint):
    job_id = submitted(joint)
    with pytest.raises(Conflict, match="is submitted"):
        dry(joint, f"{job_id}-1", 30, 1)
    with pytest.raises(Invalid, match="no data part"):
        dry(joint, f"{job_id}-c", 30, 1)
    with pytest.raises(Invalid, match="no data part"):
        joint.invoke("grid", "joint.dry", {"job_id": job_id, "used": 30, "needs": 1})
    joint.accept_part(f"{job_id}-1")
    joint.settle_data(f"{job_id}-1", 5)
    with pytest.raises(Conflict, match="'finished'"):
        dry(joint, f"{job_id}-1", 30, 1)


def test_telling_it_twice_is_telling_it_once(joint, memory):
    job_id = submitted(joint)
    first = f"{job_id}-1"
    joint.accept_part(first)
    answer = dry(joint, first, 28, 5)
    before = dict(memory.state.rows)
    assert dry(joint, first, 28, 5) == answer
    assert memory.state.rows == before
    with pytest.raises(Conflict, match="waits already, with 28 totem used"):
        dry(joint, first, 10, 25)


def test_there_is_nothing_to_redistribute_where_nobody_waits(joint):
    job_id = submitted(joint)
    with pytest.raises(Conflict):
        redistribute(joint, job_id)
    joint.run_data(f"{job_id}-1")
    joint.run_data(f"{job_id}-2")
    with pytest.raises(Conflict, match="no part") as refused:
        redistribute(joint, job_id)
    assert refused.value.code == "not_dry"
    with pytest.raises(Invalid, match="no joint job"):
        redistribute(joint, f"{job_id}-1")
    with pytest.raises(Forbidden):
        redistribute(joint, job_id, "paula")
    joint.combine(job_id)
    with pytest.raises(Conflict, match="is completed"):
        redistribute(joint, job_id)


def test_nothing_is_given_to_a_part_of_a_job_that_cant_complete(joint):
    job_id = submitted(joint)
    joint.accept_part(f"{job_id}-1")
    dry(joint, f"{job_id}-1", 30, 1)
    joint.invoke("grid", "jobs.decline", {"job_id": f"{job_id}-2", "reason": "x"})
    with pytest.raises(Conflict, match="can't complete any more"):
        redistribute(joint, job_id)
