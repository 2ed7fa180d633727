"""What runs: a table of nodes for people, the same as JSON for programs."""

from __future__ import annotations

from typing import Any

from totem_network import metrics, processes
from totem_network.layout import Network

__all__ = ["as_table", "status"]


def status(network: Network) -> dict[str, Any]:
    """Return the network's nodes with process id (None: it does not run), port, height of the channel, and role."""
    rows: list[dict[str, Any]] = []
    for orderer in network.orderers:
        said = metrics.read(orderer.operations_port)
        rows.append(
            _row(network, orderer.name)
            | {
                "height": metrics.channel_height(said, network.channel, orderer=True),
                "leader": metrics.is_leader(said, network.channel),
            }
        )
    for organisation in network.organisations:
        said = metrics.read(organisation.operations_port)
        rows.append(
            _row(network, organisation.peer)
            | {
                "height": metrics.channel_height(said, network.channel, orderer=False),
                "knows": metrics.known_peers(said, network.channel),
            }
        )
    rows += [_row(network, name) for name in network.servers()]
    return {
        "folder": str(network.folder),
        "fabric": network.version,
        "channel": network.channel,
        "chaincode": network.chaincode
        and {
            "name": network.chaincode.name,
            "version": network.chaincode.version,
            "sequence": network.chaincode.sequence,
        },
        "nodes": rows,
    }


def as_table(document: dict[str, Any]) -> str:
    """Return a status as text."""
    chaincode = document["chaincode"]
    running = f"{chaincode['name']} {chaincode['version']} (sequence {chaincode['sequence']})" if chaincode else "none"
    lines = [
        f"Fabric {document['fabric']}, channel {document['channel']}, chaincode {running}, in {document['folder']}",
        f"{'node':<20}{'process':>9}{'port':>7}{'height':>8}  ",
    ]
    for row in document["nodes"]:
        height = row.get("height", "")
        peers = "peer" if row.get("knows") == 1 else "peers"
        remark = "leader" if row.get("leader") else f"knows {row['knows']} other {peers}" if "knows" in row else ""
        lines.append(f"{row['node']:<20}{row['process'] or 'stopped':>9}{row['port']:>7}{height:>8}  {remark}".rstrip())
    return "\n".join(lines)


def _row(network: Network, node: str) -> dict[str, Any]:
    return {"node": node, "process": processes.pid(network.node_folder(node)), "port": network.port(node)}
