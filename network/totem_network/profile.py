"""Connection profiles: one JSON file per organisation, as `totem.ledger.fabric` reads them."""

from __future__ import annotations

import json
import os
from typing import Any

from totem_network.layout import Network, Organisation
from totem_network.policies import majority

__all__ = ["connection_profile", "write_all"]

CHAINCODE = "totem"
"""What a client asks for as long as nothing has been deployed under another name."""


def write_all(network: Network) -> None:
    """Write the profile of every organisation."""
    for organisation in network.organisations:
        path = network.profile(organisation)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(connection_profile(network, organisation), indent=2) + "\n")


def connection_profile(network: Network, organisation: Organisation) -> dict[str, Any]:
    """Return an organisation's profile: its own peer first, the others to turn to when that one is down.

    Endorsers are named, since a transaction whose private data go to several organisations must be endorsed by peers
    that the client chose, and since discovery takes seconds among thirty organisations. Files are named relative to
    the profile's folder.
    """
    folder = network.profile(organisation).parent
    ordered = [organisation, *(other for other in network.organisations if other != organisation)]
    return {
        "channel": network.channel,
        "chaincode": network.chaincode.name if network.chaincode else CHAINCODE,
        "peers": [
            {
                "address": f"127.0.0.1:{each.port}",
                "msp_id": each.msp_id,
                "tls_ca": os.path.relpath(network.tls_ca(each), folder),
            }
            for each in ordered
        ],
        "endorsers": [each.msp_id for each in ordered],
        "endorsements": majority(len(ordered)),
        "revocation_list": network.revocation_list(organisation).name,
    }
