"""What a node says about itself on its operations port: Prometheus text, and whether it is healthy."""

from __future__ import annotations

import http.client
import re

__all__ = ["channel_height", "is_leader", "known_peers", "read"]

_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})? (\S+)")


def read(port: int) -> dict[tuple[str, str], float]:
    """Return a node's metrics by name and labels (as they stand there); nothing where it does not answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        text = response.read().decode() if response.status == http.client.OK else ""
    except (OSError, http.client.HTTPException):
        return {}
    finally:
        connection.close()
    return {(match[1], match[2] or ""): float(match[3]) for line in text.splitlines() if (match := _LINE.match(line))}


def is_leader(metrics: dict[tuple[str, str], float], channel: str) -> bool:
    """Whether this orderer leads the channel."""
    return metrics.get(("consensus_etcdraft_is_leader", f'channel="{channel}"'), 0.0) == 1.0


def channel_height(metrics: dict[tuple[str, str], float], channel: str, *, orderer: bool) -> int:
    """Return how many blocks a node has of the channel; 0 where it is not in it."""
    if orderer:
        # Raft counts from the number of the last block.
        key = ("consensus_etcdraft_committed_block_number", f'channel="{channel}"')
        return int(metrics[key]) + 1 if key in metrics else 0
    return int(metrics.get(("ledger_blockchain_height", f'channel="{channel}"'), 0.0))


def known_peers(metrics: dict[tuple[str, str], float], channel: str) -> int:
    """Return how many other peers of the channel a peer knows to be alive."""
    return int(metrics.get(("gossip_membership_total_peers_known", f'channel="{channel}"'), 0.0))
