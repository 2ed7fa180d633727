"""The client of fabric-ca, over a small CA and, where there is one, a real server: the same tests."""

import json
from contextlib import closing

import pytest
from cryptography import x509

from tests.network.real_site import RealSite
from tests.totem.ledger.fabric.real_ca import PROGRAM, RealCa, program
from tests.totem.ledger.fabric.small_ca import SmallCa
from totem.ledger import CertificateAuthority, IdentityProblem, LedgerError, LedgerUnavailable, ProposalRefused
from totem.ledger.certificates import attributes_of, load
from totem.ledger.fabric.ca import CaRefused, FabricCa
from totem.ledger.fabric.consortium import FabricWallet
from totem_chaincode.testing import Person
from totem_network import revoking

pytestmark = pytest.mark.slow


def need_real():
    if program() is None:
        pytest.skip(f"needs {PROGRAM}: put it into FABRIC_BIN or on PATH")


@pytest.fixture(scope="module", params=["small", pytest.param("real", marks=pytest.mark.fabric)])
def server(request, tmp_path_factory):
    if request.param == "real":
        need_real()
    with closing(SmallCa() if request.param == "small" else RealCa(tmp_path_factory.mktemp("ca") / "ca")) as made:
        yield made


@pytest.fixture(scope="module")
def ca(server):
    return FabricCa(server.address, "Org1MSP", tls_ca=server.tls_ca)


@pytest.fixture(scope="module")
def admin(ca):
    return ca.enrol("admin", "adminpw")


def refused(call, *arguments, **named):
    with pytest.raises(CaRefused) as found:
        call(*arguments, **named)
    return found.value.status, found.value.code


def test_it_says_who_it_is(ca, server):
    found = ca.info()
    assert found.name == "org1"
    assert x509.load_pem_x509_certificate(found.chain.encode()) == x509.load_pem_x509_certificate(server.tls_ca)


def test_who_is_registered_enrols_once_with_the_attributes(ca, admin):
    secret = ca.register(admin, "peter", attributes={"role": "consumer", "quota": "500"})
    peter = ca.enrol("peter", secret)
    assert (peter.id, peter.role) == ("peter@Org1MSP", "consumer")
    attributes = attributes_of(load(peter.certificate))
    assert (attributes["quota"], attributes["hf.EnrollmentID"]) == ("500", "peter")
    assert refused(ca.enrol, "peter", secret) == (401, 20)
    assert refused(ca.register, admin, "peter") == (409, 74)


def test_a_certificate_is_renewed_with_a_new_key(ca, admin):
    first = ca.enrol("renewed", ca.register(admin, "renewed", attributes={"role": "consumer", "quota": "1"}))
    second = ca.reenrol(first)
    assert first.key_pem() != second.key_pem()
    assert (second.id, second.role) == (first.id, "consumer")
    some = ca.reenrol(second, attributes=["role"])
    assert some.role == "consumer"
    assert "quota" not in attributes_of(load(some.certificate))
    assert attributes_of(load(some.certificate))["hf.Type"] == "client"
    with pytest.raises(CaRefused, match=r"missing: \[nothing\]"):
        ca.reenrol(second, attributes=["nothing"])


def test_who_is_not_accepted_is_refused_with_fabric_cas_code(ca, admin, server):
    assert refused(ca.enrol, "admin", "wrong") == (401, 20)
    assert refused(ca.enrol, "nobody", "adminpw") == (401, 20)
    nobody = ca.enrol("plain", ca.register(admin, "plain"))
    assert refused(ca.register, nobody, "friend") == (403, 71)
    assert refused(ca.revoke, nobody, "admin") == (403, 71)
    assert refused(ca.revocation_list, nobody) == (403, 71)
    assert refused(ca.register, CertificateAuthority.create().issue("admin", "Org1MSP", "x"), "friend") == (401, 20)
    assert refused(ca.register, admin, "friend", affiliation="nowhere") == (403, 71)
    other = FabricCa(server.address, "Org1MSP", name="elsewhere", tls_ca=server.tls_ca)
    assert refused(other.info) == refused(other.register, admin, "friend") == (404, 19)
    assert FabricCa(server.address, "Org1MSP", name="org1", tls_ca=server.tls_ca).register(admin, "friend")


def test_revoked_certificates_are_on_the_list_and_do_not_sign_any_more(ca, admin):
    secret = ca.register(admin, "lost", enrolments=-1)
    first, second = ca.enrol("lost", secret), ca.enrol("lost", secret)
    (one,) = ca.revoke_certificate(admin, first.certificate, reason="superseded")
    assert int(one.serial, 16) == load(first.certificate).serial_number
    assert refused(ca.reenrol, first) == (401, 20)
    assert refused(ca.revoke_certificate, admin, first.certificate) == (404, 66)
    third = ca.reenrol(second)
    everything = ca.revoke(admin, "lost", reason="keycompromise")
    serials = {load(each.certificate).serial_number for each in (second, third)}
    assert {int(each.serial, 16) for each in everything} == serials
    assert refused(ca.reenrol, second) == refused(ca.enrol, "lost", secret) == (401, 20)
    listed = x509.load_pem_x509_crl(ca.revocation_list(admin).encode())
    assert {each.serial_number for each in listed} >= {*serials, int(one.serial, 16)}
    assert listed.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert refused(ca.revoke, admin, "nobody") == (404, 10)


def test_what_fabric_ca_would_misunderstand_is_not_sent(ca, admin):
    for call in (lambda: ca.enrol("a:b", "c"), lambda: ca.register(admin, ""), lambda: ca.register(admin, "a:b")):
        with pytest.raises(IdentityProblem, match="is not empty and has no colon"):
            call()
    # The server would take it for "unspecified".
    with pytest.raises(IdentityProblem, match="no reason to revoke"):
        ca.revoke(admin, "peter", reason="because")


def test_a_server_that_cant_be_trusted_gets_no_secret(server):
    for tls_ca in (None, CertificateAuthority.create().certificate.encode()):
        with pytest.raises(LedgerUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            FabricCa(server.address, "Org1MSP", tls_ca=tls_ca).enrol("admin", "adminpw")
    plain = server.address.replace("https", "http")
    with pytest.raises(LedgerError):
        FabricCa(plain, "Org1MSP").info()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ca.example.com:7054", "https://host:port"),
        ("ftp://ca.example.com", "https://host:port"),
        ("https://ca.example.com/path", "https://host:port"),
        ("https://ca.example.com:x", "no address"),
        ("https://[", "no address"),
        ("http://ca.example.com:7054", "in the clear"),
        ("https://", "https://host:port"),
    ],
)
def test_an_address_that_cant_be_used_is_refused(address, said):
    with pytest.raises(LedgerUnavailable, match=said):
        FabricCa(address, "Org1MSP")
    with pytest.raises(LedgerUnavailable, match="no certificate in PEM"):
        FabricCa("https://127.0.0.1:1", "Org1MSP", tls_ca=b"nothing")
    with pytest.raises(LedgerUnavailable, match="can't be reached"):
        FabricCa("https://127.0.0.1:1", "Org1MSP", timeout=2).info()


@pytest.fixture
def forged(monkeypatch):
    """A small CA whose answers a test changes."""
    with closing(SmallCa()) as made:

        def change(forge):
            answer = made.answer
            monkeypatch.setattr(made, "answer", lambda *call: forge(answer(*call)))
            return FabricCa(made.address, "Org1MSP", tls_ca=made.tls_ca)

        yield change


@pytest.mark.parametrize("text", ["", "not base64", "bm90IGEgY2VydGlmaWNhdGU="])
def test_an_answer_that_is_no_certificate_is_an_error(forged, text):
    with pytest.raises(LedgerError):
        forged(lambda found: {**found, "Cert": text}).enrol("admin", "adminpw")


def test_a_certificate_of_another_key_is_not_taken(forged):
    other = []

    def swap(found):
        other.append(found["Cert"])
        return {**found, "Cert": other[0]}

    ca = forged(swap)
    ca.enrol("admin", "adminpw")
    with pytest.raises(LedgerError, match="another key or name"):
        ca.enrol("admin", "adminpw")


def test_nobody_sees_secrets_in_errors(ca):
    with pytest.raises(CaRefused) as found:
        ca.enrol("admin", "planted-secret")
    assert "planted-secret" not in repr(found.value) + str(found.value) + json.dumps(found.value.__dict__)


@pytest.mark.fabric
def test_who_is_enrolled_at_fabric_ca_works_on_a_real_network(tmp_path):
    need_real()
    with closing(RealSite(tmp_path / "network", orderers=1)) as site:
        site.story.found()
        crypto = site.network.organisation_crypto(site.network.organisation("org1")) / "ca"
        signing = (next(crypto.glob("*-cert.pem")), crypto / "priv_sk")
        with closing(RealCa(tmp_path / "ca", signing=signing)) as server:
            ca = FabricCa(server.address, "Org1MSP", tls_ca=server.tls_ca)
            admin = ca.enrol("admin", "adminpw")
            olga = ca.enrol("olga", ca.register(admin, "olga", attributes={"role": "consumer"}))
            wallet = FabricWallet(tmp_path / "wallet")
            wallet.put("olga", olga)
            person = Person("olga", "Org1MSP", "consumer")
            site.invoke("admin", "participants.enrol", {"participant": person.id, "role": person.role})
            ledger = site.ledger("paula")
            asked = {"amount": 5, "reason": "enrolled at fabric-ca"}
            assert ledger.submit(wallet.get("olga"), "accounts.request", asked).result
            renewed = ca.reenrol(olga)
            wallet.put("olga", renewed)
            assert ledger.submit(wallet.get("olga"), "accounts.request", asked).result
            ca.revoke(admin, "olga", reason="keycompromise")
            list_ = ca.revocation_list(admin)
        pushed = revoking.push(site.network, site.network.organisation("org1"), list_)
        assert len(pushed.serials) == 2
        site.wait_for(pushed.block)
        with pytest.raises(ProposalRefused) as revoked:
            ledger.submit(renewed, "accounts.request", asked)
        assert revoked.value.code == "revoked"
