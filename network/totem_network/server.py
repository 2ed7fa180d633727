"""An organisation's chaincode server: its TLS files, its package, and how its process is started."""

from __future__ import annotations

import os
import sys

from totem_chaincode.shim import ChaincodePackage, Connection, make_package
from totem_network import processes
from totem_network.binaries import environment
from totem_network.layout import Chaincode, Network, Organisation

__all__ = ["OWN", "package", "start"]

OWN = [sys.executable, "-m", "totem_chaincode.shim"]
"""The command that serves TOTEM's contracts."""


def package(network: Network, organisation: Organisation, chaincode: Chaincode) -> ChaincodePackage:
    """Return an organisation's package: it says where the organisation's own server is, with mutual TLS.

    Both sides show the certificate that the peer has for TLS: one organisation, one machine.
    """
    tls = network.peer_crypto(organisation) / "tls"
    return make_package(
        f"{chaincode.name}_{chaincode.version}",
        Connection(
            f"127.0.0.1:{chaincode.port(organisation)}",
            network.tls_ca(organisation).read_text(),
            (tls / "server.crt").read_text(),
            (tls / "server.key").read_text(),
        ),
    )


def start(network: Network, organisation: Organisation, chaincode: Chaincode) -> None:
    """Start an organisation's server of a chaincode.

    It is told by environment who it is: CHAINCODE_ID, CHAINCODE_SERVER_ADDRESS, and for TLS (as files)
    CHAINCODE_TLS_KEY, CHAINCODE_TLS_CERT, CHAINCODE_CLIENT_CA_CERT.
    """
    tls = network.peer_crypto(organisation) / "tls"
    told = {
        # Of a checkout that is not installed, the server is the checkout's too.
        **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        "CHAINCODE_ID": chaincode.packages[organisation.name],
        "CHAINCODE_SERVER_ADDRESS": f"127.0.0.1:{chaincode.port(organisation)}",
        "CHAINCODE_TLS_KEY": str(tls / "server.key"),
        "CHAINCODE_TLS_CERT": str(tls / "server.crt"),
        "CHAINCODE_CLIENT_CA_CERT": str(network.tls_ca(organisation)),
    }
    processes.start(
        network.server_folder(organisation, chaincode),
        chaincode.command,
        environment(extra=told),
        name=network.server(organisation, chaincode),
    )
