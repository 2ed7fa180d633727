"""A home folder on a real network of three organisations, two of which endorse: providers' servers run in threads."""

from __future__ import annotations

import json
from pathlib import Path

from joint_home import TOTEM, JointHome

from totem.services.consumer import ENDED, Consumer
from totem.services.fabric_network import FabricNetwork
from totem.services.founding import found_on_fabric
from totem.services.home import Home
from totem_network import control, endorse
from totem_network.layout import Network

ORGANISATIONS = {"north": "north", "south": "south", "east": "north", "alice": "city"}
"""Of which organisation the providers and the consumer are; the consortium's member is of the first one."""
QUICK = {"evaluate": 5, "endorse": 5, "commit_status": 2, "patience": 6}
"""Seconds. Where an organisation is down, each transaction that needs it is tried for as long as the patience lasts."""


class RealHome(JointHome):
    """Three providers of two organisations and a consumer of a third one, on real peers."""

    def founded(self, folder: Path) -> Home:
        """See ``JointHome.founded``."""
        folder.mkdir(mode=0o700)
        nodes = FabricNetwork(folder / "network")
        nodes.start(["north", "south", "city"])
        home = Home(folder)
        found_on_fabric(
            home,
            nodes.organisations(),
            founder="north",
            providers={name: ORGANISATIONS[name] for name in self.providers},
            consumers={"alice": ORGANISATIONS["alice"]},
            totem={"alice": TOTEM},
        )
        return home

    @property
    def network(self) -> Network:
        """The network as it is now."""
        return Network.load(self.home.root / "network")

    def connect(self, endorsers=("north", "south", "city")) -> None:
        """Connect anew, with short deadlines and with these organisations in the profiles' lists of endorsers."""
        network = self.network
        for organisation in network.organisations:
            path = network.profile(organisation)
            profile = json.loads(path.read_text())
            named = [network.organisation(name).msp_id for name in endorsers]
            path.write_text(json.dumps({**profile, "deadlines": QUICK, "endorsers": named, "endorsements": 2}))
        self.home.forget()
        for name in ("admin", *self.providers):
            self.home.session(name)  # nobody who connects later finds all peers there
        self.alice = Consumer(self.home.session("alice"))

    def until_settled(self, *job_ids: str, seconds: float) -> list:
        """Wait until jobs have ended, as others than their consumer see it, and return them."""
        admin = self.home.session("admin")

        def look():
            return [admin.query("jobs.get", job_id=job_id) for job_id in job_ids]

        self.until(lambda: all(job["state"] in ENDED for job in look()), seconds)
        return look()

    def at_every_peer(self, function: str, **arguments) -> list:
        """Return what each organisation's own peer answers the consortium's member."""
        network, call, found = self.network, [function.encode(), json.dumps(arguments).encode()], []
        admin = self.home.consortium.identity("admin")
        for organisation in network.organisations:
            status, said, payload = endorse.ask(network, organisation, network.chaincode.name, call, identity=admin)
            assert status == endorse.OK, said
            found.append(json.loads(payload))
        return found

    def sum_of(self, *names: str) -> dict:
        """Return the result of the usual job over the rows of some providers."""
        share = len(self.rows) // len(self.providers)
        sums: dict = {}
        for name in names:
            place = self.providers.index(name)
            for hour, kwh in self.rows[place * share : (place + 1) * share]:
                sums[hour] = sums.get(hour, 0) + kwh
        return sums

    def is_sound(self) -> None:
        """See ``JointHome.is_sound``; and the accounts are the same at every peer."""
        super().is_sound()
        audits = self.at_every_peer("accounts.audit")
        assert all(audit == audits[0] for audit in audits)

    def close(self) -> None:
        """End everything."""
        self.home.forget()
        control.down(self.home.root / "network", keep=False)
