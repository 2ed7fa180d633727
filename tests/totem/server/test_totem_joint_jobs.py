"""Jobs over several providers, from submission to the one result, with every provider's server running."""

import pytest
from joint_home import JointHome

pytestmark = pytest.mark.slow


@pytest.fixture
def joint(tmp_path):
    made = JointHome(tmp_path)
    yield made
    made.home.consortium.close()


def test_the_result_and_what_it_costs_are_those_of_the_job_at_one_provider(joint, engine):
    with joint.serving(engine):
        together = joint.submit()
        alone = joint.submit(datasets=["whole"])
        jobs = joint.until_ended(together, alone)
    assert [job["state"] for job in jobs] == ["completed", "completed"]
    assert sorted(joint.alice.result(together).pairs()) == sorted(joint.alice.result(alone).pairs())
    assert jobs[0]["paid"] == jobs[1]["paid"]
    assert joint.alice.result(together).missing == ()
    joint.is_sound()


def test_each_provider_needs_three_transactions_and_one_for_each_phase_at_most(joint, engine):
    explorer = joint.home.explorer("admin")
    before = explorer.height()
    job_id = joint.submit(combining="south@SouthMSP")
    with joint.serving(engine):
        (job,) = joint.until_ended(job_id)
    blocks = explorer.blocks(explorer.height(), explorer.height() - before)
    made = [item for block in blocks for item in block["transactions"]]
    assert all(item["valid"] for item in made)
    found = {}
    for item in made:
        if item["function"].startswith(("jobs.", "joint.")):
            found.setdefault(item["creator"], []).append(item["function"])
    assert found.pop("alice@AliceMSP") == ["joint.submit"]
    for name in joint.providers:
        mine = [part for part in job["parts"] if part["provider"].startswith(f"{name}@")]
        functions = found.pop(f"{name}@{name.title()}MSP")
        phases = sum(len(part["phases"]) for part in mine)
        assert functions.count("jobs.settle") == phases
        assert sorted({*functions}) == ["jobs.accept", "jobs.complete", "jobs.settle"]
        assert len(functions) == 2 * len(mine) + phases  # and for each part its share of the submission
    assert found == {}


def test_slices_that_are_too_small_are_redistributed_until_the_job_completes(tmp_path, engine):
    """Statistics say that the combining part costs more than it does, so the data parts' slices are too small."""
    joint = JointHome(tmp_path, precheck="none")
    with joint.serving(engine):
        cost = joint.cost()
        (job,) = joint.until_ended(joint.submit(totem=cost))
    assert (job["state"], job["paid"], job["returned"]) == ("completed", cost, 0)
    for part in job["parts"][:-1]:
        assert part["escrow"] < part["used"] <= part["slice"]
    assert joint.told("joint.redistributed") >= len(joint.providers)
    joint.is_sound()


def test_a_part_that_waits_for_its_pool_leaves_its_place_to_others(tmp_path, engine):
    """Each server runs one job at a time: else parts at two servers could wait for one another for ever."""
    joint = JointHome(tmp_path, ("north", "south"), precheck="none")
    with joint.serving(engine):
        cost = joint.cost()
    with joint.serving(engine, "south", at_once=1):
        first = joint.submit(datasets=["south", "north"], totem=cost)
        joint.until(lambda: joint.alice.job(first)["parts"][0]["dry"] is not None)
        second = joint.submit(datasets=["north", "south"], totem=cost)
        joint.until(lambda: joint.alice.job(second)["parts"][1]["dry"] is not None)
        with joint.serving(engine, "north", at_once=1):
            jobs = joint.until_ended(first, second)
    assert [(job["state"], job["paid"]) for job in jobs] == [("completed", cost)] * 2
    joint.is_sound()
