"""Who talks to the chaincode in tests: certificates as Fabric's CA writes them, and their holders' identities."""

from __future__ import annotations

import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fabric_protos.msp.identities_pb2 import SerializedIdentity


def certificate(name, attributes=None, *, key=None, issuer=None, server=False, raw=None):
    """Return a certificate and its key, PEM; ``attributes`` as Fabric's CA writes them."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "client"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    begin = datetime.datetime(2023, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36_500))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if server:
        names = [x509.DNSName("localhost")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if raw is None and attributes is not None:
        raw = json.dumps({"attrs": attributes}).encode()
    if raw is not None:
        oid = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, raw), critical=False)
    made = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    return made, key


def pem(made, key=None):
    """Return a certificate, or a key, as PEM bytes."""
    if key is None:
        return made.public_bytes(serialization.Encoding.PEM)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


_identities = {}


def identity(name, msp_id, role):
    """Return the SerializedIdentity of somebody with a role (None: without attributes)."""
    asked = (name, msp_id, role)
    if asked not in _identities:
        made, _ = certificate(name, None if role is None else {"role": role})
        _identities[asked] = SerializedIdentity(mspid=msp_id, id_bytes=pem(made)).SerializeToString()
    return _identities[asked]
