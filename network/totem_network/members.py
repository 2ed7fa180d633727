"""Adding an organisation to a running network: its keys, the channel's new configuration, its peer and server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from totem_network import (
    channel,
    configuration,
    crypto,
    join,
    lifecycle,
    nodes,
    policies,
    ports,
    processes,
    profile,
    server,
)
from totem_network.binaries import Binaries
from totem_network.layout import Chaincode, Network, Organisation
from totem_network.progress import Say, Steps

__all__ = ["add_organisation", "update_channel"]

_CONFIG_UPDATE = 2
"""Type of an envelope that changes a channel's configuration."""


def add_organisation(network: Network, binaries: Binaries, *, say: Say = print) -> Organisation:
    """Add the next organisation; its peer joins, and it approves and serves the chaincode where there is one.

    Where an earlier call was interrupted, that one's organisation is brought in, and no other.

    Raises:
        NetworkError: a step failed, or not enough organisations' administrators could sign.
    """
    steps = Steps(say)
    newcomer = network.unfinished()
    if newcomer is None:
        lifecycle.settle(network, steps)
        newcomer = network.further_organisation()
        try:
            _admit(network, binaries, newcomer, steps)
        except BaseException:  # Ctrl-C too: the newcomer's ports are given back where it is not admitted
            ports.keep_only(network.folder, network.all_ports())
            raise
    else:
        steps.done(f"{newcomer.name}, whose joining was interrupted, goes on with it")
    configuration.write_admin(network, newcomer)
    profile.write_all(network)
    if processes.pid(network.node_folder(newcomer.peer)) is None:
        nodes.start(network, binaries, newcomer.peer)
    join.join_peer(network, newcomer, network.genesis)
    steps.done("peer joined")
    join.wait_ready(network)
    steps.done("all organisations endorse")
    if network.chaincode is not None:
        _serve(network, binaries, newcomer, network.chaincode, steps)
    network.joining = None
    network.save()
    return newcomer


def _admit(network: Network, binaries: Binaries, newcomer: Organisation, steps: Steps) -> None:
    """Make an organisation's keys and put it into the channel's configuration."""
    crypto.generate_organisation(network, binaries, newcomer)
    section = _section(network, binaries, newcomer)
    steps.done(f"keys of {newcomer.name}")
    later = [*network.organisations, newcomer]

    def change(config: dict[str, Any]) -> None:
        application = config["channel_group"]["groups"]["Application"]
        application["groups"][newcomer.msp_id] = section
        if network.explicit_policy:
            for name, rule in policies.spelled_out(later).items():
                application["policies"][name]["policy"] = rule.document()

    update_channel(network, binaries, change)
    network.organisations, network.joining = later, newcomer.name
    network.save()
    steps.done("added to the channel's configuration")


def update_channel(network: Network, binaries: Binaries, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the channel's configuration; as many administrators sign as a majority needs.

    Raises:
        NetworkError: it can't be fetched, is not valid, or is not accepted.
    """
    folder = network.folder / "channel"
    first = network.organisations[0]
    orderer = lifecycle.orderer_arguments(network)
    block = folder / "config.block"
    fetch = ("channel", "fetch", "config", str(block), "-c", network.channel, *orderer)
    binaries.run("peer", *fetch, config=network.admin_config(first))
    document = json.loads(_decode(binaries, "common.Block", block.read_bytes()))
    config = document["data"]["data"][0]["payload"]["data"]["config"]
    before = _write(folder / "before.pb", _encode(binaries, "common.Config", config))
    change(config)
    after = _write(folder / "after.pb", _encode(binaries, "common.Config", config))
    files = ("--original", str(before), "--updated", str(after))
    update = binaries.run("configtxlator", "compute_update", "--channel_id", network.channel, *files)
    envelope = {
        "payload": {
            "header": {"channel_header": {"channel_id": network.channel, "type": _CONFIG_UPDATE}},
            "data": {"config_update": json.loads(_decode(binaries, "common.ConfigUpdate", update))},
        }
    }
    signed = _write(folder / "update.pb", _encode(binaries, "common.Envelope", envelope))
    # The file collects signatures; who sends it signs too.
    for organisation in network.organisations[1 : policies.majority(len(network.organisations))]:
        binaries.run("peer", "channel", "signconfigtx", "-f", str(signed), config=network.admin_config(organisation))
    send = ("channel", "update", "-f", str(signed), "-c", network.channel, *orderer)
    binaries.run("peer", *send, config=network.admin_config(first))


def _serve(network: Network, binaries: Binaries, newcomer: Organisation, old: Chaincode, steps: Steps) -> None:
    chaincode = old
    if newcomer.name not in old.packages:
        package = lifecycle.install(network, binaries, newcomer, old)
        chaincode = replace(old, packages={**old.packages, newcomer.name: package})
        lifecycle.approve(network, binaries, newcomer, chaincode)
        steps.done(f"{chaincode.name} {chaincode.version} installed and approved")
        network.chaincode = chaincode
        network.save()
    if processes.pid(network.server_folder(newcomer, chaincode)) is None:
        server.start(network, newcomer, chaincode)
    lifecycle.wait_answering(network)
    steps.done("answers through all peers")


def _section(network: Network, binaries: Binaries, newcomer: Organisation) -> dict[str, Any]:
    folder = network.folder / "channel" / newcomer.name
    channel.write_configtx(network, folder, [newcomer])
    section: dict[str, Any] = json.loads(binaries.run("configtxgen", "-printOrg", newcomer.msp_id, config=folder))
    # configtxgen leaves the anchor peer out, without which other organisations' peers don't find this one.
    section["values"]["AnchorPeers"] = {
        "mod_policy": "Admins",
        "value": {"anchor_peers": [{"host": "127.0.0.1", "port": newcomer.port}]},
        "version": "0",
    }
    return section


def _encode(binaries: Binaries, kind: str, document: dict[str, Any]) -> bytes:
    return binaries.run("configtxlator", "proto_encode", "--type", kind, input_=json.dumps(document).encode())


def _decode(binaries: Binaries, kind: str, data: bytes) -> bytes:
    return binaries.run("configtxlator", "proto_decode", "--type", kind, input_=data)


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
