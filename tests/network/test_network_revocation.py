"""Revoking certificates on a real network: in force everywhere, open streams included, and never by a bad list."""

import json
import subprocess
from contextlib import closing

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from tests.network.real_dev import TOTEM
from tests.network.real_site import PEOPLE, Follower, RealSite, until
from totem.ledger import CertificateAuthority, ProposalRefused
from totem.ledger.fabric import from_msp_folder
from totem.ledger.fabric.revocation import lists_of, push_list
from totem_chaincode.testing import Person
from totem_network import crypto

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    with closing(RealSite(tmp_path_factory.mktemp("revocation") / "network", orderers=1)) as made:
        made.story.found()
        yield made


def lists(real, organisation="org2"):
    ledger = real.ledgers[organisation]
    msp_id = real.network.organisation(organisation).msp_id
    return lists_of(ledger.profile, real.people["admin"], msp_id)


def refusal(run, identity):
    with pytest.raises(ProposalRefused) as refused:
        run(identity, "participants.get", {})
    return refused.value


def _without_authority_key(authority):
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
    builder = builder.last_update(issuer.not_valid_before_utc).next_update(issuer.not_valid_after_utc)
    return builder.sign(authority._key, SHA256()).public_bytes(Encoding.PEM).decode()


def _by_another_key(authority, certificate):
    stranger = CertificateAuthority.create()
    return CertificateAuthority(authority.certificate, stranger._key).revoke(certificate)


@pytest.mark.sample
def test_a_revoked_certificate_is_refused_with_the_reason_and_its_open_streams_end(real):
    peter = real.people["peter"]
    stranger = real.connect("org2", real.people["grid"])
    own = real.connect("org2", peter)
    late = real.ledger("peter").prepare(peter, "accounts.request", {"amount": 1, "reason": "x"}).signed_by(peter)
    endorsed = real.ledger("peter").endorse(late).signed_by(peter)
    try:
        revoked, other = Follower(own), Follower(stranger)
        until(lambda: len(revoked.seen) == len(other.seen) == len(PEOPLE))
        said = real.call("revoke", "org2", "peter")
        assert "org2 has 1 revoked certificate\n" in said
        assert revoked.ended(5)
        assert revoked.error.code == "revoked"
        # With a reader that is still accepted, with the revoked one's own connection, and in a new process.
        for ledger in (real.ledgers["org1"], stranger, own, real.connect("org2", peter)):
            for run in (ledger.evaluate, ledger.submit):
                assert refusal(run, peter).code == "revoked"
        # What was endorsed before is not ordered any more.
        with pytest.raises(ProposalRefused):
            stranger.resume(endorsed, was_sent=False)
        real.invoke("admin", "participants.suspend", {"participant": PEOPLE["peter"].id, "reason": "left"})
        until(lambda: other.seen[-1].name == "participants.suspended")
        other.stop()
        assert other.error is None
    finally:
        own.close()
        stranger.close()


def test_a_renewed_certificate_is_accepted_and_revoking_takes_every_one_of_a_person(real):
    for _ in range(2):
        pat = real.enrol(Person("pat", "Org2MSP", "consumer"))
    first = crypto.issued(real.network, real.network.organisation("org2"), "pat")
    assert len(first) == 2
    real.invoke("admin", "participants.enrol", {"participant": "pat@Org2MSP", "role": "consumer"})
    before = {entry.serial_number for pem in lists(real) for entry in x509.load_pem_x509_crl(pem.encode())}
    real.call("revoke", "org2", "pat")
    (now,) = lists(real)
    serials = {entry.serial_number for entry in x509.load_pem_x509_crl(now.encode())}
    assert serials == before | {x509.load_pem_x509_certificate(pem.encode()).serial_number for pem in first}
    assert refusal(real.ledgers["org1"].evaluate, pat).code == "revoked"
    renewed = real.enrol(Person("pat", "Org2MSP", "consumer"))
    assert real.ledgers["org2"].evaluate(renewed, "participants.get", {})["name"] == "pat"
    assert "has certified no 'nobody'" in real.call("revoke", "org2", "nobody", status=1)
    assert "either the client's name or --crl" in real.call("revoke", "org2", status=1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda ca, certificate: _without_authority_key(ca), "no AuthorityKeyIdentifier"),
        (lambda ca, certificate: CertificateAuthority.create().revoke(certificate), "no CA of the organisation"),
        (_by_another_key, "not signed by the key"),
        (lambda ca, certificate: ca.revoke(certificate), "lacks"),
    ],
)
def test_a_bad_list_never_reaches_the_channel(real, tmp_path, make, reason):
    if not lists(real):
        real.enrol(Person("pit", "Org2MSP", "consumer"))
        real.call("revoke", "org2", "pit")
    height, before = real.ledgers["org2"].height(), lists(real)
    authority = crypto.authority(real.network, real.network.organisation("org2"))
    file = tmp_path / "list.pem"
    file.write_text(make(authority, real.people["grid"].certificate))
    assert reason in real.call("revoke", "org2", "--crl", str(file), status=1)
    assert (real.ledgers["org2"].height(), lists(real)) == (height, before)
    assert real.ledgers["org2"].evaluate(real.people["grid"], "participants.get", {})["name"] == "grid"


def test_only_the_organisations_own_administrator_revokes(real):
    network = real.network
    nobody = crypto.issued(network, network.organisation("org1"), "provider")[0]
    crl = crypto.authority(network, network.organisation("org1")).revoke(nobody)
    other = from_msp_folder(network.admin_crypto(network.organisation("org2")) / "msp", "Org2MSP")
    for pusher in (other, real.people["paula"]):
        with pytest.raises(ProposalRefused):
            push_list(real.ledgers["org1"].profile, pusher, "Org1MSP", crl)
    assert lists(real, "org1") == []


def test_an_administrator_puts_a_list_in_force_by_a_command(real, tmp_path):
    network = real.network
    organisation = network.organisation("org1")
    real.enrol(Person("petra", "Org1MSP", "consumer"))
    authority = crypto.authority(network, organisation)
    bad, good = tmp_path / "bad.pem", tmp_path / "good.pem"
    bad.write_text(_without_authority_key(authority))
    good.write_text(authority.revoke(real.people["petra"].certificate))
    words = ["admin", "ca", "push-list", "--profile", network.profile(organisation), "--json", "--msp-folder"]
    admin = network.admin_crypto(organisation) / "msp"

    def push(file, folder):
        command = [TOTEM, *words, folder, file]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    status, refused = push(bad, admin)
    assert status == 2
    assert "no AuthorityKeyIdentifier" in refused["error"]["message"]
    assert push(tmp_path / "none.pem", admin)[1]["error"]["message"].endswith("none.pem: No such file or directory")
    status, pushed = push(good, admin)
    assert (status, pushed["behind"]) == (0, [])
    number = x509.load_pem_x509_certificate(real.people["petra"].certificate.encode()).serial_number
    assert f"{number:x}" in pushed["serials"]
    assert refusal(real.ledgers["org1"].evaluate, real.people["petra"]).code == "revoked"
