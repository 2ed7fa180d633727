"""The shim: TOTEM's contracts as chaincode as a service on Hyperledger Fabric (2.5 LTS, 3.x).

::

    with ChaincodeServer(Chaincode(), package_id, "0.0.0.0:9999", tls=Tls(certificate, key)) as server:
        server.wait()

Peers connect to the server (``protos.Chaincode/Connect``) and send transactions; contracts see a ``Stub`` as on every
other ledger. ``make_package`` makes what is installed on the peers. Needs the extra ``fabric``.
"""

from totem_chaincode.shim.package import ChaincodePackage, Connection, PackageProblem, make_package
from totem_chaincode.shim.server import ChaincodeServer, ServerProblem, Tls

__all__ = [
    "ChaincodePackage",
    "ChaincodeServer",
    "Connection",
    "PackageProblem",
    "ServerProblem",
    "Tls",
    "make_package",
]
