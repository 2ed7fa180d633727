"""A consortium that changes while its jobs run: an organisation joins, a table is exchanged, all is backed up."""

from contextlib import closing

import pytest

from tests.network.job_load import JobLoad
from tests.network.real_site import RealSite
from totem.ledger.fabric.in_step import Newest
from totem_chaincode.errors import NotFound
from totem_chaincode.testing import Person

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    state = tmp_path_factory.mktemp("changes") / "network"
    with closing(RealSite(state, orgs=3, orderers=1, options=["--explicit-policy"])) as real:
        real.story.found()
        real.story.agree_on_table()
        real.story.publish()
        yield JobLoad(real, clients=6)


def test_an_organisation_joins_while_jobs_run(load):
    """With it three of four must endorse: who is connected already asks two, and learns that it must ask more."""
    real = load.real
    load.begin()
    load.wait_for_jobs(3)
    assert "is one of 4 organisations that endorse" in real.call("add-org")
    load.wait_for_jobs(12)
    load.finish()
    assert load.check()["codes"].get("ENDORSEMENT_POLICY_FAILURE", 0) > 0

    newcomer = Person("petra", "Org4MSP", "consumer")
    real.enrol(newcomer)
    load.consumers.append(newcomer)
    load.access.update([load.admit(newcomer)])
    job_id = load.job("petra")
    real.wait_for(load.newest.block)
    assert "[1,2]" in real.invoke("petra", "results.get", {"job_id": job_id})["result"]
    load.check()


def test_a_table_is_exchanged_while_jobs_run(load):
    real = load.real
    old = real.invoke("admin", "tables.get", {})["table_id"]
    load.begin()
    load.wait_for_jobs(3)
    new = real.story.agree_on_table({"name": "toy-2", "weights": {"read": 1}})
    load.wait_for_jobs(12)
    load.finish()
    load.check()
    tables = {real.invoke("admin", "jobs.get", {"job_id": job_id})["table_id"] for job_id in load.noted.jobs}
    assert tables == {old, new}
    job_id = load.job("client0")
    real.wait_for(load.newest.block)
    last = real.invoke("admin", "jobs.get", {"job_id": job_id})
    assert last["table_id"] == new
    real.invoke("admin", "tables.retire", {"table_id": old})


def test_a_backup_brings_back_accounts_private_results_and_jobs_that_run(load, tmp_path):
    real = load.real
    ended = load.job("client0")
    running = load.start("client1")
    real.wait_for(load.newest.block)
    audit = real.story.audit()
    real.call("backup", str(tmp_path / "backup.tar.gz"))
    later = load.job("client2")
    real.call("down")
    real.call("restore", str(tmp_path / "backup.tar.gz"))
    load.newest = Newest()  # blocks behind the backup are no more

    assert real.story.audit() == audit
    assert "[1,2]" in real.invoke("client0", "results.get", {"job_id": ended})["result"]
    with pytest.raises(NotFound):
        real.invoke("admin", "jobs.get", {"job_id": later})
    load.complete(*running)
    real.wait_for(load.newest.block)
    assert real.invoke("client1", "jobs.get", {"job_id": running[1]})["state"] == "completed"
    assert real.story.audit()["balanced"]
    for ledger in real.ledgers.values():
        assert ledger.verify().problem is None
