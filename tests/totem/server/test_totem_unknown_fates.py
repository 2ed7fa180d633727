"""A transaction of which nobody says whether it is committed: neither done nor failed, and never done twice."""

import json
from http import HTTPStatus
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.totem.server.fabric_places import FabricPlace
from totem.api.problems import problem_of
from totem.cli.main import app
from totem.ledger import FateUnknown
from totem.services.consortium import Consortium
from totem.services.consumer import Consumer
from totem.services.errors import OutcomeUnknown, from_ledger
from totem.services.publish import prepare, publish
from totem.services.settlement import is_final

pytestmark = pytest.mark.slow

QUICK = {"patience": 0.2, "commit_status": 0.1, "evaluate": 10}


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    made = FabricPlace(tmp_path_factory.mktemp("network"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def home(network, tmp_path_factory):
    made = network.found(tmp_path_factory.mktemp("home"), 10_000)
    network.write_profile(network.profile.name, deadlines=QUICK)
    made.forget()
    yield made
    made.consortium.close()


@pytest.fixture
def orderers(network):
    """What the orderers do with envelopes from now on; nobody says what became of them until ``answer``."""

    class Orderers:
        def silent(self, first):
            network.network.faults.submit.extend([first, *["unavailable"] * 500])
            network.network.faults.status.extend(["slow"] * 500)

        def answer(self):
            network.network.faults.submit.clear()
            network.network.faults.status.clear()

    made = Orderers()
    yield made
    made.answer()


@pytest.fixture
def totem(home):
    def run(*words):
        env = {"TOTEM_HOME": str(home.root), "TOTEM_AS": None}
        return CliRunner().invoke(app, [str(word) for word in words], env=env)

    return run


def balance(home):
    return home.session("alice").query("accounts.balance")["available"]


ISSUE = ("admin", "issue", "alice", "5", "--reason", "a test")


@pytest.mark.parametrize("first", ["commit_unavailable", "late", "lose"])
def test_a_repeated_command_is_the_same_transaction(home, orderers, totem, first):
    before = balance(home)
    orderers.silent(first)
    done = totem(*ISSUE, "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, error["code"]) == (6, "fate_unknown")
    assert "may be repeated" in error["hint"]
    assert len(home.fates.all()) == 1
    # As long as nobody answers it is the same one that is asked for.
    again = totem(*ISSUE)
    assert (again.exit_code, len(home.fates.all())) == (6, 1), again.output
    orderers.answer()
    settled = totem(*ISSUE)
    assert settled.exit_code == 0, settled.output
    assert (balance(home), home.fates.all()) == (before + 5, [])
    assert totem(*ISSUE).exit_code == 0
    assert balance(home) == before + 10


def test_resume_settles_all_of_them(home, orderers, totem):
    before = balance(home)
    orderers.silent("late")
    assert totem(*ISSUE).exit_code == 6
    still = totem("ledger", "resume", "--json")
    assert (still.exit_code, [item["outcome"] for item in json.loads(still.stdout)]) == (6, ["unknown"])
    orderers.answer()
    done = totem("ledger", "resume")
    assert (done.exit_code, "committed" in done.stdout) == (0, True), done.output
    assert balance(home) == before + 5
    assert "none" in totem("ledger", "resume").output


def test_one_that_has_lost_meanwhile_is_made_anew(home, orderers):
    admin = Consortium(home.session("admin"))
    before = balance(home)
    orderers.silent("lose")
    with pytest.raises(OutcomeUnknown):
        admin.suspend("bob@BobMSP", "a test")
    orderers.answer()
    Consortium(home.session("admin")).suspend("bob@BobMSP", "another reason")
    # The earlier one read what has changed since: it is void, and the call is made as a new one.
    found = home.resume()
    assert [(item["function"], item["outcome"]) for item in found] == [("participants.suspend", "void")]
    assert home.fates.all() == []
    admin.reinstate("bob@BobMSP")
    assert balance(home) == before


def test_a_job_that_is_submitted_again_without_a_key_is_the_same_job(home, orderers, totem):
    paper = Path(__file__).parents[3] / "examples" / "paper1"
    north = home.session("north")
    published = prepare("bills", [paper / "bills.csv"], schema=paper / "schema.json", policy={"approval": "auto"})
    publish(north, home.store("north"), published)
    Consumer(home.session("alice")).request_access("bills", "to add up")
    words = ("job", "submit", paper / "total_bill.py", "bills", "--totem", 2_000, "--as", "alice", "--json")
    orderers.silent("commit_unavailable")
    done = totem(*words)
    assert done.exit_code == 6, done.output
    orderers.answer()
    again = totem(*words)
    assert again.exit_code == 0, again.output
    submitted = json.loads(again.stdout)["job_id"]
    assert [job["job_id"] for job in Consumer(home.session("alice")).jobs()] == [submitted]
    assert Consumer(home.session("alice")).balance()["reserved"] == 2_000


def test_the_kept_envelope_is_for_its_owners_eyes(home, orderers):
    orderers.silent("lose")
    with pytest.raises(OutcomeUnknown) as unknown:
        Consortium(home.session("admin")).issue("alice@AliceMSP", 1, "a test")
    (kept,) = home.fates.all()
    assert unknown.value.details == {"tx_id": kept.tx_id}
    assert (kept.path.stat().st_mode & 0o777, home.fates.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    orderers.answer()
    assert [item["outcome"] for item in home.resume()] == ["committed"]


def test_an_unknown_fate_is_neither_final_nor_the_providers_fault():
    error = from_ledger(FateUnknown("ab" * 32, b"", 60, "nobody there"))
    assert (type(error), error.exit_status, is_final(error)) == (OutcomeUnknown, 6, False)
    problem = problem_of(error)
    assert (problem["status"], problem["code"]) == (HTTPStatus.GATEWAY_TIMEOUT, "fate_unknown")
    assert "before you repeat" in problem["hint"]
