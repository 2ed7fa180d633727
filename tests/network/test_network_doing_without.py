"""Jobs on real nodes that do without somebody: a data part that can't be used, or the consumer's organisation."""

import dataclasses
import json
import sys
import threading
from contextlib import closing, contextmanager

import pytest

from tests.network.planted import Search
from tests.network.real_home import RealHome
from tests.network.real_site import SERVER
from totem.services.errors import Missing
from totem.services.part_settlement import PartSettlement
from totem.services.result_store import object_path
from totem.services.sealing import Sealing
from totem_ccf.engines.local import LocalEngine
from totem_network import control, join, processes, server
from totem_network.lifecycle import wait_answering

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

NORTH, COMBINING = "north@NorthMSP", "south@SouthMSP"
SECRET = "1975-08-secret"
SEARCH = Search({"made up": SECRET})
REFUSING = [sys.executable, str(SERVER), "tests.network.tampered:refusing"]


@pytest.fixture(scope="module")
def engine():
    with LocalEngine() as made:
        yield made


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    with _removed_at_the_end(tmp_path_factory.mktemp("without")) as folder, closing(RealHome(folder)) as made:
        made.connect()
        yield made


@contextmanager
def _removed_at_the_end(folder):
    """Leave no nodes where the consortium does not come up."""
    state = folder / "totem" / "network"
    try:
        yield folder
    finally:
        if (state / "network.json").exists():
            control.down(state, keep=False)


def made_up(monkeypatch):
    """The first data part delivers other text than its partial groups."""
    complete = PartSettlement.complete

    def other_text(self, result):
        if self._job_id.endswith("-1"):
            result.write_text(f"{SECRET}\n")
            assert SEARCH.files([result])
        return complete(self, result)

    monkeypatch.setattr(PartSettlement, "complete", other_text)
    return "the partial groups are not what a data part of this program writes"


def damaged(monkeypatch):
    """One bit of the first data part's envelope, in which the key is, is not as it was written."""
    seal = Sealing.seal

    def one_bit(self, job_id, *arguments, **more):
        told = seal(self, job_id, *arguments, **more)
        if job_id.endswith("-1"):
            told["envelope"] = f"{told['envelope'][:-1]}{int(told['envelope'][-1], 16) ^ 1:x}"
        return told

    monkeypatch.setattr(Sealing, "seal", one_bit)
    return "the partial groups can't be opened"


def made_up_is_nowhere(real, job_id, said):
    """What was delivered instead is in no file that stays, no block, answer or log: nobody quotes what can't be used.

    Databases are searched where their nodes have ended (``test_network_leaks``).
    """
    home, network = real.home.root, real.network
    real.until(lambda: not list((home / "providers").rglob("partial.jsonl")))  # it is deleted when the job has ended
    blocks = [path for node in network.nodes() for path in network.node_folder(node).rglob("blockfile_*")]
    logs = [processes.log(network.node_folder(node)) for node in network.nodes()]
    kept = [path for path in (home / "providers").rglob("*") if path.is_file()]
    assert len(blocks) >= 4
    assert {"trouble.txt", "job.json", "log"} <= {path.name for path in (*kept, *logs)}
    assert SEARCH.files([*blocks, *logs, *kept]) == {}
    told = [*real.at_every_peer("jobs.get", job_id=job_id), real.home.store("south").trouble(f"{job_id}-c")]
    assert SEARCH.text(json.dumps(told)) == set()
    assert "a data part is left out" in said
    assert SEARCH.text(said) == set()


@pytest.mark.parametrize("corrupt", [made_up, damaged], ids=lambda corrupt: corrupt.__name__)
def test_partial_groups_that_cannot_be_used_are_left_out(real, engine, monkeypatch, capsys, corrupt):
    why = corrupt(monkeypatch)
    job_id = real.submit(combining=COMBINING, at_least=2)
    with real.serving(engine):
        (job,) = real.until_ended(job_id, seconds=120)
        if corrupt is made_up:
            made_up_is_nowhere(real, job_id, capsys.readouterr().err)
    assert (job["state"], job["missing"]) == ("completed", [NORTH])
    assert [part["left_out"] for part in job["parts"]] == [why, None, None, None]
    paid = [part["paid"] for part in job["parts"]]
    assert min(paid) > 0, "the part that was left out is paid too"
    assert job["paid"] + job["returned"] == job["escrow"] == sum(paid) + job["returned"]
    found = real.alice.result(job_id)
    assert (dict(found.pairs()), found.missing) == (real.sum_of("south", "east"), (NORTH,))
    for told in real.at_every_peer("jobs.get", job_id=job_id):
        assert (told["state"], told["parts"][0]["left_out"]) == ("completed", why)
    assert real.told("joint.left_out") > 0
    real.is_sound()


def test_too_few_that_can_be_used_end_the_job(real, engine, monkeypatch, capsys):
    why = made_up(monkeypatch)
    job_id = real.submit(combining=COMBINING)
    with real.serving(engine):
        (job,) = real.until_ended(job_id, seconds=120)
        made_up_is_nowhere(real, job_id, capsys.readouterr().err)
    assert (job["state"], job["missing"]) == ("too_few", [NORTH])
    assert why in job["reason"]
    assert job["paid"] == sum(part["paid"] for part in job["parts"][:3]) > 0
    real.is_sound()


def test_a_ciphertext_that_stays_damaged_is_left_out_when_half_of_the_time_is_over(real, engine, monkeypatch):
    monkeypatch.setattr("totem.services.part_settlement.INLINE_BYTES", 0)  # they go into the provider's store
    job_id = real.submit(combining=COMBINING, at_least=2, deadline_seconds=90, parts_seconds=60)
    with real.serving(engine, "north"):
        real.until(lambda: real.alice.job(job_id)["parts"][0]["state"] == "completed")
    told = real.alice.job(job_id)["parts"][0]["result"]["sealed"]
    ciphertext = real.home.store("north").root / "results" / object_path(told["ciphertext"])
    content = ciphertext.read_bytes()
    ciphertext.chmod(0o600)
    ciphertext.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with real.serving(engine, "south", "east"):
        (job,) = real.until_ended(job_id, seconds=120)
    assert (job["state"], job["missing"]) == ("completed", [NORTH])
    assert "could not be fetched before half" in job["parts"][0]["left_out"]
    assert dict(real.alice.result(job_id).pairs()) == real.sum_of("south", "east")
    real.is_sound()


@contextmanager
def peer_down(network):
    with _killed(network, "peer.city"):
        yield


@contextmanager
def chaincode_down(network):
    with _killed(network, "totem.city"):
        yield


@contextmanager
def contracts_refuse(network):
    """The city serves contracts that refuse to settle and to complete."""
    city, node = network.organisation("city"), "totem.city"
    processes.stop(network.node_folder(node))
    server.start(network, city, dataclasses.replace(network.chaincode, command=REFUSING))
    wait_answering(network)
    try:
        yield
    finally:
        _restarted(network, node)


@contextmanager
def _killed(network, node):
    control.kill(network, node)
    try:
        yield
    finally:
        _restarted(network, node)


def _restarted(network, node):
    control.restart(network, control.programs(network), node)
    join.wait_ready(network, timeout=60)
    wait_answering(network)


@pytest.mark.parametrize(
    ("fault", "listed"),
    [(peer_down, True), (chaincode_down, False), (contracts_refuse, True)],
    ids=["peer down", "chaincode down, not listed", "contracts refuse"],
)
def test_pay_does_not_hang_on_the_consumers_organisation(real, engine, fault, listed):
    """A job at one provider and one over three end, small results sealed; receipts are shown when it is back."""
    real.connect(endorsers=("north", "south", "city") if listed else ("north", "south"))
    submitted = real.submit(datasets=["north"]), real.submit(combining=COMBINING)
    with fault(real.network):
        with real.serving(engine):
            jobs = real.until_settled(*submitted, seconds=300)
        # A server leaves those behind that wait: they would hand over receipts as soon as the fault is over.
        real.until(lambda: not any(thread.name == "results" for thread in threading.enumerate()))
    for job, names in zip(jobs, (("north",), real.providers), strict=True):
        assert job["state"] == "completed"
        assert 0 < job["paid"] < job["escrow"] == job["paid"] + job["returned"]
        whole = real.alice.job(job["job_id"])
        assert whole["result"]["sealed"] is not None, "it is small, and would be in the city's collection"
        assert dict(real.alice.result(job["job_id"]).pairs()) == real.sum_of(*names)
    alone, joint = submitted
    with pytest.raises(Missing) as missing:
        real.alice.bill(alone)
    assert missing.value.code == "no_receipt"
    assert real.alice.bill(joint)["not_held"]
    with real.serving(engine):
        real.until(lambda: not _unshown(real), seconds=120)
    for job in jobs:
        bill = real.alice.bill(job["job_id"])
        assert (bill["used"], bill.get("not_held", [])) == (job["used"], [])
    real.is_sound()


def _unshown(real):
    return [item for name in real.providers for item in real.home.session(name).pages("results.unshown", "receipts")]


def test_an_organisation_that_no_profile_lists_gets_result_and_receipts_all_the_same(real, engine):
    real.connect(endorsers=("north", "south"))
    submitted = real.submit(datasets=["north"]), real.submit(combining=COMBINING)
    with real.serving(engine):
        jobs = real.until_ended(*submitted, seconds=120)
    for job in jobs:
        assert (job["state"], job["result"]["sealed"]) == ("completed", None)
        assert real.alice.bill(job["job_id"])["used"] == job["used"]
    assert _unshown(real) == []
    real.is_sound()
