"""A provider's server on Fabric is paid also when the peers of the consumer's organisation are down or refuse."""

import dataclasses
import time

import pytest

from tests.totem.ledger.fabric.small_site import FabricSite
from totem.ledger.fabric import Deadlines, FabricLedger
from totem.ledger.port import Gateway
from totem.services.errors import Missing
from totem.services.keeping import ResultKeeper
from totem.services.opening import open_sealed
from totem.services.purging import Purging
from totem.services.session import Session
from totem.services.settlement import LedgerSettlement
from totem.services.store import ProviderStore
from totem_chaincode.testing import PEOPLE

LINES = b'["a",2]\n'
CONSUMER = PEOPLE["peter"].msp_id
FAULTS = {
    "down": None,
    "a contract's refusal": 'chaincode response 400, {"code":"escrow","details":{},"kind":"refused","message":"no"}',
    "broken": "chaincode response 500, no",
}
pytestmark = pytest.mark.slow


@pytest.fixture
def site():
    made = FabricSite(deadlines=Deadlines(5, 5, 5, 0.2, 5, 0.5))
    members = tuple(made.network.members)
    # Seldom is an organisation asked that need not endorse; here it is, because it is one of five.
    profile = dataclasses.replace(made.profile, endorsers=members, endorsements=2)
    made.ledger = FabricLedger(profile, made.people["admin"], clock=made.clock)
    made.opened.insert(0, made.ledger)
    yield made
    for each in made.opened:
        each.close()


def settled(site, tmp_path, fault):
    """Run a job up to its result by what the provider's server does; return it, its settlement and its keeper."""
    story = site.story
    job_id = story.submit(story.ready(), 100)
    story.accept(job_id)
    if fault == "down":
        site.network.faults.absent.add(CONSUMER)
    elif fault:
        site.network.faults.refusing[CONSUMER] = FAULTS[fault]
    session = Session(Gateway(site.ledger, site.people["utility"]))
    store = ProviderStore(tmp_path / "utility")
    store.job_folder(job_id)
    made = LedgerSettlement(session, store, job_id)
    first = story.receipt(0, "map", 30)
    assert made.settle(0, first)["continue"]
    assert made.settle(1, story.receipt(0, "reduce", 12, before=first))["reason"] == "finished"
    result = tmp_path / "result.jsonl"
    result.write_bytes(LINES)
    ended = made.complete(result)
    assert (ended["state"], ended["paid"]) == ("completed", 42)
    return job_id, ended, ResultKeeper(Purging(session, store), time.time)


@pytest.mark.parametrize("fault", FAULTS)
def test_pay_does_not_hang_on_the_consumers_organisation(site, tmp_path, fault):
    job_id, ended, keeper = settled(site, tmp_path, fault)
    peter = Session(Gateway(site.ledger, site.people["peter"]))
    told = peter.query("results.get", job_id=job_id)
    assert ended["result"]["sealed"] == told["sealed"] != None  # noqa: E711  # it is sealed though it is small
    with open_sealed(site.people["peter"], job_id, told) as plain:
        assert plain.read() == LINES
    with pytest.raises(Missing, match="phases 0, 1") as missing:
        peter.query("results.bill", job_id=job_id)
    assert missing.value.code == "no_receipt"
    assert not keeper.look()
    # When it is back it gets the receipts.
    site.network.faults.absent.clear()
    site.network.faults.refusing.clear()
    assert keeper.look()
    assert peter.query("results.bill", job_id=job_id)["used"] == 42


def test_when_all_is_well_there_is_a_transaction_for_each_phase_and_one_for_the_result(site, tmp_path):
    job_id, ended, keeper = settled(site, tmp_path, None)
    assert ended["result"]["sealed"] is None
    made = len(site.network.applied)
    assert keeper.look()
    assert len(site.network.applied) == made
    story = site.story
    accepted = [event.name for event in site.ledger.events() if event.payload.get("job_id") == job_id]
    assert accepted == ["jobs.submitted", "jobs.accepted", "jobs.settled", "jobs.settled", "jobs.ended"]
    assert story.invoke("peter", "results.bill", {"job_id": job_id})["used"] == 42
