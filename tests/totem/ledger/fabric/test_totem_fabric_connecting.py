"""A peer that is far away or busy: it takes a connection at once, but says nothing on it for a second."""

import dataclasses
import threading
from contextlib import closing

import pytest

from tests.network.loopback import Loopback
from tests.totem.ledger.fabric.small_site import FabricSite
from totem.ledger.fabric import FabricLedger


@pytest.fixture
def site():
    made = FabricSite(peers=2)
    made.story.found()
    yield made
    for each in made.opened:
        each.close()


@pytest.mark.slow
def test_a_peer_that_is_slow_to_greet_is_not_passed_over(site):
    slow, other = site.peers
    with closing(Loopback(slow.port)) as way:
        peers = [
            dataclasses.replace(each, address=f"127.0.0.1:{way.port}") if each.address == slow.address else each
            for each in site.profile.peers
        ]
        admin = site.people["admin"]
        with closing(FabricLedger(dataclasses.replace(site.profile, peers=tuple(peers)), admin)) as ledger:
            other.calls.clear()
            way.hold()
            threading.Timer(1.0, way.release).start()
            assert ledger.evaluate(admin, "participants.get", {})["role"] == "consortium"
    assert other.calls == []
