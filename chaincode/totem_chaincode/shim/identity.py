"""Identity: what contracts see of the certificate that signed a proposal.

The peer has verified certificate and signature against the organisation's MSP before the chaincode is asked; here it
is only read. Attributes are those of Fabric's CA: JSON in extension 1.2.3.4.5.6.7.8.1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from totem_chaincode.errors import Forbidden
from totem_chaincode.public_keys import p256_key
from totem_chaincode.stub import Creator

__all__ = ["ATTRIBUTES", "creator_of"]

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
"""Fabric's extension for the attributes that a CA writes into a certificate."""


@lru_cache(maxsize=1024)
def creator_of(msp_id: str, pem: bytes) -> Creator:
    """Return what contracts see of a certificate's holder; a name that stands there not just once is empty.

    Raises:
        Forbidden: code ``bad_certificate``: not an X.509 certificate, or its attributes can't be read.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return Creator(
            msp_id=msp_id,
            common_name=str(names[0].value) if len(names) == 1 else "",
            attributes=_attributes(certificate),
            certificate=certificate.public_bytes(Encoding.DER),
            public_key=p256_key(certificate),
        )
    except (ValueError, TypeError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType):
        raise Forbidden(
            f"the certificate of {msp_id} that signed the proposal can't be read: an X.509 certificate is needed,"
            ' with its attributes as {"attrs": {…}}',
            code="bad_certificate",
        ) from None


def _attributes(certificate: x509.Certificate) -> Mapping[str, str]:
    try:
        value = certificate.extensions.get_extension_for_oid(ATTRIBUTES).value
    except x509.ExtensionNotFound:
        return {}
    if not isinstance(value, x509.UnrecognizedExtension):
        return {}
    document = json.loads(value.value)
    if not isinstance(document, dict) or not isinstance(attributes := document.get("attrs", {}), dict):
        raise TypeError('expected {"attrs": {…}}')
    return {str(name): str(text) for name, text in attributes.items()}
