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
