"""Home folders on a small Fabric network, which needs no binaries: its people, their profile, the CA with its key."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.totem.ledger.fabric.small_network import CHAINCODE, CHANNEL, SmallNetwork
from tests.totem.ledger.fabric.small_peer import SmallPeer
from totem.cli.main import app
from totem.ledger import CertificateAuthority, Wallet
from totem.ledger.fabric.membership import Organisation
from totem.services.founding import found_on_fabric
from totem.services.home import Home
from totem_chaincode.dispatcher import Chaincode

MSP_IDS = {
    "north": "NorthMSP",
    "south": "SouthMSP",
    "alice": "AliceMSP",
    "bob": "BobMSP",
    "consortium": "ConsortiumMSP",
}


class FabricPlace:
    """A small network with one peer, its CA in a folder, and a connection profile."""

    def __init__(self, folder: Path, *, clock=None, chaincode=None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = CertificateAuthority.create()
        self.authority.save(folder / "ca")
        self.network = SmallNetwork(self.authority, MSP_IDS.values(), chaincode or Chaincode(), clock)
        self.peer = SmallPeer(self.network)
        self.profile = self.write_profile("profile.json")

    def write_profile(self, name, **changes) -> Path:
        """Write a connection profile, with fields changed."""
        document = {
            "channel": CHANNEL,
            "chaincode": CHAINCODE,
            "peers": [{"address": self.peer.address, "msp_id": msp_id} for msp_id in MSP_IDS.values()],
            "deadlines": {"patience": 5, "evaluate": 10},
        }
        path = self.folder / name
        path.write_text(json.dumps(document | changes))
        return path

    def organisations(self) -> dict[str, Organisation]:
        ca = self.folder / "ca"
        return {
            name: Organisation(msp_id, self.profile, ca / "ca-cert.pem", ca / "ca-key.pem")
            for name, msp_id in MSP_IDS.items()
        }

    def found(self, root: Path, totem: int) -> Home:
        """Found a consortium: providers north and south, consumers alice (with totem) and bob (with none)."""
        home = Home(root)
        found_on_fabric(
            home,
            self.organisations(),
            founder="consortium",
            providers={"north": "north", "south": "south"},
            consumers={"alice": "alice", "bob": "bob"},
            totem={"alice": totem} if totem else {},
        )
        return home

    def close(self) -> None:
        self.peer.stop()


def wallet(folder: Path, *identities) -> Path:
    """Make a wallet of identities."""
    made = Wallet(folder)
    for identity in identities:
        made.put(identity.name, identity)
    return folder


def msp_folder(folder: Path, identity) -> Path:
    """Write an identity as an MSP folder."""
    for part, name, text in (("signcerts", "cert.pem", identity.certificate), ("keystore", "sk", identity.key_pem())):
        (folder / part).mkdir(parents=True)
        (folder / part / name).write_text(text)
    return folder


def commands_in(home):
    """Return what runs a command in a home folder."""

    def run(*words):
        env = {"TOTEM_HOME": str(home), "TOTEM_AS": None}
        return CliRunner().invoke(app, [str(word) for word in words], env=env)

    return run
