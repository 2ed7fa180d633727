"""The members of a folder on Fabric: what ``fabric.json`` remembers, and organisations that see each other's work."""

import json
import threading

import pytest

from tests.totem.ledger.fabric.small_network import CHAINCODE, CHANNEL
from totem.ledger import LedgerUnavailable
from totem.ledger.errors import IdentityProblem
from totem.ledger.fabric.consortium import FabricConsortium
from totem.ledger.fabric.in_step import InStep, Newest
from totem.ledger.fabric.membership import FILE, Membership, Organisation


@pytest.fixture
def place(fabric, tmp_path):
    """A folder with the identities admin and peter of the small network."""
    profile = tmp_path / "profile.json"
    peers = [{"address": peer.address, "msp_id": "ConsortiumMSP"} for peer in fabric.peers]
    document = {"channel": CHANNEL, "chaincode": CHAINCODE, "peers": peers, "deadlines": {"patience": 3}}
    profile.write_text(json.dumps(document))
    fabric.authority.save(tmp_path / "ca")
    ca = tmp_path / "ca"
    membership = Membership.of(
        [
            Organisation("ConsortiumMSP", profile, ca / "ca-cert.pem", ca / "ca-key.pem"),
            Organisation("StavangerMSP", profile),
        ]
    )
    made = FabricConsortium(tmp_path, membership)
    for name in ("admin", "peter"):
        made.wallet.put(name, fabric.people[name])
    yield made
    made.close()


def test_a_folder_s_organisations_are_remembered_and_move_with_it(tmp_path):
    inside, outside = tmp_path / "home" / "profiles" / "a.json", tmp_path / "b.json"
    before = Membership.of([Organisation("AMSP", inside, tmp_path / "home" / "ca.pem", tmp_path / "key.pem")])
    (tmp_path / "home").mkdir()
    before.with_(Organisation("BMSP", outside)).save(tmp_path / "home")
    (tmp_path / "home").rename(tmp_path / "moved")
    after = Membership.load(tmp_path / "moved")
    assert after.organisation("AMSP").profile == tmp_path / "moved" / "profiles" / "a.json"
    assert after.organisation("AMSP").certifies
    assert after.organisation("BMSP") == Organisation("BMSP", outside)
    assert not after.organisation("BMSP").certifies
    with pytest.raises(
        LedgerUnavailable, match=r"no connection profile for the organisation CMSP .there is: AMSP, BMSP"
    ):
        after.organisation("CMSP")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"organisations": {"AMSP": {}}}', '{"organisations": {"AMSP": {"x": "y"}}}']
)
def test_a_file_that_is_damaged_is_named(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(LedgerUnavailable, match=r"fabric\.json can't be read"):
        Membership.load(tmp_path)


def test_newcomers_are_certified_where_their_ca_is_here(place):
    deputy = place.enrol("deputy", "consortium")
    assert (deputy.id, deputy.role) == ("deputy@ConsortiumMSP", "consortium")
    assert place.gateway("deputy").evaluate("participants.get", {})["state"] == "active"
    assert place.enrol("paul", "consumer", "StavangerMSP") is None
    assert "paul" not in place.wallet.labels()
    # A namesake of somebody in the wallet, whose certificate another organisation makes, is in nobody's way.
    assert place.enrol("deputy", "consumer", "StavangerMSP") is None
    assert place.identity("deputy").id == "deputy@ConsortiumMSP"
    enrolled = {item["participant"] for item in place.participants("admin")}
    assert {"deputy@ConsortiumMSP", "paul@StavangerMSP", "deputy@StavangerMSP"} <= enrolled


def test_who_is_chosen_looks_at_the_blocks(fabric, place):
    assert place.view.height() == fabric.ledger.height()
    empty = FabricConsortium(place.folder / "nobody", place.membership)
    with pytest.raises(IdentityProblem, match="shows blocks to members only"):
        _ = empty.view


class Behind:
    """A peer that is blocks behind, and gets one each time it is asked."""

    def __init__(self, height):
        self.blocks = height
        self.asked = []

    def height(self):
        self.blocks += 1
        return self.blocks - 1

    def evaluate(self, identity, function, args, transient):
        self.asked.append(self.blocks)
        return function


def test_an_organisation_waits_for_what_another_one_has_committed():
    newest, peer = Newest(), Behind(3)
    ledger = InStep(peer, newest)
    assert ledger.evaluate(None, "a", {}) == "a"
    assert peer.asked == [3]  # nobody has committed anything: nothing is waited for
    newest.committed(7)
    newest.committed(5)
    ledger.evaluate(None, "b", {})
    assert peer.asked[-1] > 7
    blocks = peer.blocks
    ledger.evaluate(None, "c", {})
    assert peer.blocks == blocks  # it is known to be there


def test_a_peer_that_does_not_catch_up_is_named(monkeypatch):
    monkeypatch.setattr("totem.ledger.fabric.in_step._PATIENCE_SECONDS", 0.05)
    peer = Behind(0)
    peer.height = lambda: 1
    newest = Newest()
    newest.committed(9)
    with pytest.raises(LedgerUnavailable, match="the organisation's peer has no block 9"):
        InStep(peer, newest).evaluate(None, "a", {})


def test_many_threads_share_a_folder_s_connections(place):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(place.gateway("peter").evaluate("participants.get", {})["name"]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["peter"] * 8
