"""What is made of a deployment or upgrade that failed or was interrupted, with peers whose answers are given."""

import os
import sys

import pytest

from totem_network import endorse, lifecycle, metrics, nodes, ports, processes, server
from totem_network.binaries import Binaries
from totem_network.errors import NetworkError
from totem_network.layout import Chaincode, Network
from totem_network.progress import Steps

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def _own_reservations(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A network of two organisations with a first version that runs and a second one that is coming; 7 blocks."""
    network = Network.plan(tmp_path / "network", version="2.5.16", organisations=2, orderers=1)
    network.chaincode = Chaincode("totem", "1", 1, SLEEP, {"org1": "totem:00", "org2": "totem:01"})
    own = dict(zip(("org1", "org2"), ports.reserve(network.folder, 2), strict=True))
    network.coming = Chaincode("totem", "2", 2, SLEEP, {"org1": "totem:02", "org2": "totem:03"}, own)
    network.save()
    for node in ("peer.org1", "peer.org2", *network.servers()):
        processes.start(network.node_folder(node), SLEEP, os.environ)
    have(monkeypatch, network, {})
    yield network
    nodes.stop_all(network, force=True)


def have(monkeypatch, network, blocks):
    """Let the orderer have seven blocks, and peers as many unless ``blocks`` says otherwise (a list: one by one)."""
    peers = {organisation.operations_port: organisation.name for organisation in network.organisations}

    def read(port):
        if port not in peers:
            return {("consensus_etcdraft_committed_block_number", 'channel="totem"'): 6.0}
        told = blocks.get(peers[port], [7])
        return {("ledger_blockchain_height", 'channel="totem"'): float(told.pop(0) if len(told) > 1 else told[0])}

    monkeypatch.setattr(metrics, "read", read)


def defined(monkeypatch, sequences):
    """Let each organisation's peer have the definition of this number."""
    monkeypatch.setattr(lifecycle, "_sequence", lambda network, organisation, name: sequences[organisation.name])


def running(network):
    return [node for node in network.servers() if processes.pid(network.node_folder(node))]


def test_a_committed_version_that_does_not_answer_takes_its_place_so_that_another_can_replace_it(network, monkeypatch):
    defined(monkeypatch, {"org1": 2, "org2": 2})
    monkeypatch.setattr(endorse, "refusals", lambda *_: pytest.fail("nobody has to answer"))
    processes.stop(network.node_folder("totem.org1.2"), force=True)
    said = []
    lifecycle.settle(network, Steps(said.append))
    assert said[-1].endswith("totem 2, which was interrupted, is ended")
    network = Network.load(network.folder)
    assert (network.chaincode.version, network.coming) == ("2", None)
    assert running(network) == ["totem.org2"]


def test_what_was_not_committed_is_taken_back_with_its_ports(network, monkeypatch):
    defined(monkeypatch, {"org1": 1, "org2": 1})
    own = set(network.coming.ports.values())
    said = []
    lifecycle.settle(network, Steps(said.append))
    assert said[-1].endswith("totem 2, which was interrupted, is taken back: it was not committed")
    assert Network.load(network.folder).coming is None
    assert running(network) == ["totem.org1", "totem.org2"]
    assert own.isdisjoint(reserved(network))


def test_peers_that_lag_are_waited_for_before_it_is_said_that_nothing_was_committed(network, monkeypatch):
    told = {"org1": [5, 5, 7], "org2": [6, 7]}
    have(monkeypatch, network, told)
    monkeypatch.setattr(lifecycle, "_sequence", lambda *_: 2 if all(len(each) == 1 for each in told.values()) else 1)
    lifecycle.settle(network, Steps(lambda _: None))
    assert network.chaincode.version == "2"


def test_a_peer_that_does_not_run_is_named_instead_of_waited_for(network, monkeypatch):
    have(monkeypatch, network, {"org2": [0]})
    processes.stop(network.node_folder("peer.org2"), force=True)
    with pytest.raises(NetworkError, match=r"peer\.org2 has ended"):
        lifecycle.settle(network, Steps(lambda _: None))
    assert network.coming is not None


def test_a_server_that_has_ended_is_called_as_commands_call_it(network, monkeypatch):
    defined(monkeypatch, {"org1": 2, "org2": 2})
    lifecycle.settle(network, Steps(lambda _: None))
    monkeypatch.setattr(endorse, "refusals", lambda *_: {"org1": "error in simulation: no answer"})
    processes.stop(network.node_folder("totem.org1"), force=True)
    with pytest.raises(NetworkError, match=r"^totem\.org1 has ended"):
        lifecycle.wait_answering(network)
    with pytest.raises(NetworkError, match=r"^totem\.org2 runs already"):
        server.start(network, network.organisations[1], network.chaincode)


def test_an_upgrade_gets_the_number_after_the_highest_and_gives_its_ports_back_where_it_fails(
    network, monkeypatch, tmp_path
):
    defined(monkeypatch, {"org1": 4, "org2": 5})
    network.coming = None
    planned = []

    def install(network, binaries, organisation, chaincode):
        planned.append(chaincode)
        raise NetworkError("no room")

    monkeypatch.setattr(lifecycle, "install", install)
    before = network.all_ports()
    with pytest.raises(NetworkError, match="no room"):
        lifecycle.upgrade(network, Binaries(tmp_path, "2.5.16"), "3", None, say=lambda _: None)
    assert planned[0].sequence == 6
    assert set(planned[0].ports.values()).isdisjoint(before)
    assert sorted(reserved(network)) == sorted(before)


def reserved(network):
    """The ports that nobody else gets."""
    with ports._reservations() as taken:
        return list(taken[str(network.folder)])
