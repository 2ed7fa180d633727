"""A consortium that changes while it works: new contracts with another format of records, organisations, tables."""

import sys
from contextlib import closing

import pytest

from tests.network.real_site import PEOPLE, SERVER, RealSite
from totem_chaincode.errors import Conflict, Forbidden

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


def serving(what):
    return sys.executable, str(SERVER), f"tests.chaincode.older_format:{what}"


def test_an_upgrade_brings_the_state_forward_and_a_running_job_goes_on(tmp_path):
    with closing(RealSite(tmp_path / "network", orderers=1, server=serving("older"))) as real:
        story = real.story
        access = story.ready()
        job_id = story.submit(access)
        story.accept(job_id)
        story.settle(job_id, 0, 5)
        before = story.audit()

        real.call("upgrade", "2", "--server", *serving("newer"))
        with pytest.raises(Conflict) as refused:
            story.settle(job_id, 1, 5)
        assert refused.value.code == "old_format"
        with pytest.raises(Forbidden):
            story.invoke("utility", "consortium.migrate", {})
        assert not story.invoke("admin", "consortium.migrate", {"limit": 5})["done"]
        with pytest.raises(Conflict) as refused:
            story.available("peter")
        assert refused.value.code == "migrating"
        pages = [story.invoke("admin", "consortium.migrate", {"limit": 5})]
        while not pages[-1]["done"]:
            pages.append(story.invoke("admin", "consortium.migrate", {"limit": 5}))
        assert sum(page["changed"] for page in pages) > 3
        assert story.audit() == before
        story.settle(job_id, 1, 5)
        story.complete(job_id)
        assert story.audit()["balanced"]
        assert real.ledger("grid").verify().problem is None

        # Whoever still serves the earlier contracts can't work on the newer records.
        real.call("upgrade", "3", "--server", *serving("older"))
        with pytest.raises(Conflict) as refused:
            story.fund(PEOPLE["peter"].name, 1)
        assert refused.value.code == "new_format"
