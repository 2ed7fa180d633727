"""fabric-ca: identities from an organisation's own certificate authority, over its REST API.

::

    ca = FabricCa("https://ca.example.com:7054", "UtilityMSP", tls_ca=pem)
    registrar = ca.enrol("registrar", "its secret")
    secret = ca.register(registrar, "peter", attributes={"role": "consumer"})
    peter = ca.enrol("peter", secret)
    ca.revoke(registrar, "peter", reason="keycompromise")
    crl = ca.revocation_list(registrar)            # to be put into the channel's configuration
"""

from totem.ledger.fabric.ca.client import REASONS, CaInfo, FabricCa, RevokedCertificate
from totem.ledger.fabric.ca.wire import CaRefused

__all__ = ["REASONS", "CaInfo", "CaRefused", "FabricCa", "RevokedCertificate"]
