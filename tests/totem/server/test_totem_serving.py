"""Providers are served as soon as they may act, also those that may only later; one `totem dev` a home folder."""

import contextlib
import itertools
import json
import os
import resource
import threading
import time

import pytest

from tests.totem.server.conftest import make_home
from tests.totem.server.fabric_places import FabricPlace
from totem.ledger import Wallet
from totem.services import claim, ending, serving
from totem.services.claim import claimed
from totem.services.consortium import Consortium
from totem.services.errors import BadInput, InTheWay, Missing
from totem.services.fabric_home import Joining, join
from totem.services.home import Home
from totem.services.runner import RunnerOptions
from totem.services.server import ProviderServer
from totem.services.serving import serve_providers

OPTIONS = RunnerOptions(1, "interpreter")


class Log:
    """What was logged: (event, provider, reason or problem)."""

    def __init__(self):
        self.told = []

    def warning(self, event, provider="", **more):
        self.told.append((event, provider, *more.values()))

    def info(self, event, provider="", **_):
        self.told.append((event, provider))


@pytest.fixture
def log(monkeypatch):
    made = Log()
    monkeypatch.setattr(serving, "_log", made)
    monkeypatch.setattr("totem.services.server._log", made)
    monkeypatch.setattr(ending, "_log", made)
    return made


@pytest.fixture
def home(tmp_path):
    made = make_home(tmp_path / "totem", totem=0)
    yield made
    made.consortium.close()


def until(holds):
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def started(provider):
    return ("provider's server started", provider)


@pytest.mark.slow
def test_who_may_act_later_is_served_then_without_a_restart(home, log):
    admin = Consortium(home.session("admin"))
    admin.suspend("south@SouthMSP", "not now")
    with serve_providers(home, OPTIONS, retry_seconds=0.05) as names:
        assert names == ["north"]
        until(lambda: started("north@NorthMSP") in log.told)
        time.sleep(0.3)
        assert started("south@SouthMSP") not in log.told
        admin.reinstate("south@SouthMSP")
        until(lambda: started("south@SouthMSP") in log.told)
        home.enrol("wind", "provider", by="admin")  # a certificate that comes into the wallet
        until(lambda: started("wind@WindMSP") in log.told)
    stopped = {provider for event, provider, *_ in log.told if event == "provider's server stopped"}
    assert stopped == {"north@NorthMSP", "south@SouthMSP", "wind@WindMSP"}
    why = [told for told in log.told if told[0].startswith("a provider is not served yet")]
    assert why == [(why[0][0], "south@SouthMSP", "south@SouthMSP is suspended: not now")]  # once, not at every look
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("provider")]


@pytest.mark.slow
def test_who_comes_later_can_be_left_to_others(home, log):
    with serve_providers(home, OPTIONS, retry_seconds=None) as names:
        home.enrol("wind", "provider", by="admin")
        until(lambda: len([told for told in log.told if told[0] == "provider's server started"]) == len(names))
        assert "providers" not in {thread.name for thread in threading.enumerate()}
    assert started("wind@WindMSP") not in log.told
    assert {provider for event, provider, *_ in log.told if event == "provider's server stopped"} == {
        "north@NorthMSP",
        "south@SouthMSP",
    }


@pytest.mark.slow
def test_a_ledger_that_is_away_is_told_once_and_asked_again(home, log, monkeypatch):
    asked = []

    def identities():
        asked.append(time.monotonic())
        if len(asked) in range(2, 6):
            raise Missing("the ledger is away")
        return found

    found = home.identities()
    monkeypatch.setattr(home, "identities", identities)
    with serve_providers(home, OPTIONS, retry_seconds=0.05):
        until(lambda: len(asked) > 7)
    assert [told[-1] for told in log.told if "can't be found out" in told[0]] == ["the ledger is away"]
    assert min(later - earlier for earlier, later in itertools.pairwise(asked)) >= 0.05  # it does not spin


@pytest.fixture
def away(home, monkeypatch):
    """The names of those whose organisation does not answer."""
    session, names = home.session, set()

    def session_of_others(name=None):
        if name in names:
            raise Missing(f"{name}'s peer does not answer", code="no_ledger")
        return session(name)

    monkeypatch.setattr(home, "session", session_of_others)
    return names


@pytest.mark.slow
def test_an_organisation_that_does_not_answer_keeps_only_its_own_provider(home, log, away):
    away.add("north")  # the first one
    with serve_providers(home, OPTIONS, retry_seconds=0.05) as names:
        assert names == ["south"]
        away.add("wind")
        home.enrol("wind", "provider", by="admin")
        home.enrol("zoe", "provider", by="admin")
        until(lambda: started("zoe@ZoeMSP") in log.told)
        time.sleep(0.3)
        away.remove("north")
        until(lambda: started("north@NorthMSP") in log.told)
    why = [told[1:] for told in log.told if told[0].startswith("a provider is not served yet")]
    assert why == [  # once, not at every look
        ("north@NorthMSP", "north's peer does not answer"),
        ("wind@WindMSP", "wind's peer does not answer"),
    ]
    assert started("wind@WindMSP") not in log.told


def test_where_none_can_be_asked_at_the_beginning_it_does_not_begin(home, away):
    away |= {"north", "south"}
    with pytest.raises(Missing, match="north's peer"), serve_providers(home, OPTIONS):
        pass


def test_who_is_refused_has_been_asked(home, log, away):
    Consortium(home.session("admin")).suspend("south@SouthMSP", "not now")
    away.add("north")
    with serve_providers(home, OPTIONS) as names:
        assert names == []


@pytest.mark.slow
def test_where_nobody_looks_again_all_must_answer_and_those_that_are_served_already_end(home, log, away):
    away.add("south")
    refused = []

    def serve():
        with (
            pytest.raises(Missing, match="south's peer") as missing,
            serve_providers(home, OPTIONS, retry_seconds=None),
        ):
            pass
        refused.append(missing.value)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    thread.join(20)
    assert refused
    assert ("provider's server stopped", "north@NorthMSP") in log.told


@pytest.mark.slow
def test_where_it_can_t_begin_those_who_wait_for_a_ledger_are_broken_off_too(home, log, away, monkeypatch):
    monkeypatch.setattr(ending, "PATIENCE_SECONDS", 0.1)
    broken_off = threading.Event()

    def break_off(seconds):
        broken_off.set()
        return True

    monkeypatch.setattr(home.consortium, "break_off", break_off)
    monkeypatch.setattr(ProviderServer, "serve", lambda server: broken_off.wait(60))
    away.add("south")
    begin = time.monotonic()
    with pytest.raises(Missing, match="south's peer"), serve_providers(home, OPTIONS, retry_seconds=None):
        pass
    assert time.monotonic() - begin < 30
    assert sum(told[0].startswith("a server has not ended after") for told in log.told) == 1


@pytest.mark.slow
def test_a_server_of_an_embedded_ledger_that_takes_longer_is_not_said_to_wait_for_it(home, log, monkeypatch):
    monkeypatch.setattr(ending, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(ProviderServer, "_leave", lambda server: time.sleep(1))
    with serve_providers(home, OPTIONS):
        until(lambda: started("north@NorthMSP") in log.told)
    assert not [told for told in log.told if "closed" in told[0]]


@pytest.mark.slow
def test_an_end_does_not_wait_for_everybody_who_does_not_answer(home, log, monkeypatch):
    asked, session, is_answered = [], home.session, threading.Event()

    def slow(name=None):
        if name in ("wind", "zoe"):
            asked.append(name)
            is_answered.wait(20)
            raise Missing(f"{name}'s peer does not answer", code="no_ledger")
        return session(name)

    with serve_providers(home, OPTIONS, retry_seconds=0.05):
        monkeypatch.setattr(home, "session", slow)
        for name in ("wind", "zoe"):
            home.enrol(name, "provider", by="admin")
        until(lambda: asked == ["wind"])
        threading.Timer(0.5, is_answered.set).start()
    assert asked == ["wind"]


def test_a_home_is_one_process_s_and_says_whose(tmp_path):
    home = Home(tmp_path / "home")
    lock = home.root / "dev.lock"
    with claimed(home) as claim:
        with pytest.raises(InTheWay, match=f"process {os.getpid()}, which is only starting"), claimed(home):
            pass
        claim.tell("http://127.0.0.1:1234")
        with pytest.raises(InTheWay, match=f"process {os.getpid()}, http://127.0.0.1:1234") as refused, claimed(home):
            pass
        assert (refused.value.code, refused.value.exit_status) == ("running", 2)
        assert json.loads(lock.read_text()) == {"pid": os.getpid(), "url": "http://127.0.0.1:1234"}
    assert not lock.exists()
    lock.write_text('{"pid": 1, "url": "of one that was killed"}')
    with claimed(home):
        assert json.loads(lock.read_text())["url"] == ""


def test_a_home_on_a_full_disk_is_held_although_nobody_can_be_told_where(tmp_path, log, monkeypatch):
    monkeypatch.setattr(claim, "_log", log)
    home = Home(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with contextlib.ExitStack() as held:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            held.enter_context(claimed(home)).tell("http://127.0.0.1:1234")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        with pytest.raises(InTheWay, match="it is only starting"), claimed(home):
            pass
    assert log.told == [("others can't be told where this process listens", "", "File too large")] * 2
    assert not (home.root / "dev.lock").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_home_that_is_deleted_by_its_holder_while_another_waits_is_not_held_twice(tmp_path):
    home = Home(tmp_path)
    for _ in range(20):
        held, most = [], []

        def hold(held=held, most=most):
            end = time.monotonic() + 0.1
            while time.monotonic() < end:
                try:
                    with claimed(home):
                        held.append(1)
                        most.append(len(held))
                        held.pop()
                except InTheWay:
                    pass

        threads = [threading.Thread(target=hold) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(most) == {1}


def test_a_home_that_can_t_be_made_is_the_caller_s_mistake(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="Not a directory"), claimed(Home(tmp_path / "file" / "home")):
        pass


@pytest.mark.slow
def test_an_organisation_that_joins_a_place_later_is_served_too(tmp_path, log):
    place = FabricPlace(tmp_path / "fabric")
    try:
        everybody = place.found(tmp_path / "everybody", 0)
        home = Home(tmp_path / "home")
        join(home, Joining(place.profile, "SouthMSP", wallets=[_wallet(tmp_path / "w", everybody, "south")]))
        with serve_providers(home, OPTIONS, retry_seconds=0.1) as names:
            assert names == ["south"]
            other = Home(home.root)  # another process
            stranger = place.authority.issue("wind", "NorthMSP", "provider")
            join(other, Joining(place.profile, "NorthMSP", wallets=[_wallet(tmp_path / "x", everybody, "north")]))
            until(lambda: started("north@NorthMSP") in log.told)
            other.consortium.wallet.put("wind", stranger)
            until(lambda: any(told[1] == "wind@NorthMSP" for told in log.told))
            assert "wind@NorthMSP is not enrolled" in next(told[2] for told in log.told if told[1] == "wind@NorthMSP")
            everybody.enrol("wind", "provider", "NorthMSP", by="admin")
            until(lambda: started("wind@NorthMSP") in log.told)
        home.consortium.close()
        other.consortium.close()
        everybody.consortium.close()
    finally:
        place.close()


def _wallet(folder, home, name):
    Wallet(folder).put(name, home.consortium.identity(name))
    return folder
