"""Connection profiles and identities from files."""

import json

import pytest

from totem.ledger import CertificateAuthority, IdentityProblem, LedgerUnavailable, Wallet
from totem.ledger.fabric import ConnectionProfile, PeerAddress, from_msp_folder, from_wallet

GOOD = {
    "channel": "totem",
    "chaincode": "contracts",
    "peers": [{"address": "127.0.0.1:7051", "msp_id": "AMSP", "tls_ca": "ca.pem", "server_name": "peer"}],
    "endorsers": ["AMSP", "BMSP"],
    "endorsements": 1,
    "deadlines": {"endorse": 3},
}


def write(folder, document):
    (folder / "ca.pem").write_text("the CA")
    path = folder / "profile.json"
    path.write_text(json.dumps(document))
    return path


def test_a_profile_is_read_from_json_and_yaml(tmp_path):
    profile = ConnectionProfile.load(write(tmp_path, GOOD))
    assert profile.peers == (PeerAddress("127.0.0.1:7051", "AMSP", b"the CA", "peer"),)
    assert (profile.channel, profile.chaincode, profile.endorsers) == ("totem", "contracts", ("AMSP", "BMSP"))
    assert (profile.deadlines.endorse, profile.endorsements) == (3, 1)
    (tmp_path / "profile.yaml").write_text(json.dumps(GOOD))
    assert ConnectionProfile.load(tmp_path / "profile.yaml") == profile


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"peers": []}, "at least one peer"),
        ({"peers": {}}, "peers must be a list"),
        ({"peers": [{"address": "x"}]}, r"peers\[0\]: msp_id must be given"),
        ({"peers": [{"address": 1, "msp_id": "A"}]}, r"peers\[0\].address must be a text"),
        ({"channel": ""}, "channel must be a text"),
        ({"colour": "red"}, "unknown colour"),
        ({"endorsers": ["A", "A"]}, "different MSP ids"),
        ({"endorsements": 3}, "3 endorsements can't come from 2"),
        ({"endorsements": True}, "must be an integer"),
        ({"deadlines": {"endorse": -1}}, r"deadlines\.endorse"),
        ({"deadlines": {"lunch": 1}}, "unknown lunch"),
        ({"tls_client": {"certificate": "x"}}, "tls_client: key must be given"),
        ({"tls_client": {"certificate": "none.pem", "key": "x"}}, "none.pem"),
        ({"peers": [{"address": "peer.example:7051", "msp_id": "A"}]}, "peer.example:7051 has no TLS"),
        ({"peers": [{"address": "10.0.0.1:7051", "msp_id": "A"}]}, "has no TLS"),
        ({"peers": [{"address": "localhost.example:7051", "msp_id": "A"}]}, "has no TLS"),
    ],
)
def test_a_profile_that_is_none_is_refused_with_the_reason(tmp_path, change, said):
    path = write(tmp_path, {**GOOD, **change})
    with pytest.raises(LedgerUnavailable, match=said) as refused:
        ConnectionProfile.load(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("address", ["127.0.0.1:7051", "127.8.0.1:7051", "localhost:7051", "[::1]:7051"])
def test_without_tls_a_peer_on_this_machine_is_spoken_to(tmp_path, address):
    path = write(tmp_path, {**GOOD, "peers": [{"address": address, "msp_id": "AMSP"}]})
    assert ConnectionProfile.load(path).peers == (PeerAddress(address, "AMSP"),)


@pytest.mark.parametrize("text", ["", "[", "[]", "{}"])
@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_file_that_holds_no_profile_is_refused(tmp_path, text, suffix):
    path = tmp_path / f"profile.{suffix}"
    path.write_text(text)
    with pytest.raises(LedgerUnavailable, match="profile"):
        ConnectionProfile.load(path)
    with pytest.raises(LedgerUnavailable, match="can't be read"):
        ConnectionProfile.load(tmp_path / f"none.{suffix}")


@pytest.fixture
def msp(tmp_path):
    identity = CertificateAuthority.create().issue("peter", "example.com", "consumer")
    for name, text in (("signcerts/cert.pem", identity.certificate), ("keystore/b_sk", identity.key_pem())):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    other = CertificateAuthority.create().issue("x", "example.com", "consumer")
    (tmp_path / "keystore/a_sk").write_text(other.key_pem())
    (tmp_path / "keystore/README").write_text("no key")
    return tmp_path, identity


def test_an_identity_from_an_msp_folder_has_the_organisation_of_its_msp(msp):
    folder, identity = msp
    read = from_msp_folder(folder, "StavangerMSP")
    assert (read.id, read.role, read.fingerprint) == ("peter@StavangerMSP", "consumer", identity.fingerprint)
    assert read.key_pem() == identity.key_pem()


def test_an_identity_from_a_wallet_has_the_organisation_that_the_wallet_says(msp):
    folder, _ = msp
    wallet = Wallet(folder / "wallet")
    wallet.put("peter", from_msp_folder(folder, "StavangerMSP"))
    assert from_wallet(wallet, "peter").id == "peter@StavangerMSP"
    with pytest.raises(IdentityProblem, match="no identity 'paula'"):
        from_wallet(wallet, "paula")
    (folder / "wallet/broken.id").write_text("{}")
    with pytest.raises(IdentityProblem, match="not a wallet file"):
        from_wallet(wallet, "broken")


def test_an_msp_folder_without_certificate_or_key_is_refused(msp):
    folder, _ = msp
    (folder / "keystore/b_sk").unlink()
    with pytest.raises(IdentityProblem, match="none of 2 files"):
        from_msp_folder(folder, "StavangerMSP")
    (folder / "signcerts/cert.pem").write_text("nothing")
    with pytest.raises(IdentityProblem, match="not a certificate"):
        from_msp_folder(folder, "StavangerMSP")
    (folder / "signcerts/cert.pem").unlink()
    with pytest.raises(IdentityProblem, match="has no signcerts"):
        from_msp_folder(folder, "StavangerMSP")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_brackets_without_an_end_are_no_profile(tmp_path, suffix):
    path = tmp_path / f"profile{suffix}"
    path.write_text("[" * 20_000)
    with pytest.raises(LedgerUnavailable, match="nested too deeply"):
        ConnectionProfile.load(path)
