"""The home folder's enrolments: what they refuse, and that nothing is lost by it."""

import pytest

from totem.services.errors import InTheWay, NotAllowed
from totem.services.home import Home


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
