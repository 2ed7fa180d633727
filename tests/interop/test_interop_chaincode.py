"""TOTEM's client against a chaincode written with npm's fabric-shim, on real peers."""

import json
import threading
from dataclasses import replace

import pytest

from totem.ledger import TransactionVoid, Wallet
from totem.ledger.fabric import ConnectionProfile, FabricLedger, from_wallet
from totem.ledger.fabric.events import Checkpoint
from totem_chaincode.errors import Refused

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

SECRETS = "_implicit_org_Org2MSP"


class Site:
    """Two organisations' ledgers, and a consumer of each."""

    def __init__(self, state):
        self.people = [from_wallet(Wallet(state / "wallets" / name), "consumer") for name in ("org1", "org2")]
        self.profiles = [ConnectionProfile.load(state / "profiles" / f"{name}.json") for name in ("org1", "org2")]
        self.ledgers = [FabricLedger(*pair) for pair in zip(self.profiles, self.people, strict=True)]

    def ask(self, function, *, of=0, **args):
        return self.ledgers[of].evaluate(self.people[of], function, args)

    def do(self, function, *, of=0, transient=None, **args):
        return self.ledgers[of].submit(self.people[of], function, args, transient)


@pytest.fixture(scope="module")
def site(bring_up, node):
    made = Site(bring_up("--name", "small", "--server", "node", str(node / "chaincode.js")))
    yield made
    for ledger in made.ledgers:
        ledger.close()


def test_what_was_written_is_read(site):
    assert site.ask("who") == {"msp": "Org1MSP", "certified": True}
    assert site.do("put", key="a", value="Grüße").result == "a"
    assert site.ask("get", key="a") == "Grüße"
    assert [site.do("increment", key="n", of=of).result for of in (0, 1, 0)] == [0, 1, 2]


def test_rows_arrive_in_pages_and_all_at_once(site):
    site.do("putRows", group="g", count=230)
    assert site.ask("rows", group="g") == [f"value {number}" for number in range(230)]
    pages, bookmark = [], ""
    while len(pages) < 3:
        page = site.ask("page", group="g", size=100, bookmark=bookmark)
        pages.append(page["rows"])
        bookmark = page["bookmark"]
    rows = [row for page in pages for row in page]
    assert (rows, bookmark) == ([f"value {number}" for number in range(230)], "")


def test_private_data_are_where_they_belong(site):
    submitted = site.do("keepSecret", collection=SECRETS, key="k", transient={"secret": "planted"})
    while site.ledgers[1].height() <= submitted.block:
        threading.Event().wait(0.05)
    assert site.ask("tellSecret", of=1, collection=SECRETS, key="k") == "planted"
    assert "planted" not in repr(site.ledgers[0].block(submitted.block))


def test_refusals_arrive_with_their_texts(site):
    for run in (site.ask, site.do):
        with pytest.raises(Refused, match="because") as refused:
            run("refuse", why="because")
        assert refused.value.code == "npm"


def test_large_answers_arrive(site):
    assert site.ask("large", size=6_000_000) == "x" * 6_000_000


def test_events_are_followed_from_a_checkpoint(site):
    start = site.ledgers[0].height()
    for text in ("one", "two", "three"):
        site.do("shout", text=text)
    found, stop = [], threading.Event()
    first = next(site.ledgers[0].events(start))
    for event in site.ledgers[0].events_behind(Checkpoint.after(first), follow=True, stop=stop):
        found.append(event.payload)
        if len(found) == 2:
            stop.set()
    assert (first.payload, found) == ("one", ["two", "three"])


def test_whoever_reads_what_another_one_changes_loses(site):
    ledger, person = site.ledgers[0], site.people[0]
    drafts = [ledger.endorse(ledger.prepare(person, "increment", {"key": "hot"}).signed_by(person)) for _ in range(2)]
    assert ledger.resume(drafts[0].signed_by(person), was_sent=False).result == 0
    with pytest.raises(TransactionVoid) as lost:
        ledger.resume(drafts[1].signed_by(person), was_sent=False)
    assert lost.value.code == "MVCC_READ_CONFLICT"
    assert ledger.verify().problem is None


def test_too_few_endorsements_make_a_transaction_void(site):
    ledger = FabricLedger(replace(site.profiles[0], endorsers=("Org1MSP",), endorsements=1), site.people[0])
    with pytest.raises(TransactionVoid) as void:
        ledger.submit(site.people[0], "put", {"key": "alone", "value": "x"})
    ledger.close()
    assert void.value.code == "ENDORSEMENT_POLICY_FAILURE"
    assert site.ask("get", key="alone") is None


def test_a_common_connection_profile_reaches_the_network(site, tmp_path):
    """As other people's networks hand it out, with the CA in a file and in the profile itself."""
    peers, organisations = {}, {}
    for number, peer in enumerate(site.profiles[0].peers, start=1):
        (tmp_path / f"{number}.pem").write_bytes(peer.tls_ca)
        held = {"path": f"{number}.pem"} if number == 1 else {"pem": peer.tls_ca.decode()}
        peers[f"peer{number}"] = {"url": f"grpcs://{peer.address}", "tlsCACerts": held}
        organisations[f"Org{number}"] = {"mspid": peer.msp_id, "peers": [f"peer{number}"]}
    profile = site.profiles[0]
    document = {
        "client": {"organization": "Org2"},
        "channels": {profile.channel: {"peers": {}}},
        "organizations": organisations,
        "peers": peers,
        "x-totem": {"chaincode": profile.chaincode},
    }
    (tmp_path / "connection.json").write_text(json.dumps(document))
    ledger = FabricLedger(ConnectionProfile.load(tmp_path / "connection.json"), site.people[1])
    assert [peer.msp_id for peer in ledger.profile.peers] == ["Org2MSP", "Org1MSP"]
    assert ledger.evaluate(site.people[1], "who", {}) == {"msp": "Org2MSP", "certified": True}
    # Nobody named endorsers: the peer finds them.
    assert ledger.submit(site.people[1], "put", {"key": "found", "value": "x"}).result == "found"
    ledger.close()
