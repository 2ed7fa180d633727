"""Two organisations, each with a home folder of its own, on one real network; and what is wrong with networks."""

import json
from pathlib import Path

import pytest

from tests.e2e.commands.conftest import Command
from tests.e2e.fabric.running import Process, network, remove_at_the_end

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A network of the organisations utility and city; its contracts are deployed by the tests."""
    folder = tmp_path_factory.mktemp("network") / "state"
    with remove_at_the_end(folder):
        network(folder, "up", "--names", "utility,city", "--orderers", "1")
        for organisation, name, role in (
            ("utility", "admin", "consortium"),
            ("utility", "grid", "provider"),
            ("city", "ada", "consumer"),
        ):
            network(folder, "enrol", organisation, name, role)
        yield folder


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """The home folders of both organisations, empty at first."""
    folder = tmp_path_factory.mktemp("places")
    return {name: Command(folder / name) for name in ("utility", "city")}


def only(state, organisation, name, folder):
    """Return a wallet with one of an organisation's identities."""
    folder.mkdir(parents=True)
    file = state / "wallets" / organisation / f"{name}.id"
    (folder / file.name).write_bytes(file.read_bytes())
    return folder


def profile(state, organisation):
    return state / "profiles" / f"{organisation}.json"


def changed(state, path, **fields):
    """Write the utility's profile with fields changed."""
    document = json.loads(profile(state, "utility").read_text())
    for peer in document["peers"]:
        peer["tls_ca"] = str((state / "profiles" / peer["tls_ca"]).resolve())
    path.write_text(json.dumps(document | fields))
    return path


def refused(done):
    assert done.exit_code == 2, done.output
    return done.stderr


def test_a_network_without_the_chaincode_says_so(state, places, tmp_path):
    words = ("admin", "join", "--wallet", only(state, "utility", "admin", tmp_path / "w"), "--profile")
    said = refused(places["utility"].tell(*words, profile(state, "utility")))
    assert "the chaincode 'totem' is not deployed on the channel 'totem', or UtilityMSP has not installed" in said
    said = refused(places["utility"].tell(*words, changed(state, tmp_path / "channel.json", channel="other")))
    assert "the peers are not on a channel 'other'" in said
    elsewhere = json.loads(profile(state, "utility").read_text())["peers"][0]["address"]
    ca = state / "crypto" / "peerOrganizations" / "city.totem.test" / "tlsca" / "tlsca.city.totem.test-cert.pem"
    peers = [{"address": elsewhere, "msp_id": "UtilityMSP", "tls_ca": str(ca)}]
    said = refused(
        places["utility"].tell(*words, changed(state, tmp_path / "tls.json", peers=peers, endorsers=[], endorsements=0))
    )
    assert "TLS certificates are not issued by the authority that the profile names" in said
    assert not places["utility"].home.exists()


@pytest.mark.sample
def test_two_organisations_bring_a_job_to_its_end_from_two_homes(state, places, tmp_path):
    totem_serve = f"{Command.PROGRAM} chaincode serve".split()
    network(state, "deploy", "--server", *totem_serve)
    utility, city = places["utility"], places["city"]
    ca = state / "crypto" / "peerOrganizations" / "utility.totem.test" / "ca"
    wallet = only(state, "utility", "admin", tmp_path / "utility")
    own_ca = ("--ca-cert", ca / "ca.utility.totem.test-cert.pem", "--ca-key", ca / "priv_sk")
    utility.ask("admin", "join", "--profile", profile(state, "utility"), "--wallet", wallet, *own_ca)
    utility.ask("admin", "init", "--ledger", "fabric", "--provider", "grid", "--consumer", "ada@CityMSP")
    utility.ask("admin", "issue", "ada@CityMSP", 100_000, "--reason", "to begin with")
    mine = only(state, "city", "ada", tmp_path / "city")
    joined = city.ask("admin", "join", "--profile", profile(state, "city"), "--wallet", mine)
    assert [item["state"] for item in joined["identities"]] == ["active"]

    data = tmp_path / "bills.csv"
    data.write_text("cid,bill\n" + "".join(f"{row % 5},{row / 4}\n" for row in range(50)))
    serving = ("serve", "--ledger", "fabric", "--profile", profile(state, "utility"))
    server = Process(utility.home, tmp_path / "utility.log", *serving)
    try:
        assert (server.started["providers"], server.started["own_stores"]) == (["grid"], ["grid"])
        published = utility.tell("provider", "publish", "bills", data, "--auto-approve", "--yes", who="grid")
        assert published.exit_code == 0, published.output
        city.ask("access", "request", "bills", "--purpose", "to add up")
        job = EXAMPLES / "paper1" / "total_bill.py"
        done = city.ask("job", "submit", job, "bills", "--totem", 100_000, "--watch")
        assert (done["state"], done["paid"] + done["returned"]) == ("completed", 100_000)
        assert len(city.ask("job", "result", done["job_id"])["result"]) == 5
        assert utility.tell("job", "result", done["job_id"], who="admin").exit_code == 2
        assert [item["state"] for item in utility.ask("provider", "jobs", who="grid")] == ["completed"]
        assert city.ask("ledger", "verify")["ok"]
        assert utility.ask("admin", "audit", who="admin")["balanced"]
    finally:
        log = server.end()
    assert "provider's server stopped" in log
    assert "PRIVATE KEY" not in log
    assert not list(city.home.glob("**/ca*"))


def test_a_chaincode_server_that_is_down_is_named(state, places):
    network(state, "kill", "totem.city")
    said = refused(places["city"].tell("job", "list"))
    assert "the chaincode server of CityMSP does not answer its peer" in said
    assert "hint: start it: `totem chaincode serve`" in said
    network(state, "restart", "totem.city")
    assert [job["state"] for job in places["city"].ask("job", "list")] == ["completed"]
