"""A revocation list is checked before a channel gets it: each way in which one can be bad has its reason."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from totem.ledger import CertificateAuthority, RevocationRefused
from totem.ledger.fabric.revocation_list import check_list, lists_after, newest_of, serials_by

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def authority():
    return CertificateAuthority.create("ca.org1")


def issue(authority, name="peter"):
    certificate = authority.issue(name, "Org1MSP", "consumer").certificate
    return certificate, x509.load_pem_x509_certificate(certificate.encode()).serial_number


def again(authority, crl=None):
    """The same CA, with another list to go on from."""
    return CertificateAuthority(authority.certificate, authority._key, crl)


def handmade(authority, serials, key=None, named=True):
    """A list as no tool should make it."""
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(NOW)
        .next_update(NOW + datetime.timedelta(days=1))
    )
    if named:
        own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), False)
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW).build()
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(key or authority._key, SHA256()).public_bytes(Encoding.PEM).decode()


def test_a_good_list_is_taken_with_all_who_are_on_it(authority):
    certificate, serial = issue(authority)
    other, further = issue(authority, "paula")
    made = again(authority)
    first = made.revoke(certificate)
    assert check_list(first, [authority.certificate], []) == {serial}
    second = made.revoke(other)
    assert check_list(second, [authority.certificate], [first]) == {serial, further}
    # fabric-ca writes no number: the next list goes on from it all the same.
    third = again(authority, handmade(authority, [serial])).revoke(other)
    assert check_list(third, [authority.certificate], [first]) == {serial, further}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda ca, serials: "nothing", "can't be read"),
        (lambda ca, serials: handmade(ca, serials, named=False), "no AuthorityKeyIdentifier"),
        (lambda ca, serials: handmade(CertificateAuthority.create(), serials), "no CA of the organisation"),
        (lambda ca, serials: handmade(ca, serials, ec.generate_private_key(ec.SECP256R1())), "not signed by the key"),
        (lambda ca, serials: handmade(ca, serials[:1]), "lacks 1 of the certificates that are revoked"),
        (lambda ca, serials: handmade(ca, []), "lacks 2 of the certificates"),
    ],
)
def test_a_bad_list_is_refused_with_its_reason(authority, make, reason):
    serials = [issue(authority)[1], issue(authority)[1]]
    in_force = [handmade(authority, serials)]
    with pytest.raises(RevocationRefused, match=reason):
        check_list(make(authority, serials), [authority.certificate], in_force)


def test_an_administrator_does_not_revoke_itself(authority):
    certificate, serial = issue(authority, "admin")
    list_ = handmade(authority, [serial])
    with pytest.raises(RevocationRefused, match="revokes the administrator"):
        check_list(list_, [authority.certificate], [], certificate)
    assert check_list(list_, [authority.certificate], [], issue(authority, "other")[0]) == {serial}


def test_lists_of_other_authorities_of_the_organisation_stay(authority):
    intermediate = CertificateAuthority.create("ica.org1")
    kept, old, new = (
        handmade(ca, serials) for ca, serials in ((intermediate, [1]), (authority, [2]), (authority, [2, 3]))
    )
    assert lists_after(new, [kept, old]) == [kept, new]
    assert newest_of(authority.certificate, [kept, new]) == new
    assert newest_of(CertificateAuthority.create().certificate, [kept, new]) is None
    key = x509.load_pem_x509_certificate(authority.certificate.encode()).extensions
    own = key.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert (serials_by(new, own), serials_by(kept, own)) == ({2, 3}, frozenset())
