"""The contracts' story through the shim: real gRPC, real certificates, the answers that other ledgers give."""

import pytest

from totem_chaincode.errors import Forbidden, Refused


def test_a_job_is_run_from_submission_to_result_through_the_shim(story, peer):
    access = story.ready(1_000)
    job_id = story.submit(access, 100)
    story.accept(job_id)
    for index in range(2):
        story.settle(job_id, index, 5)
    story.complete(job_id)
    assert story.available("peter") == 990
    assert story.available("utility") == 10
    assert story.invoke("peter", "results.get", {"job_id": job_id})["result"] == "[1,2]\n"
    with pytest.raises(Forbidden):
        story.invoke("paula", "results.get", {"job_id": job_id})
    with pytest.raises(Refused):
        story.submit(access, 5_000)
    assert peer.events[-1][0] == "jobs.ended"
    assert story.audit()["balanced"]
