"""Identities, the local CA, wallets: what they say, what they keep to themselves, what a ledger accepts of them."""

import datetime
import json
import logging
import pickle
import stat

import pytest
from cryptography import x509

from totem.ledger import CertificateAuthority, Identity, IdentityProblem, NameTaken, ProposalRefused, Wallet
from totem.ledger.certificates import Trust, attributes_of
from totem_chaincode.testing import PEOPLE

FOUND = ("participants.found", {"table_approval": "all"})


@pytest.fixture
def authority():
    return CertificateAuthority.create()


def test_a_certificate_says_name_organisation_and_role(authority):
    identity = authority.issue("utility", "UtilityMSP", "provider")
    assert (identity.id, identity.name, identity.msp_id, identity.role) == (
        "utility@UtilityMSP",
        "utility",
        "UtilityMSP",
        "provider",
    )
    certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
    assert attributes_of(certificate)["role"] == "provider"
    # What a Fabric network needs of a client certificate.
    certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    units = certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [unit.value for unit in units] == ["client"]


def test_no_key_is_in_a_repr_or_a_pickle(authority):
    identity = authority.issue("utility", "UtilityMSP", "provider")
    key = "".join(identity.key_pem().splitlines()[1:-1])
    for shown in (repr(identity), str(identity), repr(authority), repr(vars(identity))):
        assert "PRIVATE" not in shown
        assert key not in shown
    with pytest.raises(TypeError):
        pickle.dumps(identity)


def test_a_wallet_keeps_identities_readable_by_their_owner_only(authority, tmp_path):
    wallet = Wallet(tmp_path / "wallet")
    identity = authority.issue("utility", "UtilityMSP", "provider")
    path = wallet.put("utility", identity)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["type"] == "X.509"
    again = wallet.get("utility")
    assert (again.id, again.certificate, again.key_pem()) == (identity.id, identity.certificate, identity.key_pem())
    assert wallet.labels() == ["utility"]
    wallet.remove("utility")
    assert wallet.labels() == []


def test_a_wallet_replaces_another_participants_identity_only_when_asked_to(authority, tmp_path):
    wallet = Wallet(tmp_path / "wallet")
    first = authority.issue("admin", "ConsortiumMSP", "consortium")
    other = authority.issue("admin", "AdminMSP", "provider")
    wallet.put("admin", first)
    with pytest.raises(NameTaken, match="has admin@ConsortiumMSP"):
        wallet.put("admin", other)
    assert wallet.get("admin").certificate == first.certificate
    renewed = authority.issue("admin", "ConsortiumMSP", "consortium")
    wallet.put("admin", renewed)
    assert wallet.get("admin").certificate == renewed.certificate
    wallet.put("admin", other, replace=True)
    assert wallet.get("admin").id == "admin@AdminMSP"


def test_a_wallet_says_what_is_wrong(authority, tmp_path):
    wallet = Wallet(tmp_path / "wallet")
    identity, other = (authority.issue(name, "UtilityMSP", "provider") for name in ("utility", "other"))
    wallet.put("utility", identity)
    with pytest.raises(IdentityProblem, match=r"no identity 'grid' \(it has: utility\)"):
        wallet.get("grid")
    with pytest.raises(IdentityProblem, match="no identity 'grid'"):
        wallet.remove("grid")
    with pytest.raises(IdentityProblem, match="is no label"):
        wallet.get("../utility")
    path = tmp_path / "wallet" / "utility.id"
    document = json.loads(path.read_text())
    for broken, message in (
        ("{", "not a wallet file"),
        (json.dumps({**document, "mspId": "GridMSP"}), "not of the organisation 'GridMSP'"),
        (json.dumps({**document, "credentials": {**document["credentials"], "privateKey": "x"}}), "can't be read"),
        (
            json.dumps({**document, "credentials": {**document["credentials"], "privateKey": other.key_pem()}}),
            "not the certificate's ECDSA key",
        ),
    ):
        path.write_text(broken)
        with pytest.raises(IdentityProblem, match=message) as refused:
            wallet.get("utility")
        assert "BEGIN" not in str(refused.value)


def test_an_authority_is_kept_in_a_folder(authority, tmp_path):
    identity = authority.issue("utility", "UtilityMSP", "provider")
    authority.revoke(identity.certificate)
    authority.save(tmp_path / "ca")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "ca").iterdir()} == {0o600}
    again = CertificateAuthority.load(tmp_path / "ca")
    assert (again.certificate, again.crl) == (authority.certificate, authority.crl)
    Trust([authority.certificate]).check(again.issue("x", "XMSP", "consumer").certificate, now())
    with pytest.raises(IdentityProblem, match=r"ca-cert\.pem"):
        CertificateAuthority.load(tmp_path / "nothing")


def now():
    return int(datetime.datetime.now(datetime.UTC).timestamp() * 1_000)


def test_trust_is_in_certificates_of_its_authority_in_their_time(authority):
    trust = Trust([authority.certificate])
    identity = authority.issue("utility", "UtilityMSP", "provider", days=10)
    trust.check(identity.certificate, now())
    for moment in (now() - 3_600_000, now() + 11 * 86_400_000):
        with pytest.raises(ProposalRefused, match="is valid from") as refused:
            trust.check(identity.certificate, moment)
        assert refused.value.code == "not_valid_now"
    # The same name for the CA, another key.
    with pytest.raises(ProposalRefused) as refused:
        trust.check(CertificateAuthority.create().issue("utility", "UtilityMSP", "provider").certificate, now())
    assert refused.value.code == "authority"
    with pytest.raises(ProposalRefused, match="can't be read"):
        trust.check("no certificate", now())


def test_an_identity_certifies_nobody(authority):
    """A certificate signed by an identity's key is not taken for one of the CA's."""
    identity = authority.issue("utility", "UtilityMSP", "provider")
    pretended = CertificateAuthority(identity.certificate, identity._key)
    forged = pretended.issue("admin", "ConsortiumMSP", "consortium")
    with pytest.raises(ProposalRefused) as refused:
        Trust([authority.certificate]).check(forged.certificate, now())
    assert refused.value.code == "authority"


def test_a_revocation_list_is_checked_before_it_counts(authority):
    identity, other = (authority.issue(name, "UtilityMSP", "provider") for name in ("utility", "other"))
    trust = Trust([authority.certificate])
    stranger = CertificateAuthority.create()
    with pytest.raises(ProposalRefused, match="not signed by an authority"):
        trust.with_crl(stranger.revoke(identity.certificate))
    with pytest.raises(ProposalRefused, match="can't be read"):
        trust.with_crl("nonsense")
    first = trust.with_crl(authority.revoke(identity.certificate))
    earlier = authority.crl
    second = first.with_crl(authority.revoke(other.certificate))
    with pytest.raises(ProposalRefused, match="not newer"):
        second.with_crl(earlier)
    for trusted, revoked in ((first, [identity]), (second, [identity, other])):
        for one in revoked:
            with pytest.raises(ProposalRefused, match="is revoked"):
                trusted.check(one.certificate, now())
    first.check(other.certificate, now())


def test_a_revoked_certificate_opens_nothing_but_a_new_one_does(site):
    site.story.found()
    site.revoke("peter")
    for ledger in (site.ledger, site.open()):
        for run in (ledger.submit, ledger.evaluate):
            with pytest.raises(ProposalRefused) as refused:
                run(site.identity("peter"), "participants.get", {})
            assert refused.value.code == "revoked"
    renewed = site.authority.issue("peter", "StavangerMSP", "consumer")
    assert site.ledger.evaluate(renewed, "participants.get", {})["role"] == "consumer"
    assert site.ledger.verify().ok


def test_an_expired_certificate_opens_nothing(site):
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)
    old = site.authority.issue("admin", "ConsortiumMSP", "consortium", days=1, starts=start)
    with pytest.raises(ProposalRefused) as refused:
        site.ledger.submit(old, *FOUND)
    assert refused.value.code == "not_valid_now"


def test_nobody_can_claim_another_organisation(site):
    site.story.found()
    peter = site.identity("peter")
    claimed = Identity.from_pem(peter.certificate, peter.key_pem(), "StavangerMSP")
    claimed.msp_id = "ConsortiumMSP"
    with pytest.raises(ProposalRefused) as refused:
        site.ledger.evaluate(claimed, "participants.get", {})
    # Fabric's peers only deny access; its organisations have CAs of their own, so the client names the CA.
    assert refused.value.code in ("organisation", "authority")


def test_no_secret_is_logged(site, caplog):
    caplog.set_level(logging.DEBUG)
    story = site.story
    access = story.ready()
    job_id = story.submit(access)
    story.accept(job_id)
    assert access[1] not in caplog.text
    assert "PRIVATE" not in caplog.text
    assert PEOPLE["peter"].id == site.identity("peter").id
