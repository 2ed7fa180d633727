"""A home folder on either ledger: the same commands, the same figures, as many transactions."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.totem.server.fabric_places import FabricPlace
from totem.cli.main import app
from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import BadInput, InTheWay, NotAllowed, ProgramRefused, Unauthorised
from totem.services.home import Home
from totem.services.publish import prepare, publish
from totem_ccf.storage.profile import OWN, profile

TOTEM = 1_000_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["embedded", "fabric"])
def place(request, tmp_path_factory):
    """A consortium: providers north and south, consumers alice (with totem) and bob (with none)."""
    folder = tmp_path_factory.mktemp(request.param)
    network = None
    if request.param == "embedded":
        home = Home(folder / "totem")
        admin = home.found(providers=["north", "south"], consumers=["alice", "bob"])
        Consortium(admin).issue("alice@AliceMSP", TOTEM, "to begin with")
    else:
        network = FabricPlace(folder / "network")
        home = network.found(folder / "totem", TOTEM)
    yield home
    home.consortium.close()
    if network is not None:
        network.close()


@pytest.fixture(scope="module")
def paper(place, examples):
    """The published example's data with exact statistics, as in the publication; granted at once."""
    north = place.session("north")
    data, schema = examples / "paper1" / "bills.csv", examples / "paper1" / "schema.json"
    publication = prepare("bills", [data], schema=schema, policy={"approval": "auto"})
    exact = profile(publication.dataset, frozenset(), options=OWN)
    publish(north, place.store("north"), replace(publication, statistics=exact))
    Consumer(place.session("alice")).request_access("bills", "to add up")
    return place


@pytest.fixture(scope="module")
def examples():
    return Path(__file__).parents[3] / "examples"


def submission(home, examples, totem):
    table = Consortium(home.session("alice")).table_id("paper-2019", "active")
    source = (examples / "paper1" / "total_bill.py").read_text()
    return Submission(source=source, filename="total_bill.py", datasets=["bills"], totem=totem, table=table)


def test_who_is_founded_is_there_under_the_same_ids(place):
    names = {item["participant"]: item["role"] for item in Consortium(place.session("admin")).participants()}
    assert names == {
        "admin@ConsortiumMSP": "consortium",
        "north@NorthMSP": "provider",
        "south@SouthMSP": "provider",
        "alice@AliceMSP": "consumer",
        "bob@BobMSP": "consumer",
    }
    assert {item["participant"] for item in place.identities()} == set(names)
    assert place.current() == "admin"
    assert Consumer(place.session("alice")).balance()["available"] <= TOTEM
    states = {item["name"]: (item["state"], item["default"]) for item in Consortium(place.session("bob")).tables()}
    assert states == {"paper-2019": ("active", False), "standard-1": ("active", True)}


def test_the_published_example_costs_198_completes_with_198_and_is_refused_with_197(paper, examples, serve):
    alice = Consumer(paper.session("alice"))
    estimate = alice.estimate(submission(paper, examples, 0))["estimate"]
    assert estimate == {"lower": 198, "expected": 198, "upper": 198}
    height = paper.explorer().height()
    with pytest.raises(ProgramRefused, match="needs at least 198 totem, the escrow is 197"):
        alice.submit(submission(paper, examples, 197))
    assert paper.explorer().height() == height
    job_id = alice.submit(submission(paper, examples, 198))["job_id"]
    serve(paper)
    job = alice.job(job_id)
    assert (job["state"], job["used"], job["paid"], job["returned"]) == ("completed", 198, 198, 0)
    assert sum(row["totem"] for row in alice.bill(job_id)["bill"]) == 198
    assert sorted(alice.result(job_id).pairs()) == [[1, 100.0], [2, 400.0], [3, 200.0]]
    with pytest.raises(NotAllowed):
        Consumer(paper.session("bob")).result(job_id)


def test_a_job_is_three_transactions_and_one_for_each_phase(paper, examples, serve):
    alice = Consumer(paper.session("alice"))
    before = paper.explorer().height()
    job_id = alice.submit(submission(paper, examples, 300))["job_id"]
    serve(paper)
    job = alice.job(job_id)
    alice.result(job_id)
    blocks = paper.explorer().blocks(paper.explorer().height(), paper.explorer().height() - before)
    told = [item["function"] for block in reversed(blocks) for item in block["transactions"]]
    phases = len(job["phases"])
    assert phases == 2
    mine = [function for function in told if function.startswith("jobs.")]
    assert mine == ["jobs.submit", "jobs.accept", *["jobs.settle"] * phases, "jobs.complete"]
    assert len(mine) <= 3 + phases
    assert all(item["valid"] for block in blocks for item in block["transactions"])


def test_the_books_balance_and_the_ledger_is_in_order(paper):
    audit = Consortium(paper.session("admin")).audit()
    assert audit["balanced"]
    assert audit["issued"] == TOTEM
    explorer = paper.explorer()
    report = explorer.verify()
    assert (report["ok"], report["blocks"]) == (True, explorer.height())
    assert explorer.verify(explorer.block(2)["hash"])["ok"]
    assert explorer.verify("0" * 64)["ok"] is False


def test_newcomers_are_enrolled_and_certified(place):
    record = place.enrol("wind", "provider", by="admin")
    assert record["role"] == "provider"
    assert place.holds(record["participant"])
    assert place.session("wind").query("participants.get")["state"] == "active"
    assert place.participant("wind") == record["participant"]
    with pytest.raises(InTheWay):
        place.enrol("wind", "provider", by="admin")
    with pytest.raises(NotAllowed):
        place.enrol("eve", "consumer", by="alice")
    assert not place.holds("eve@AliceMSP")


def test_who_is_not_in_the_wallet_cannot_act(place):
    with pytest.raises(Unauthorised, match="no identity 'nobody'"):
        place.session("nobody")


def test_every_reading_command_works(paper, run_command):
    for words in (
        ("admin", "identities"),
        ("admin", "participants"),
        ("admin", "audit", "--as", "admin"),
        ("admin", "balance", "--as", "alice"),
        ("admin", "table", "list"),
        ("admin", "table", "show", "standard-1"),
        ("admin", "requests"),
        ("dataset", "list", "--as", "alice"),
        ("dataset", "show", "bills", "--as", "alice"),
        ("access", "list", "--as", "alice"),
        ("provider", "requests", "--all", "--as", "north"),
        ("provider", "jobs", "--as", "north"),
        ("job", "list", "--as", "alice"),
        ("ledger", "show", "--limit", "3"),
        ("ledger", "show", "1"),
        ("ledger", "verify"),
        ("api", "token", "alice"),
        ("api", "tokens"),
    ):
        done = run_command(paper, *words)
        assert done.exit_code == 0, (words, done.output)


@pytest.fixture
def run_command():
    def run(home, *words):
        return CliRunner().invoke(app, list(words), env={"TOTEM_HOME": str(home.root), "TOTEM_AS": None})

    return run


def test_a_name_that_nobody_or_several_have_is_asked_for_in_full(place):
    with pytest.raises(BadInput, match="no participant is called 'stranger'"):
        place.participant("stranger")
    if not place.is_on_fabric:
        return
    with pytest.raises(BadInput, match="the channel has no organisation 'NrothMSP'") as refused:
        place.enrol("twin", "consumer", "NrothMSP", by="admin")
    assert refused.value.hint.startswith("did you mean 'NorthMSP'")
    place.enrol("twin", "consumer", "NorthMSP", by="admin")
    with pytest.raises(InTheWay, match="twin"):
        place.enrol("twin", "consumer", "SouthMSP", by="admin")
