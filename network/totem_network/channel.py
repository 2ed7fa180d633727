"""The channel's configuration: configtx.yaml and the first block that configtxgen makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from totem_network.binaries import Binaries
from totem_network.layout import ORDERER_MSP, Network, Organisation

__all__ = ["PROFILE", "configtx", "majority", "make_genesis", "organisation_section", "write_configtx"]

PROFILE = "Totem"


def majority(organisations: int) -> int:
    """Return how many of the organisations must endorse."""
    return organisations // 2 + 1


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
            "Policies": {**_policies(), "BlockValidation": _meta("ANY Writers")},
            "Capabilities": {"V2_0": True},
        },
        "Application": {
            "Organizations": members,
            "Policies": {
                **_policies(),
                "LifecycleEndorsement": _endorsement(network),
                "Endorsement": _endorsement(network),
            },
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
            "Readers": _signature(f"OR('{msp}.member')"),
            "Writers": _signature(f"OR('{msp}.admin', '{msp}.client')"),
            "Admins": _signature(f"OR('{msp}.admin')"),
            "Endorsement": _signature(f"OR('{msp}.peer')"),
        },
        "AnchorPeers": [{"Host": "127.0.0.1", "Port": organisation.port}],
    }


def _orderer_section(network: Network) -> dict[str, Any]:
    member = _signature(f"OR('{ORDERER_MSP}.member')")
    return {
        "Name": ORDERER_MSP,
        "ID": ORDERER_MSP,
        "MSPDir": str(network.orderer_crypto / "msp"),
        "Policies": {"Readers": member, "Writers": member, "Admins": _signature(f"OR('{ORDERER_MSP}.admin')")},
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


def _endorsement(network: Network) -> dict[str, str]:
    if not network.explicit_policy:
        return _meta("MAJORITY Endorsement")
    peers = ", ".join(f"'{organisation.msp_id}.peer'" for organisation in network.organisations)
    return _signature(f"OutOf({majority(len(network.organisations))}, {peers})")


def _policies() -> dict[str, dict[str, str]]:
    return {"Readers": _meta("ANY Readers"), "Writers": _meta("ANY Writers"), "Admins": _meta("MAJORITY Admins")}


def _meta(rule: str) -> dict[str, str]:
    return {"Type": "ImplicitMeta", "Rule": rule}


def _signature(rule: str) -> dict[str, str]:
    return {"Type": "Signature", "Rule": rule}
