"""Identities that a Fabric network refuses: the reason is told, and it keeps nobody else from joining."""

import json

import pytest

from tests.totem.server.fabric_places import FabricPlace, commands_in, msp_folder, wallet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = FabricPlace(tmp_path_factory.mktemp("fabric"))
    made.found(made.folder / "founder", 0).consortium.close()
    yield made
    made.close()


@pytest.fixture
def totem(tmp_path):
    return commands_in(tmp_path / "home")


def revoke(place, identity):
    """Revoke a certificate, and keep the organisation's list where the profile says."""
    place.network.revoke(identity)
    (place.folder / "revoked.pem").write_text(place.authority.crl)
    return place.write_profile("telling.json", revocation_list="revoked.pem")


REVOKED = "the certificate of peter@NorthMSP is revoked: have the CA of NorthMSP issue a new one"


def test_a_fresh_command_of_a_revoked_certificate_says_so(place, totem, tmp_path):
    peter = place.authority.issue("peter", "NorthMSP", "provider")
    telling = place.write_profile("telling.json", revocation_list="revoked.pem")
    assert totem("admin", "join", "--profile", telling, "--wallet", wallet(tmp_path / "w", peter)).exit_code == 0
    revoke(place, peter)
    done = totem("dataset", "list", "--as", "peter", "--json")
    assert done.exit_code == 2, done.output
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "proposal_revoked"
    assert error["message"] == f"{REVOKED}, and `totem admin join` with it"


def test_a_revoked_certificate_of_which_nobody_is_told_is_hinted_at(place, totem, tmp_path):
    peter = place.authority.issue("peter", "NorthMSP", "provider")
    revoke(place, peter)
    done = totem("admin", "join", "--profile", place.profile, "--wallet", wallet(tmp_path / "w", peter), "--json")
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "proposal_organisation"
    assert "ask the administrator of the organisation that the certificate is of" in error["hint"]
    assert "revoked" in error["hint"]


def test_one_refused_identity_of_a_wallet_does_not_keep_the_others_out(place, totem, tmp_path):
    peter, anna, nobody = (
        place.authority.issue(name, "NorthMSP", role)
        for name, role in (("peter", "provider"), ("anna", "consumer"), ("nobody", ""))
    )
    telling = revoke(place, peter)
    words = ("admin", "join", "--profile", telling, "--wallet")
    files = wallet(tmp_path / "w", peter, anna, nobody)
    done = totem(*words, files)
    assert done.exit_code == 0, done.output
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("peter")]
    assert "refused: revoked" in row
    assert f"peter is not taken in: {REVOKED}" in done.stderr
    found = {item["name"]: item for item in json.loads(totem(*words, files, "--json").stdout)["identities"]}
    assert found["peter"]["state"] == "refused: revoked"
    assert found["peter"]["reason"].startswith(REVOKED)
    assert found["nobody"]["state"] == "refused: role"
    assert (found["anna"]["state"], found["anna"]["reason"]) == ("not enrolled", "")
    assert [path.name for path in (tmp_path / "home" / "wallet").iterdir()] == ["anna.id"]
    assert (tmp_path / "home" / "identity").read_text() == "anna\n"


def test_a_wallet_of_which_nobody_is_accepted_is_refused(place, totem, tmp_path):
    peter, paul = (place.authority.issue(name, "NorthMSP", "provider") for name in ("peter", "paul"))
    revoke(place, peter)
    telling = revoke(place, paul)
    done = totem("admin", "join", "--profile", telling, "--wallet", wallet(tmp_path / "w", peter, paul))
    assert done.exit_code == 2, done.output
    for name in ("peter", "paul"):
        assert f"the certificate of {name}@NorthMSP is revoked" in done.stderr
    assert not (tmp_path / "home").exists()


def test_msp_folders_that_are_none(place, totem, tmp_path):
    north = place.authority.issue("north", "NorthMSP", "provider")
    folder = msp_folder(tmp_path / "msp", north)
    words = ("admin", "join", "--profile", place.profile, "--msp-folder")

    def said(given):
        done = totem(*words, given)
        assert done.exit_code == 2, done.output
        assert "admin identities" not in done.stderr
        return done.stderr

    missing = tmp_path / "nosuch"
    assert f"there is no folder {missing}" in said(missing)
    wanted = "has no signcerts/*.pem: give the folder that has signcerts/ and keystore/"
    assert f"{tmp_path} {wanted}" in said(tmp_path)
    (tmp_path / "empty" / "signcerts").mkdir(parents=True)
    assert f"{tmp_path / 'empty'} {wanted}" in said(tmp_path / "empty")
    (folder / "signcerts" / "other.pem").write_text(north.certificate)
    assert f"{folder / 'signcerts'}: one certificate is expected, there are 2" in said(folder)


def test_a_wallet_of_another_organisation_than_the_profile_s_names_the_way_out(place, totem, tmp_path):
    west = place.authority.issue("west", "SouthMSP", "provider")
    done = totem("admin", "join", "--profile", place.profile, "--wallet", wallet(tmp_path / "w", west))
    assert "west is of SouthMSP, not of NorthMSP" in done.stderr
    assert "--msp-id SouthMSP" in done.stderr
    assert "admin identities" not in done.stderr


def test_a_role_that_the_certificate_does_not_say_is_not_enrolled(place, totem, tmp_path):
    home = place.found(tmp_path / "home", 0)
    home.consortium.close()
    consumer = place.authority.issue("consumer", "SouthMSP", "consumer")
    words = ("admin", "join", "--profile", place.profile, "--msp-id", "SouthMSP", "--wallet")
    assert totem(*words, wallet(tmp_path / "w", consumer)).exit_code == 0
    wrong = totem("admin", "enrol", "consumer@SouthMSP", "--role", "provider")
    assert wrong.exit_code == 2, wrong.output
    assert "the certificate of consumer@SouthMSP says role=consumer, not provider" in wrong.stderr
    assert "hint: enrol it with `--role consumer`" in wrong.stderr
    done = totem("admin", "enrol", "consumer@SouthMSP", "--role", "consumer")
    assert "consumer@SouthMSP is enrolled as consumer, for good" in done.stdout


def test_who_is_enrolled_in_another_role_is_told_that_it_stays_so(place, totem, tmp_path):
    home = place.found(tmp_path / "home", 0)
    home.consortium.close()
    assert totem("admin", "enrol", "late@SouthMSP", "--role", "provider").exit_code == 0
    late = place.authority.issue("late", "SouthMSP", "consumer")
    words = ("admin", "join", "--profile", place.profile, "--msp-id", "SouthMSP", "--wallet")
    totem(*words, wallet(tmp_path / "w", late))
    for_good = "a role is for good: have the CA certify another name"
    again = totem("admin", "enrol", "late@SouthMSP", "--role", "consumer")
    assert "late@SouthMSP is enrolled already, as provider" in again.stderr
    assert for_good in again.stderr
    tried = totem("dataset", "list", "--as", "late")
    assert "late@SouthMSP is enrolled as provider, but its certificate says 'consumer'" in tried.stderr
    assert f"hint: ask the consortium; {for_good}" in tried.stderr
