"""Clients of an organisation: certified by its CA as Fabric's MSP wants them."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from totem.ledger.certificates import attributes_of
from totem.ledger.wallet import Wallet
from totem_network import crypto
from totem_network.layout import Network

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)


@pytest.fixture
def network(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Network.plan(tmp_path / "n", version="2.5.16", organisations=1, orderers=1)
    _write_ca(made, made.organisations[0])
    return made


def _write_ca(network, organisation):
    """Write a CA as cryptogen does: it begins at a full minute, rounded, less five."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"ca.{organisation.domain}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - datetime.timedelta(minutes=4, seconds=30))
        .not_valid_after(NOW + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    folder = network.organisation_crypto(organisation) / "ca"
    folder.mkdir(parents=True)
    (folder / f"ca.{organisation.domain}-cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "priv_sk").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def certificate_of(network, name):
    identity = Wallet(network.wallet(network.organisations[0])).get(name)
    return x509.load_pem_x509_certificate(identity.certificate.encode())


def test_a_client_has_what_fabric_wants(network):
    organisation = network.organisations[0]
    crypto.issue(network, organisation, "peter", "consumer", {"quota": "500"})
    made = certificate_of(network, "peter")
    issuer = x509.load_pem_x509_certificate(crypto.authority(network, organisation).certificate.encode())
    made.verify_directly_issued_by(issuer)
    assert isinstance(made.public_key().curve, ec.SECP256R1)
    assert [each.value for each in made.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)] == ["client"]
    assert attributes_of(made) == {"hf.EnrollmentID": "peter", "role": "consumer", "quota": "500"}
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority = made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert authority.key_identifier == own.key_identifier


def test_no_attribute_changes_name_or_role(network):
    crypto.issue(network, network.organisations[0], "peter", "consumer", {"role": "consortium", "hf.EnrollmentID": "x"})
    assert attributes_of(certificate_of(network, "peter")) == {"hf.EnrollmentID": "peter", "role": "consumer"}


def test_a_certificate_never_begins_before_its_ca(network):
    """Fabric checks the chain at the certificate's beginning: else it is "malformed", in half of all minutes."""
    crypto.issue(network, network.organisations[0], "peter", "consumer")
    assert certificate_of(network, "peter").not_valid_before_utc >= NOW - datetime.timedelta(minutes=4, seconds=30)


def test_keys_are_readable_by_their_owner_only(network):
    path = crypto.issue(network, network.organisations[0], "peter", "consumer")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
