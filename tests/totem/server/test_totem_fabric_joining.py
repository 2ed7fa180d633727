"""Joining a Fabric network by commands: what is taken in, and one clear sentence for each thing that is wrong."""

import datetime
import json
import shutil
import socket
import stat

import pytest

from tests.totem.ledger.fabric.small_network import CHAINCODE
from tests.totem.server.fabric_places import FabricPlace, commands_in, msp_folder, wallet
from totem.ledger import CertificateAuthority
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.formats import Formats, Migration

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = FabricPlace(tmp_path_factory.mktemp("fabric"))
    yield made
    made.close()


@pytest.fixture
def totem(tmp_path):
    return commands_in(tmp_path / "home")


def refusal(done):
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    return done.stderr


def test_a_consortium_begins_at_one_organisation_and_another_one_joins(place, totem, tmp_path):
    ca = place.folder / "ca"
    admin = place.authority.issue("admin", "ConsortiumMSP", "consortium")
    own = ("--msp-id", "ConsortiumMSP", "--ca-cert", ca / "ca-cert.pem", "--ca-key", ca / "ca-key.pem")
    done = totem("admin", "join", "--profile", place.profile, *own, "--msp-folder", msp_folder(tmp_path / "a", admin))
    assert done.exit_code == 0, done.output
    assert "not enrolled" in done.stdout
    assert "totem admin init --ledger fabric" in done.stderr
    home = tmp_path / "home"
    assert stat.S_IMODE((home / "wallet" / "admin.id").stat().st_mode) == 0o600
    assert set(json.loads((home / "fabric.json").read_text())["organisations"]) == {"ConsortiumMSP"}

    founded = totem("admin", "init", "--ledger", "fabric", "--provider", "grid", "--consumer", "alice@AliceMSP")
    assert founded.exit_code == 0, founded.output
    assert "alice@AliceMSP is enrolled; its certificate must come from its own organisation's CA" in founded.stderr
    again = totem("admin", "init", "--ledger", "fabric", "--provider", "grid", "--consumer", "alice@AliceMSP")
    assert again.exit_code == 0, again.output
    people = json.loads(totem("admin", "participants", "--json").stdout)
    assert {item["participant"] for item in people} == {
        *("admin@ConsortiumMSP", "grid@ConsortiumMSP", "alice@AliceMSP")
    }
    tables = json.loads(totem("admin", "table", "list", "--json").stdout)
    assert [item["state"] for item in tables] == ["active", "active"]

    alice = place.authority.issue("alice", "AliceMSP", "consumer")
    files = wallet(tmp_path / "w", alice)
    done = totem("admin", "join", "--profile", place.profile, "--msp-id", "AliceMSP", "--wallet", files, "--json")
    assert json.loads(done.stdout)["identities"][0]["state"] == "active"
    assert json.loads(totem("admin", "balance", "--as", "alice", "--json").stdout)["available"] == 0
    assert totem("admin", "join", "--profile", place.profile, "--msp-id", "AliceMSP", "--wallet", files).exit_code == 0

    enrolled = totem("admin", "enrol", "sun@SouthMSP", "--role", "provider")
    assert "must come from the CA of SouthMSP, with the attribute role=provider" in enrolled.stderr
    assert totem("admin", "enrol", "wind", "--role", "provider").exit_code == 0
    assert "already" in refusal(totem("admin", "init"))


def test_nobody_at_the_profile_s_addresses(place, totem, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        profile = place.write_profile("nobody.json", peers=[{"address": address, "msp_id": "NorthMSP"}])
        files = wallet(tmp_path / "w", place.authority.issue("north", "NorthMSP", "provider"))
        said = refusal(totem("admin", "join", "--profile", profile, "--wallet", files))
    assert f"no peer of the Fabric network can be reached ({address} of NorthMSP: Connection refused)" in said
    assert "hint: start it" in said
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "can't be read"),
        ('{"channel": "totem"}', "must be given"),
        ('{"channel": "totem", "chaincode": "totem", "peers": [], "peer": 1}', "unknown peer"),
        (None, "can't be read"),
    ],
)
def test_a_profile_that_is_none(totem, tmp_path, place, text, reason):
    profile = tmp_path / "profile.json"
    if text is not None:
        profile.write_text(text)
    files = wallet(tmp_path / "w", place.authority.issue("north", "NorthMSP", "provider"))
    said = refusal(totem("admin", "join", "--profile", profile, "--wallet", files))
    assert reason in said
    assert str(profile) in said


def test_a_profile_or_a_file_of_it_that_is_not_there(totem, tmp_path, place):
    files = wallet(tmp_path / "w", place.authority.issue("north", "NorthMSP", "provider"))
    said = refusal(totem("admin", "join", "--profile", tmp_path / "nosuch.json", "--wallet", files))
    assert f"the connection profile {tmp_path / 'nosuch.json'} can't be read: there is no such file" in said
    assert "hint: docs/fabric.md" in said
    assert "Errno" not in said
    peers = [{"address": place.peer.address, "msp_id": "NorthMSP", "tls_ca": "nosuch.pem"}]
    profile = place.write_profile("no-ca.json", peers=peers)
    said = refusal(totem("admin", "join", "--profile", profile, "--wallet", files))
    assert f"{profile} can't be read: {place.folder / 'nosuch.pem'}: there is no such file" in said


def test_organisations_that_the_channel_does_not_have_and_names_of_several(place, totem, tmp_path):
    home = place.found(tmp_path / "home", 0)
    said = refusal(totem("admin", "enrol", "nobody@MarsMSP", "--role", "provider"))
    assert "the channel has no organisation 'MarsMSP' (it has: AliceMSP, BobMSP, ConsortiumMSP, NorthMSP," in said
    assert "did you mean 'NorthMSP'" in refusal(totem("admin", "enrol", "nobody@NrothMSP", "--role", "provider"))
    people = json.loads(totem("admin", "participants", "--json").stdout)
    assert "nobody" not in {item["name"] for item in people}
    for msp_id in ("NorthMSP", "SouthMSP"):
        home.session("admin").submit("participants.enrol", participant=f"twin@{msp_id}", role="provider")
    assert "are called 'twin': twin@NorthMSP, twin@SouthMSP" in refusal(totem("dataset", "list", "--provider", "twin"))
    assert totem("ledger", "verify", "--as", "south").exit_code == 0
    assert "no identity 'nobody'" in refusal(totem("ledger", "show", "--as", "nobody"))
    home.consortium.close()


def test_identities_that_the_network_does_not_know(place, totem, tmp_path):
    stranger = CertificateAuthority.create().issue("north", "NorthMSP", "provider")
    said = refusal(totem("admin", "join", "--profile", place.profile, "--wallet", wallet(tmp_path / "w", stranger)))
    assert "does not know north@NorthMSP: NorthMSP is no organisation of it, or its CA has not issued" in said
    other = place.authority.issue("west", "WestMSP", "provider")
    words = ("admin", "join", "--profile", place.profile, "--wallet", wallet(tmp_path / "x", other))
    assert "west is of WestMSP, not of NorthMSP" in refusal(totem(*words))
    assert "does not know west@WestMSP" in refusal(totem(*words, "--msp-id", "WestMSP"))
    assert not (tmp_path / "home").exists()


def test_a_certificate_that_has_expired(place, totem, tmp_path):
    long_ago = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    old = place.authority.issue("north", "NorthMSP", "provider", starts=long_ago, days=10)
    said = refusal(totem("admin", "join", "--profile", place.profile, "--wallet", wallet(tmp_path / "w", old)))
    assert "the certificate of north@NorthMSP is valid from 2020-01-01 00:00 to 2020-01-11 00:00 UTC, not now" in said


def test_a_certificate_without_a_role_and_folders_without_identities(place, totem, tmp_path):
    nobody = place.authority.issue("north", "NorthMSP", "")
    words = ("admin", "join", "--profile", place.profile)
    said = refusal(totem(*words, "--msp-folder", msp_folder(tmp_path / "m", nobody)))
    assert "the certificate of north@NorthMSP has no role" in said
    assert "--id.attrs role=provider:ecert" in said
    assert "no identity is given" in refusal(totem(*words))
    assert "is no wallet" in refusal(totem(*words, "--wallet", tmp_path))
    assert "give the folder that has signcerts/ and keystore/" in refusal(totem(*words, "--msp-folder", tmp_path))
    assert "belong together" in refusal(totem(*words, "--ca-cert", "x"))


def test_contracts_of_another_version(totem, tmp_path):
    newer = Formats([Migration("to something else", {"participant": lambda parts, record: record})])
    place = FabricPlace(tmp_path / "fabric")
    try:
        home = place.found(tmp_path / "before", 0)
        home.consortium.close()
        place.network.chaincode = Chaincode(formats=newer)
        words = ("admin", "join", "--profile", place.profile, "--msp-id", "ConsortiumMSP", "--msp-folder")
        said = refusal(totem(*words, msp_folder(tmp_path / "m", home.consortium.identity("admin"))))
        assert f"the chaincode {CHAINCODE!r} is a newer version: it keeps records in format 2" in said
        assert "hint: upgrade whichever is older" in said
    finally:
        place.close()


def test_a_folder_that_is_on_the_other_ledger(place, totem, tmp_path):
    assert "has joined no Fabric network yet" in refusal(totem("admin", "init", "--ledger", "fabric"))
    assert "has joined no Fabric network" in refusal(totem("serve", "--ledger", "fabric"))
    assert "has no ledger" in refusal(totem("serve"))
    assert totem("admin", "init").exit_code == 0
    files = wallet(tmp_path / "w", place.authority.issue("north", "NorthMSP", "provider"))
    said = refusal(totem("admin", "join", "--profile", place.profile, "--wallet", files))
    assert "has a consortium on the embedded ledger" in said
    assert "has a consortium on the embedded ledger" in refusal(
        totem("dev", "--ledger", "fabric", "--dir", tmp_path / "home")
    )
    shutil.rmtree(tmp_path / "home")
    assert totem("admin", "join", "--profile", place.profile, "--wallet", files).exit_code == 0
    assert "is on Fabric" in refusal(totem("dev", "--dir", tmp_path / "home"))
    assert "is a place on a Fabric network" in refusal(totem("serve", "--ledger", "embedded"))
    said = refusal(totem("dev", "--ledger", "fabric", "--dir", tmp_path / "home"))
    assert "has a place on another Fabric network" in said


def test_a_founding_is_told_also_where_an_identity_can_t_be_asked_or_is_revoked(totem, tmp_path):
    place = FabricPlace(tmp_path / "fabric")
    try:
        admin, peter, grid = (
            place.authority.issue(name, msp_id, role)
            for name, msp_id, role in (
                ("admin", "ConsortiumMSP", "consortium"),
                ("peter", "ConsortiumMSP", "provider"),
                ("grid", "NorthMSP", "provider"),
            )
        )
        telling = place.write_profile("telling.json", revocation_list="revoked.pem")
        words = ("admin", "join", "--profile", telling, "--msp-id", "ConsortiumMSP", "--wallet")
        assert totem(*words, wallet(tmp_path / "w", admin, peter)).exit_code == 0
        north = place.write_profile("north.json")
        assert totem("admin", "join", "--profile", north, "--wallet", wallet(tmp_path / "v", grid)).exit_code == 0
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # nobody listens
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            place.write_profile("north.json", peers=[{"address": address, "msp_id": "NorthMSP"}])
            place.network.revoke(peter)
            (place.folder / "revoked.pem").write_text(place.authority.crl)
            words = ("admin", "init", "--ledger", "fabric", "--as", "admin")
            done = totem(*words)
            assert done.exit_code == 0, done.output
            found = {item["name"]: item for item in json.loads(totem(*words, "--json").stdout)["identities"]}
    finally:
        place.close()
    states = {name: item["state"] for name, item in found.items()}
    assert states == {"admin": "active", "grid": "can't be asked", "peter": "refused: revoked"}
    assert address in found["grid"]["reason"]
    assert "is revoked" in found["peter"]["reason"]
    assert found["admin"]["reason"] == ""
    assert "a consortium is founded on Fabric" in done.stdout
    assert f"grid can't be asked: {found['grid']['reason']}" in done.stderr
    assert f"peter is refused: {found['peter']['reason']}" in done.stderr
