"""A consortium in a folder: made whole, opened again, thrown away, quickly."""

import pytest

from totem.ledger import IdentityProblem, LedgerUnavailable, NameTaken, ProposalRefused
from totem.ledger.bootstrap import ADMIN, Consortium, bundled_tables, msp_of
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Conflict
from totem_chaincode.testing import ToyEvaluator
from totem_sdk.table import load

TOY = Chaincode(ToyEvaluator())


def make(folder, **options):
    return Consortium.create(folder, chaincode=TOY, durable=False, **options)


def test_everybody_is_enrolled_and_the_tables_are_agreed_on(tmp_path):
    made = make(tmp_path, providers=("utility", "north-grid"), consumers=("peter",))
    people = made.gateway("peter").evaluate("participants.list", {})["participants"]
    assert {(item["participant"], item["role"]) for item in people} == {
        ("admin@ConsortiumMSP", "consortium"),
        ("utility@UtilityMSP", "provider"),
        ("north-grid@NorthGridMSP", "provider"),
        ("peter@PeterMSP", "consumer"),
    }
    tables = made.gateway("peter").evaluate("tables.list", {})["tables"]
    assert {(item["name"], item["state"], item["default"]) for item in tables} == {
        ("paper-2019", "active", False),
        ("standard-1", "active", True),
    }
    assert made.ledger.verify().ok
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca", "ledger", "wallet"]
    made.close()


def test_it_is_made_once_and_opened_as_often_as_wanted(tmp_path):
    make(tmp_path).close()
    with pytest.raises(LedgerUnavailable, match="has a consortium already"):
        make(tmp_path)
    again = Consortium.open(tmp_path, chaincode=TOY)
    assert again.identity("provider").role == "provider"
    again.issue("consumer", 70, "welcome")
    assert again.gateway("consumer").evaluate("accounts.balance", {})["available"] == 70
    newcomer = again.enrol("grid", "provider")
    assert again.gateway("grid").evaluate("participants.get", {})["participant"] == newcomer.id
    with pytest.raises(Conflict, match="enrolled already"):
        again.enrol("grid", "provider")
    assert again.identity("grid").certificate == newcomer.certificate
    again.close()
    with pytest.raises(LedgerUnavailable, match="has no ledger"):
        Consortium.open(tmp_path / "nothing")


def test_certificates_are_revoked_and_renewed(tmp_path):
    made = make(tmp_path)
    for _ in range(2):
        made.revoke("consumer")
        with pytest.raises(ProposalRefused, match="is revoked"):
            made.gateway("consumer").evaluate("participants.get", {})
        made.close()
        made = Consortium.open(tmp_path, chaincode=TOY)
        made.certify("consumer", "consumer")
        assert made.gateway("consumer").evaluate("participants.get", {})["state"] == "active"
    with pytest.raises(IdentityProblem):
        made.revoke("nobody")
    made.close()


def test_a_thrown_away_one_leaves_nothing():
    with Consortium.throw_away(chaincode=TOY) as made:
        folder = made.folder
        assert made.gateway(ADMIN).evaluate("accounts.audit", {})["balanced"]
    assert not folder.exists()


def test_it_is_thrown_away_after_a_failure_too():
    folders = []

    def fail():
        with Consortium.throw_away(chaincode=TOY) as made:
            folders.append(made.folder)
            raise RuntimeError("the job")

    with pytest.raises(RuntimeError, match="the job"):
        fail()
    assert not folders[0].exists()


def test_the_tables_are_the_sdks():
    assert [document["name"] for document in bundled_tables()] == ["paper-2019", "standard-1"]
    assert bundled_tables()[0] == load("paper-2019").to_json()


@pytest.mark.parametrize(
    ("name", "msp"), [("utility", "UtilityMSP"), ("north-grid", "NorthGridMSP"), ("a.b_c", "ABCMSP")]
)
def test_an_organisation_is_named_after_its_participant(name, msp):
    assert msp_of(name) == msp


def test_nobody_is_enrolled_under_a_name_that_the_wallet_has_for_another(tmp_path):
    made = make(tmp_path)
    before = made.identity(ADMIN).certificate, made.ledger.height()
    for role in ("provider", "consortium"):
        with pytest.raises(NameTaken, match="has admin@ConsortiumMSP under the name 'admin'"):
            made.enrol(ADMIN, role)
    with pytest.raises(NameTaken, match="it is not replaced by admin@AdminMSP"):
        made.certify(ADMIN, "provider")
    assert (made.identity(ADMIN).certificate, made.ledger.height()) == before
    made.issue("consumer", 1, "the key still works")
    made.close()


def test_two_names_never_share_an_organisation(tmp_path):
    made = make(tmp_path, providers=("a-b",))
    height = made.ledger.height()
    for name in ("a.b", "a_b", "aB", "A-b", "consortium"):
        with pytest.raises(NameTaken, match="its organisation"):
            made.enrol(name, "consumer")
    assert (made.ledger.height(), made.wallet.labels()) == (height, ["a-b", ADMIN, "consumer"])
    made.enrol("deputy", "consortium", "ConsortiumMSP")
    made.close()


@pytest.mark.parametrize("names", [("a-b", "a.b"), ("consortium",)])
def test_a_consortium_is_not_made_with_names_that_share_an_organisation(tmp_path, names):
    with pytest.raises(NameTaken, match="its organisation"):
        make(tmp_path / "new", consumers=names)
    assert not (tmp_path / "new").exists()


def test_an_enrolment_that_crashed_before_the_certificate_is_repeated(tmp_path, monkeypatch):
    made = make(tmp_path)

    def crash(*_args, **_options):
        raise RuntimeError("crash")

    with monkeypatch.context() as patch:
        patch.setattr(made.authority, "issue", crash)
        with pytest.raises(RuntimeError, match="crash"):
            made.enrol("grid", "provider")
    with pytest.raises(Conflict, match="enrolled already"):
        made.enrol("grid", "consumer")
    assert "grid" not in made.wallet.labels()
    made.enrol("grid", "provider")
    assert made.gateway("grid").evaluate("participants.get", {})["role"] == "provider"
    with pytest.raises(Conflict, match="enrolled already"):
        made.enrol("grid", "provider")
    made.close()
