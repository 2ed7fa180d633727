"""Fixtures for the shim: servers on loopback, peers that connect to them, and the story told through both."""

from __future__ import annotations

import pytest

from tests.chaincode.shim.shim_peer import NOW, Peer
from tests.chaincode.shim.shim_people import identity
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.shim import ChaincodeServer
from totem_chaincode.testing import PEOPLE, Story, ToyEvaluator

PACKAGE_ID = "totem_1.0:" + "ab" * 32


@pytest.fixture
def serve():
    """Start servers; they are stopped at the end."""
    servers = []

    def start(chaincode=None, **options):
        options = {"clock": lambda: NOW, **options}
        server = ChaincodeServer(chaincode or Chaincode(ToyEvaluator()), PACKAGE_ID, "127.0.0.1:0", **options)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop(2)


@pytest.fixture
def connect():
    """Connect peers to a server; they are closed at the end, and none may have seen the protocol broken."""
    peers = []

    def begin(server, **options):
        peer = Peer(server.address, **options)
        peers.append(peer)
        assert peer.ready.wait(10), f"not ready: {peer.status}"
        return peer

    yield begin
    for peer in peers:
        peer.close()
    assert [peer.violations for peer in peers if peer.violations] == []


class Scripted:
    """A chaincode of functions that a test gives: ``scripted.calls["name"] = lambda stub, args: …``."""

    def __init__(self):
        self.calls = {}

    def invoke(self, stub, function, args):
        return self.calls[function](stub, args)


@pytest.fixture
def scripted():
    return Scripted()


@pytest.fixture
def run(scripted, serve, connect):
    """Run one function of stub as a transaction of one peer and commit it; returns what came out."""
    only = connect(serve(scripted))

    def call(function, *, who=None, commit=True, **more):
        scripted.calls["call"] = lambda stub, args: function(stub)
        endorsed = only.endorse(who or identity("peter", "StavangerMSP", "consumer"), "call", **more)
        if commit and endorsed.status == 200:
            assert only.commit(endorsed) == "VALID"
        return endorsed

    call.peer = only
    return call


@pytest.fixture
def peer(serve, connect):
    """A peer of all organisations, connected to TOTEM's contracts with toy programs."""
    return connect(serve())


@pytest.fixture
def story(peer):
    def invoke(person, function, args, transient=None):
        who = PEOPLE[person]
        return peer.invoke(identity(who.name, who.msp_id, who.role), function, args, transient)

    return Story(invoke)
