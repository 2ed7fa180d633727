"""An organisation's chaincode server: its TLS files, connection.json, and how its process is started."""

from __future__ import annotations

from typing import Any

from totem_network import processes
from totem_network.binaries import environment
from totem_network.layout import Chaincode, Network, Organisation

__all__ = ["connection", "start"]


def connection(network: Network, organisation: Organisation) -> dict[str, Any]:
    """Return connection.json: where the organisation's peer finds the server, with mutual TLS.

    Both sides show the certificate that the peer has for TLS: one organisation, one machine.
    """
    tls = network.peer_crypto(organisation) / "tls"
    return {
        "address": f"127.0.0.1:{organisation.chaincode_port}",
        "dial_timeout": "5s",
        "tls_required": True,
        "client_auth_required": True,
        "client_key": (tls / "server.key").read_text(),
        "client_cert": (tls / "server.crt").read_text(),
        "root_cert": network.tls_ca(organisation).read_text(),
    }


def start(network: Network, organisation: Organisation, chaincode: Chaincode) -> None:
    """Start an organisation's server of a chaincode.

    It is told by environment who it is: CHAINCODE_ID, CHAINCODE_SERVER_ADDRESS, and for TLS CHAINCODE_TLS_KEY,
    CHAINCODE_TLS_CERT, CHAINCODE_CLIENT_CA_CERT (files).
    """
    tls = network.peer_crypto(organisation) / "tls"
    told = {
        "CHAINCODE_ID": chaincode.packages[organisation.name],
        "CHAINCODE_SERVER_ADDRESS": f"127.0.0.1:{organisation.chaincode_port}",
        "CHAINCODE_TLS_DISABLED": "false",
        "CHAINCODE_TLS_KEY": str(tls / "server.key"),
        "CHAINCODE_TLS_CERT": str(tls / "server.crt"),
        "CHAINCODE_CLIENT_CA_CERT": str(network.tls_ca(organisation)),
    }
    processes.start(network.node_folder(chaincode.node(organisation)), chaincode.command, environment(extra=told))
