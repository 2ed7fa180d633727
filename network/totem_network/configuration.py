"""Configuration of each node: core.yaml for peers and administrators, orderer.yaml for orderers.

Written anew whenever a node starts, so that a network can be moved or restored elsewhere. The files are JSON, which
is YAML; only what differs from Fabric's built-in defaults, or has none, is in them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from totem_network.layout import ORDERER_MSP, Network, Orderer, Organisation

__all__ = ["BUILDER", "MANY", "VERY_MANY", "core", "gossip", "orderer", "write_admin", "write_orderer", "write_peer"]

BUILDER = Path(__file__).resolve().parent / "builder"
"""The external builder for chaincode as a service."""

MANY = 6
"""Organisations from which on fast gossip flaps (peers believe others dead), so it must be calmer."""

VERY_MANY = 16
"""Organisations from which on a peer that is busy with greeting the others must not be taken for dead."""

_MESSAGE_BYTES = 100 * 1024 * 1024


def write_peer(network: Network, organisation: Organisation) -> Path:
    """Write the configuration of an organisation's peer; return its folder."""
    return _write(network.node_folder(organisation.peer), "core.yaml", core(network, organisation))


def write_orderer(network: Network, node: Orderer) -> Path:
    """Write the configuration of an orderer; return its folder."""
    return _write(network.node_folder(node.name), "orderer.yaml", orderer(network, node))


def write_admin(network: Network, organisation: Organisation) -> Path:
    """Write the configuration with which `peer` acts as the organisation's administrator; return its folder."""
    document = {
        "peer": {
            "id": f"admin.{organisation.name}",
            "address": f"127.0.0.1:{organisation.port}",
            "localMspId": organisation.msp_id,
            "localMspType": "bccsp",
            "mspConfigPath": str(network.admin_crypto(organisation) / "msp"),
            "BCCSP": _BCCSP,
            "client": {"connTimeout": "5s"},
            "tls": {"enabled": True, "rootcert": {"file": str(network.tls_ca(organisation))}},
        }
    }
    return _write(network.admin_config(organisation), "core.yaml", document)


def core(network: Network, organisation: Organisation) -> dict[str, Any]:
    """Return the document of a peer's core.yaml."""
    crypto = network.peer_crypto(organisation)
    data = network.node_folder(organisation.peer) / "data"
    address = f"127.0.0.1:{organisation.port}"
    chaincode_address = f"127.0.0.1:{organisation.peer_chaincode_port}"
    return {
        "peer": {
            "id": organisation.peer,
            "networkId": network.channel,
            "listenAddress": address,
            "address": address,
            "chaincodeListenAddress": chaincode_address,
            "chaincodeAddress": chaincode_address,
            "localMspId": organisation.msp_id,
            "localMspType": "bccsp",
            "mspConfigPath": str(crypto / "msp"),
            "fileSystemPath": str(data),
            "BCCSP": _BCCSP,
            "tls": {
                "enabled": True,
                "clientAuthRequired": False,
                "cert": {"file": str(crypto / "tls" / "server.crt")},
                "key": {"file": str(crypto / "tls" / "server.key")},
                "rootcert": {"file": str(crypto / "tls" / "ca.crt")},
            },
            "gossip": gossip(network, organisation),
            "gateway": {
                "enabled": True,
                "endorsementTimeout": "30s",
                "broadcastTimeout": "30s",
                "dialTimeout": "2s",
            },
            "authentication": {"timewindow": "15m"},
            "client": {"connTimeout": "5s"},
            "deliveryclient": {"reConnectBackoffThreshold": "1s", "connTimeout": "1s"},
            "handlers": {
                "authFilters": [{"name": "DefaultAuth"}, {"name": "ExpirationCheck"}],
                "decorators": [{"name": "DefaultDecorator"}],
                "endorsers": {"escc": {"name": "DefaultEndorsement"}},
                "validators": {"vscc": {"name": "DefaultValidation"}},
            },
            "discovery": {
                "enabled": True,
                "authCacheEnabled": True,
                "authCacheMaxSize": 1000,
                "authCachePurgeRetentionRatio": 0.75,
            },
            "limits": {"concurrency": {"endorserService": 2500, "deliverService": 2500, "gatewayService": 500}},
            "maxRecvMsgSize": _MESSAGE_BYTES,
            "maxSendMsgSize": _MESSAGE_BYTES,
        },
        # No Docker: without an endpoint the peer makes no client for it, and the external builder does everything.
        "vm": {"endpoint": ""},
        "chaincode": {
            "externalBuilders": [{"name": "totem_ccaas", "path": str(BUILDER)}],
            "installTimeout": "60s",
            "startuptimeout": "30s",
            "executetimeout": "30s",
            "mode": "net",
            "keepalive": 0,
            "system": {"_lifecycle": "enable", "cscc": "enable", "lscc": "enable", "qscc": "enable"},
            # Read by 3.x only: batches of reads and writes between peer and chaincode.
            "runtimeParams": {
                "useWriteBatch": True,
                "maxSizeWriteBatch": 1000,
                "useGetMultipleKeys": True,
                "maxSizeGetMultipleKeys": 1000,
            },
        },
        "ledger": {
            "state": {"stateDatabase": "goleveldb", "totalQueryLimit": 100_000},
            "history": {"enableHistoryDatabase": True},
            "pvtdataStore": {
                "collElgProcMaxDbBatchSize": 5000,
                "collElgProcDbBatchesInterval": 1000,
                "purgeInterval": 100,
                "purgedKeyAuditLogging": True,
            },
            "snapshots": {"rootDir": str(data / "snapshots")},
        },
        "operations": {"listenAddress": f"127.0.0.1:{organisation.operations_port}"},
        "metrics": {"provider": "prometheus"},
    }


def gossip(network: Network, organisation: Organisation) -> dict[str, Any]:
    """Return a peer's gossip settings: with Fabric's defaults peers find each other after half a minute only."""
    address = f"127.0.0.1:{organisation.port}"
    peers = len(network.organisations)
    few = peers < MANY
    return {
        "bootstrap": address,
        "endpoint": address,
        "externalEndpoint": address,
        "useLeaderElection": False,
        "orgLeader": True,
        "reconnectInterval": "1s" if few else "2s" if peers < VERY_MANY else "5s",
        "aliveTimeInterval": "1s" if few else "3s" if peers < VERY_MANY else "10s",
        "aliveExpirationTimeout": "5s" if few else "30s" if peers < VERY_MANY else "120s",
        # Longer ones keep a peer waiting for others that have not joined yet; shorter ones cut greetings short where
        # many peers of a busy machine greet one another at once.
        "dialTimeout": "3s" if peers < VERY_MANY else "5s",
        "connTimeout": "2s" if peers < VERY_MANY else "5s",
        "publishStateInfoInterval": "500ms" if few else "1s",
        "requestStateInfoInterval": "500ms" if few else "4s",
        "membershipTrackerInterval": "1s" if few else "2s",
        "state": {"enabled": False},
        "pvtData": {
            # A client that does not know an envelope's fate sends it again. The copy is void, but by default the peer
            # waits for private data of void transactions too: the whole channel would stand still meanwhile.
            "skipPullingInvalidTransactionsDuringCommit": True,
            "pullRetryThreshold": "10s",
            "transientstoreMaxBlockRetention": 1000,
            "pushAckTimeout": "3s",
            "btlPullMargin": 10,
            "reconcileBatchSize": 10,
            "reconcileSleepInterval": "5s",
            "reconciliationEnabled": True,
            "implicitCollectionDisseminationPolicy": {"requiredPeerCount": 0, "maxPeerCount": 1},
        },
    }


def orderer(network: Network, node: Orderer) -> dict[str, Any]:
    """Return the document of an orderer's orderer.yaml."""
    crypto = network.orderer_crypto / "orderers" / node.host
    data = network.node_folder(node.name) / "data"
    certificate, key = str(crypto / "tls" / "server.crt"), str(crypto / "tls" / "server.key")
    authority = [str(network.orderer_tls_ca)]
    general: dict[str, Any] = {
        "ListenAddress": "127.0.0.1",
        "ListenPort": node.port,
        "TLS": {"Enabled": True, "Certificate": certificate, "PrivateKey": key, "RootCAs": authority},
        "Cluster": {
            "ClientCertificate": certificate,
            "ClientPrivateKey": key,
            "RootCAs": authority,
            "DialTimeout": "1s",
            "RPCTimeout": "1s",
        },
        "LocalMSPDir": str(crypto / "msp"),
        "LocalMSPID": ORDERER_MSP,
        "BCCSP": _BCCSP,
        "MaxRecvMsgSize": _MESSAGE_BYTES,
        "MaxSendMsgSize": _MESSAGE_BYTES,
        "BootstrapMethod": "none",
    }
    return {
        "General": general,
        "FileLedger": {"Location": str(data / "ledger")},
        "Admin": {
            "ListenAddress": f"127.0.0.1:{node.admin_port}",
            "TLS": {
                "Enabled": True,
                "Certificate": certificate,
                "PrivateKey": key,
                "RootCAs": authority,
                "ClientAuthRequired": True,
                "ClientRootCAs": authority,
            },
        },
        "ChannelParticipation": {"Enabled": True, "MaxRequestBodySize": "16 MB"},
        "Consensus": {"WALDir": str(data / "wal"), "SnapDir": str(data / "snapshots")},
        "Operations": {"ListenAddress": f"127.0.0.1:{node.operations_port}"},
        "Metrics": {"Provider": "prometheus"},
    }


_BCCSP = {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256}}


def _write(folder: Path, name: str, document: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(document, indent=2))
    return folder
