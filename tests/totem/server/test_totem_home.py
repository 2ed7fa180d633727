"""The home folder's enrolments: what they refuse, and that nothing is lost by it."""

import shutil
import subprocess
import sys

import pytest

from totem.services.consortium import Consortium
from totem.services.consumer import Consumer
from totem.services.development import prepare_home
from totem.services.errors import InTheWay, Missing, NotAllowed
from totem.services.home import Home

FOUNDING = """
import os, sys
from pathlib import Path
from totem.services.development import prepare_home
from totem.services.home import Home

last = int(sys.argv[2])
steps = 0

def hook(event, _):
    global steps
    if event in ("open", "os.rename", "os.mkdir", "sqlite3.connect", "os.rmdir"):
        steps += 1
        if steps == last:
            os._exit(9)

sys.addaudithook(hook)
prepare_home(Home(Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("home") / "totem")
    home.found(providers=["north"], consumers=["alice"])
    yield home
    home.consortium.close()


def test_an_enrolment_answers_with_the_record(founded):
    record = founded.enrol("west-coast", "provider")
    assert (record["participant"], record["role"]) == ("west-coast@WestCoastMSP", "provider")
    assert founded.session("west-coast").query("participants.get")["state"] == "active"


@pytest.mark.parametrize("name", ["admin", "consortium", "Alice"])
def test_a_name_of_another_is_refused_and_no_key_is_lost(founded, name):
    before = founded.consortium.identity("admin").certificate
    with pytest.raises(InTheWay) as refused:
        founded.enrol(name, "provider")
    assert refused.value.code == "name_taken"
    assert founded.consortium.identity("admin").certificate == before


def test_only_the_consortium_enrols(founded):
    with pytest.raises(NotAllowed):
        founded.enrol("eve", "consumer", by="alice")
    assert "eve" not in founded.consortium.wallet.labels()


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 30, 60, 80, 86, 90])
def test_a_consortium_whose_founding_was_interrupted_is_founded_the_next_time(tmp_path, after):
    home = Home(tmp_path / "home")
    first = subprocess.run([sys.executable, "-c", FOUNDING, home.root, str(after)], check=False)
    assert first.returncode in (0, 9)
    whole = home.is_founded
    is_new = prepare_home(home)
    assert not (whole and is_new)  # one that was whole, but not yet in its place, is neither
    assert sorted(item["name"] for item in home.identities()) == ["admin", "north", "researcher", "south"]
    assert home.current() == "researcher"
    assert Consortium(home.session("admin")).audit()["balanced"]
    assert Consumer(home.session()).balance()["available"] == 10**12
    assert len(Consortium(home.session()).tables()) == 2
    assert list((home.root / "founding").glob("**/*")) == []


def test_keys_without_a_ledger_are_not_founded_over(tmp_path):
    home = Home(tmp_path)
    home.found(consumers=["alice"])
    home.consortium.close()
    shutil.rmtree(tmp_path / "ledger")
    key = {path: path.read_bytes() for path in (tmp_path / "wallet").rglob("*") if path.is_file()}
    with pytest.raises(Missing, match="restore it, or move them away"):
        Home(tmp_path).found(consumers=["alice"])
    assert {path: path.read_bytes() for path in (tmp_path / "wallet").rglob("*") if path.is_file()} == key
