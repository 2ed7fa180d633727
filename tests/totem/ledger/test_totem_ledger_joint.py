"""A joint job on every ledger: the parts of several providers, a pool, partial groups that only one reads."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from totem_chaincode.errors import Forbidden, NotFound, Refused
from totem_chaincode.testing import JointStory


@pytest.fixture
def joint(site):
    return JointStory(site.invoke)


def test_a_joint_job_runs_to_its_one_result(joint):
    job_id = joint.submit_joint(joint.ready_joint(), 90)
    first, second = f"{job_id}-1", f"{job_id}-2"
    joint.accept_part(first)
    joint.invoke("utility", "joint.dry", {"job_id": first, "used": 30, "needs": 5})
    with pytest.raises(Refused, match="not of the pool"):
        joint.settle_data(first, 30, "out_of_totem")
    joint.run_data(second, 7)
    assert joint.invoke("grid", "joint.redistribute", {"job_id": job_id})["amount"] == 53
    joint.settle_data(first, 40)
    joint.deliver(first, "planted partial group\n")
    content = joint.invoke("grid", "joint.partials", {"job_id": first})["content"]
    assert base64.b64decode(content) == joint.ciphertext("planted partial group\n")
    for person in ("peter", "utility", "paula"):
        with pytest.raises(Forbidden):
            joint.invoke(person, "joint.partials", {"job_id": first})
    joint.combine(job_id, 6)
    with pytest.raises(NotFound, match="purged"):
        joint.invoke("grid", "joint.partials", {"job_id": first})
    assert [joint.available(person) for person in ("peter", "utility", "grid")] == [947, 40, 13]
    found = joint.invoke("peter", "results.get", {"job_id": job_id})
    assert (found["result"], found["missing"]) == ("[1,2]\n", [])
    assert joint.audit()["balanced"]


def test_with_a_provider_missing_the_result_says_so(joint):
    job_id = joint.submit_joint(joint.ready_joint(), 90, at_least=1)
    joint.invoke("utility", "jobs.decline", {"job_id": f"{job_id}-1", "reason": "x"})
    joint.run_data(f"{job_id}-2", 7)
    joint.combine(job_id, 6)
    assert joint.invoke("peter", "results.get", {"job_id": job_id})["missing"] == ["utility@UtilityMSP"]


@pytest.mark.slow
def test_data_parts_of_many_joint_jobs_run_at_once(joint):
    access = joint.ready_joint()
    jobs = [joint.submit_joint(access, 90) for _ in range(3)]
    parts = [f"{job_id}-{number}" for job_id in jobs for number in (1, 2)]
    with ThreadPoolExecutor(len(parts)) as pool:
        ended = list(pool.map(lambda part_id: joint.run_data(part_id, 5), parts))
    assert [end["paid"] for end in ended] == [5] * len(parts)
    for job_id in jobs:
        joint.combine(job_id, 5)
    assert joint.available("peter") == 1_000 - 3 * 15
    assert joint.audit()["balanced"]
