"""Whether anybody listens where a connection profile says: asked before the first call, which would wait patiently."""

from __future__ import annotations

import socket

from totem.ledger.errors import LedgerUnavailable
from totem.ledger.fabric.profile import ConnectionProfile

__all__ = ["check_reachable"]

_SECONDS = 3.0


def check_reachable(profile: ConnectionProfile) -> None:
    """Check that one of the peers accepts connections.

    Raises:
        LedgerUnavailable: none does; the message names each with the reason.
    """
    refused = []
    for peer in profile.peers:
        host, _, port = peer.address.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS):
                return
        except (OSError, ValueError) as error:
            refused.append(f"{peer.address} ({peer.msp_id}): {getattr(error, 'strerror', None) or error}")
    raise LedgerUnavailable(f"no peer of the Fabric network can be reached: {'; '.join(refused)}")
