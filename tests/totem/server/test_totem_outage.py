"""A ledger that goes away is told of at once and once, and keeps no server from ending."""

import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.totem.server.conftest import JOB
from tests.totem.server.fabric_places import FabricPlace
from totem import logs
from totem.services import ending
from totem.services.consumer import Consumer, Submission
from totem.services.errors import Missing, NotAllowed, OutcomeUnknown
from totem.services.outage import Outage
from totem.services.publish import prepare, publish
from totem.services.runner import RunnerOptions
from totem.services.server import ProviderServer
from totem.services.serving import serve_providers


class Told:
    def __init__(self):
        self.warned, self.informed = [], []
        self.outage = Outage(
            lambda text, **more: self.warned.append((text, more)),
            lambda text, **more: self.informed.append((text, more)),
            seconds=0.05,
        )


def until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def ask(told):
    with told.outage.noticed(provider="north"):
        until(lambda: told.warned)
        raise Missing("nobody there", code="no_ledger")


def test_a_question_that_waits_is_told_before_it_fails_and_why_when_it_has_failed_once():
    told = Told()
    for _ in range(2):
        with pytest.raises(Missing):
            ask(told)
    (text, more), why = told.warned
    assert text.startswith("the ledger does not answer since ")
    assert text.endswith(" UTC; trying again")
    assert more == {"provider": "north"}
    still = "the ledger still does not answer; trying again"
    assert why == (still, {"provider": "north", "problem": "nobody there"})
    for problem in ("north's peer refuses", "nobody there", "north's peer refuses"):  # every reason once
        with pytest.raises(Missing), told.outage.noticed(provider="north"):
            raise Missing(problem, code="no_ledger")
    assert told.warned[2:] == [(still, {"provider": "north", "problem": "north's peer refuses"})]
    assert told.informed == []
    with told.outage.noticed(provider="north"):
        pass
    with told.outage.noticed(provider="north"):
        pass
    assert told.informed == [("the ledger answers again", {"provider": "north"})]


def test_a_transaction_of_which_nothing_is_known_neither_begins_an_outage_nor_ends_one():
    told = Told()
    with pytest.raises(OutcomeUnknown), told.outage.noticed():
        raise OutcomeUnknown("no orderer answers")
    assert (told.warned, told.informed) == ([], [])
    for error in (Missing("nobody there", code="no_ledger"), OutcomeUnknown("no orderer answers")):
        with pytest.raises(type(error)), told.outage.noticed():
            raise error
    assert (len(told.warned), told.informed) == (1, [])
    with told.outage.noticed():
        pass
    assert told.informed == [("the ledger answers again", {})]


def test_one_that_fails_at_once_is_told_with_its_reason_and_the_next_outage_too():
    told = Told()
    for _ in range(2):
        with pytest.raises(Missing), told.outage.noticed():
            raise Missing("nobody there", code="no_ledger")
        with told.outage.noticed():
            pass
    assert [more for _, more in told.warned] == [{"problem": "nobody there"}] * 2
    assert len(told.informed) == 2


def test_a_refusal_is_an_answer():
    told = Told()
    with pytest.raises(NotAllowed), told.outage.noticed():
        raise NotAllowed("revoked", code="proposal_revoked")
    assert (told.warned, told.informed) == ([], [])


def test_a_question_that_is_answered_is_nothing_to_tell():
    told = Told()
    with told.outage.noticed():
        pass
    time.sleep(0.15)
    assert (told.warned, told.informed) == ([], [])


@pytest.fixture
def place(tmp_path):
    made = FabricPlace(tmp_path / "fabric")
    made.profile = made.write_profile("patient.json", deadlines={"patience": 120})
    yield made
    made.close()


@pytest.mark.slow
def test_a_server_whose_network_is_gone_says_so_and_ends_within_seconds(place, tmp_path, monkeypatch, capfd):
    logs.configure("warning")  # to this test's standard error, not to that of whoever configured it before
    monkeypatch.setattr(ending, "PATIENCE_SECONDS", 1.0)
    home = place.found(tmp_path / "home", 0)
    with serve_providers(home, RunnerOptions(1, "interpreter")) as names:
        assert sorted(names) == ["north", "south"]
        place.peer.stop()
        seen = ""

        def is_told():
            nonlocal seen
            seen += capfd.readouterr().err
            return seen.count("the ledger does not answer since") == 2

        try:
            until(is_told, 60)
        except AssertionError:
            raise AssertionError(seen) from None
        begin = time.monotonic()
    assert time.monotonic() - begin < 30  # of the 120 that it would wait
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("provider-")]


@pytest.mark.slow
def test_a_ledger_that_answers_is_not_broken_off_however_long_a_server_takes(place, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(ending, "PATIENCE_SECONDS", 0.5)
    home = place.found(tmp_path / "home", 0)
    asked = []

    def leave_late(server):
        time.sleep(2)
        asked.append(server._provider.session.query("participants.get")["state"])  # its connection is there still

    monkeypatch.setattr(ProviderServer, "_leave", leave_late)
    with serve_providers(home, RunnerOptions(1, "interpreter")):
        pass
    assert asked == ["active", "active"]
    assert "closed" not in capfd.readouterr().err
    assert home.session("alice").query("participants.get")["state"] == "active"  # others can be opened too
    home.consortium.close()


@pytest.mark.slow
def test_connections_of_those_who_wait_are_closed_and_no_others(place, tmp_path):
    home = place.found(tmp_path / "home", 0)
    north, south = home.session("north"), home.session("south")
    assert not home.consortium.break_off(0.2)  # nobody waits
    met = []

    def ask():
        with pytest.raises(Missing) as refused:
            north.query("participants.get")
        met.append(refused.value)

    place.network.faults.evaluate.extend(["unavailable"] * 10_000)
    thread = threading.Thread(target=ask)
    thread.start()
    assert not home.consortium.break_off(60)
    until(lambda: home.consortium.break_off(0.2))
    thread.join(20)
    assert [error.code for error in met] == ["no_ledger"]  # of the 120 s that it would wait
    place.network.faults.evaluate.clear()
    assert south.query("participants.get")["state"] == "active"
    with pytest.raises(Missing, match="the ledger is closed"):
        north.query("participants.get")
    home.consortium.close()


@pytest.mark.slow
def test_provider_start_ends_within_seconds_too(place, tmp_path):
    home = place.found(tmp_path / "home", 0)
    home.consortium.close()
    words = [sys.executable, "-m", "totem.cli.entry", "provider", "start", "--home", str(home.root), "--as", "north"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        told = []

        def until_said(text):
            for line in process.stderr:
                told.append(line)
                if text in line:
                    return
            pytest.fail(f"{text!r} is not said: {told}")

        until_said("provider's server started")
        place.peer.stop()
        until_said("the ledger does not answer since")
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        told.extend(process.stderr)
        assert process.wait(60) == 0
    assert time.monotonic() - begin < 30  # of the 120 that it would wait
    said = "a server has not ended after 4 s: its connections to the ledger are closed"
    assert [line for line in told if said in line], told


@pytest.mark.slow
def test_what_was_accepted_before_the_network_went_is_done_after_the_next_start(place, tmp_path, monkeypatch):
    monkeypatch.setattr(ending, "PATIENCE_SECONDS", 1.0)
    home = place.found(tmp_path / "home", 1_000_000)
    file = tmp_path / "bills.csv"
    file.write_text("cid,bill\n" + "".join(f"{number % 3},{number}.5\n" for number in range(30)))
    publish(home.session("north"), home.store("north"), prepare("bills", [file], policy={"approval": "auto"}))
    alice = Consumer(home.session("alice"))
    alice.request_access("bills", "tests")
    job_id = alice.submit(Submission(JOB, "job.py", ["bills"], totem=10_000))["job_id"]
    alice.session.gateway.ledger.close()
    place.network.faults.submit.extend(["lose"] * 3)  # what the provider sends at first does not get anywhere
    with serve_providers(home, RunnerOptions(1, "interpreter")):
        until(lambda: not place.network.faults.submit or place.peer.calls.count("Submit") > 2)
        place.peer.stop()
        begin = time.monotonic()
    assert time.monotonic() - begin < 30  # of the 120 that it would wait
    place.network.faults.submit.clear()
    place.peer.start()
    again = type(home)(home.root)
    with serve_providers(again, RunnerOptions(1, "interpreter")):
        alice = Consumer(again.session("alice"))
        until(lambda: alice.job(job_id)["state"] == "completed", 60)
        assert len(alice.result(job_id).pairs()) == 3
    audit = again.session("admin").query("accounts.audit", detail="accounts")
    assert audit["balanced"], json.dumps(audit)
    again.consortium.close()
