"""The channel's configuration: configtx.yaml and the first block that configtxgen makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from totem_network import policies
from totem_network.binaries import Binaries
from totem_network.layout import ORDERER_MSP, Network, Organisation
from totem_network.policies import meta, signature

__all__ = ["PROFILE", "configtx", "make_genesis", "organisation_section", "write_configtx"]

PROFILE = "Totem"


def make_genesis(network: Network, binaries: Binaries) -> None:
    """Write configtx.yaml and make the channel's first block."""
    folder = network.genesis.parent
    write_configtx(network, folder)
    binaries.run(
        "configtxgen",
        *("-profile", PROFILE, "-channelID", network.channel, "-outputBlock", str(network.genesis)),
        config=folder,
    )


def write_configtx(network: Network, folder: Path, further: Iterable[Organisation] = ()) -> None:
    """Write configtx.yaml into a folder; organisations in ``further`` stand in it without being in the channel."""
    folder.mkdir(parents=True, exist_ok=True)
    document = configtx(network)
    document["Organizations"] += [organisation_section(network, organisation) for organisation in further]
    (folder / "configtx.yaml").write_text(json.dumps(document, indent=2))


def configtx(network: Network) -> dict[str, Any]:
    """Return the document of configtx.yaml."""
    members = [organisation_section(network, organisation) for organisation in network.organisations]
    orderer = _orderer_section(network)
    channel_version = "V3_0" if network.version.startswith("3.") else "V2_0"
    profile = {
        "Policies": _policies(),
        "Capabilities": {channel_version: True},
        "Orderer": {
            "OrdererType": "etcdraft",
            "EtcdRaft": _raft(network),
            "BatchTimeout": network.batch_timeout,
            "BatchSize": {"MaxMessageCount": 500, "AbsoluteMaxBytes": "10 MB", "PreferredMaxBytes": "2 MB"},
            "Organizations": [orderer],
            "Policies": {**_policies(), "BlockValidation": meta("ANY Writers")},
            "Capabilities": {"V2_0": True},
        },
        "Application": {
            "Organizations": members,
            "Policies": policies.application(network),
            "Capabilities": {"V2_5": True},
        },
    }
    return {"Organizations": [orderer, *members], "Profiles": {PROFILE: profile}}


def organisation_section(network: Network, organisation: Organisation) -> dict[str, Any]:
    """Return an organisation's section, with its anchor peer."""
    msp = organisation.msp_id
    return {
        "Name": msp,
        "ID": msp,
        "MSPDir": str(network.organisation_crypto(organisation) / "msp"),
        "Policies": {
            "Readers": signature(f"OR('{msp}.member')"),
            "Writers": signature(f"OR('{msp}.admin', '{msp}.client')"),
            "Admins": signature(f"OR('{msp}.admin')"),
            "Endorsement": signature(f"OR('{msp}.peer')"),
        },
        "AnchorPeers": [{"Host": "127.0.0.1", "Port": organisation.port}],
    }


def _orderer_section(network: Network) -> dict[str, Any]:
    member = signature(f"OR('{ORDERER_MSP}.member')")
    return {
        "Name": ORDERER_MSP,
        "ID": ORDERER_MSP,
        "MSPDir": str(network.orderer_crypto / "msp"),
        "Policies": {"Readers": member, "Writers": member, "Admins": signature(f"OR('{ORDERER_MSP}.admin')")},
        "OrdererEndpoints": [f"127.0.0.1:{orderer.port}" for orderer in network.orderers],
    }


def _raft(network: Network) -> dict[str, Any]:
    certificates = [
        str(network.orderer_crypto / "orderers" / orderer.host / "tls" / "server.crt") for orderer in network.orderers
    ]
    return {
        "Consenters": [
            {"Host": "127.0.0.1", "Port": orderer.port, "ClientTLSCert": certificate, "ServerTLSCert": certificate}
            for orderer, certificate in zip(network.orderers, certificates, strict=True)
        ],
        "Options": {
            # 100 ms lost the leader when large blocks met a busy disk; 500 ms (the default) makes faults last 12 s.
            "TickInterval": "250ms",
            "ElectionTick": 10,
            "HeartbeatTick": 1,
            "MaxInflightBlocks": 5,
            "SnapshotIntervalSize": "16 MB",
        },
    }


def _policies() -> dict[str, dict[str, str]]:
    return {"Readers": meta("ANY Readers"), "Writers": meta("ANY Writers"), "Admins": meta("MAJORITY Admins")}
