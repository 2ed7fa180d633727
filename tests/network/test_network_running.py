"""Real networks: up, faults, down, and two at once. They need Fabric's binaries."""

import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.network.by_command import call
from totem.ledger.wallet import Wallet
from totem.services.fabric_network import FabricNetwork
from totem_network import binaries, endorse, join, metrics, nodes, ports, status
from totem_network.layout import Network

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def height(network):
    return metrics.channel_height(
        metrics.read(network.organisations[0].operations_port), network.channel, orderer=False
    )


@pytest.mark.sample
def test_a_network_comes_up_with_the_contracts_and_leaves_nothing(state):
    said = call(state, "up", "--orgs", "2", "--orderers", "3")
    assert "all organisations endorse" in said
    said = call(state, "deploy")
    assert [step for step in ("installed", "approved", "servers started", "committed") if step not in said] == []
    network = Network.load(state)
    rows = status.status(network)["nodes"]
    assert [row["node"] for row in rows if row["process"] is None] == []
    assert len(rows) == 3 + 2 + 2
    assert [row.get("leader") for row in rows].count(True) == 1
    assert _founding_refusals(network) == {}
    before = {row["process"] for row in rows}

    call(state, "down")
    assert not state.exists()
    assert [pid for pid in before if Path(f"/proc/{pid}").exists() and "Z" not in _state(pid)] == []
    assert [port for port in network.all_ports() if not ports.is_free(port)] == []


def test_the_channel_goes_on_without_its_leader_and_takes_it_back(state):
    call(state, "up", "--orgs", "2")
    network = Network.load(state)
    leader = join.leader(network)
    call(state, "kill", leader)
    assert f"{leader} does not run" in call(state, "kill", leader, status=1)
    assert re.search(rf"{leader} +stopped", call(state, "status", status=1))
    others = {each.name: network.node_folder(each.name) for each in network.orderers if each.name != leader}
    nodes.wait_until(lambda: "" if join.leader(network) else "no leader", timeout=15, node_folders=others)
    call(state, "deploy")  # orders transactions of every organisation
    call(state, "restart", leader)
    nodes.wait_until(lambda: _behind(network), timeout=15)
    assert all(row["process"] for row in status.status(network)["nodes"])


def test_a_peer_that_was_killed_catches_up(state):
    call(state, "up", "--orgs", "2")
    call(state, "deploy")
    network = Network.load(state)
    call(state, "kill", "peer.org2")
    assert set(_founding_refusals(network)) == {"org2"}
    call(state, "restart", "peer.org2")
    join.wait_ready(network, timeout=30)
    nodes.wait_until(lambda: ", ".join(_founding_refusals(network).values()), timeout=30)


def test_everything_stops_and_starts_again_with_its_state(state):
    call(state, "up", "--orgs", "2", "--orderers", "1")
    call(state, "deploy")
    network = Network.load(state)
    blocks = height(network)
    call(state, "down", "--keep")
    assert not any(listening(port) for port in network.all_ports())
    assert "has a network of 2 organisations" in call(state, "up", "--orgs", "3", status=1)
    call(state, "up")
    assert height(network) == blocks > 1
    nodes.wait_until(lambda: ", ".join(_founding_refusals(network).values()), timeout=30)


def test_an_upgrade_replaces_every_organisations_server(state):
    call(state, "up", "--orgs", "2", "--orderers", "1")
    call(state, "deploy")
    first = Network.load(state).chaincode
    assert "is deployed" in call(state, "deploy", status=1)
    call(state, "upgrade", "2")
    network = Network.load(state)
    assert (network.chaincode.version, network.chaincode.sequence) == ("2", 2)
    assert set(network.chaincode.packages.values()).isdisjoint(first.packages.values())
    assert _founding_refusals(network) == {}


def test_an_organisation_joins_a_running_consortium(state):
    call(state, "up", "--orgs", "2", "--orderers", "1")
    call(state, "deploy")
    said = call(state, "add-org")
    assert [step for step in ("keys of org3", "peer joined", "totem 1 installed") if step not in said] == []
    assert said.endswith("org3 (Org3MSP) is one of 3 organisations that endorse\n")
    network = Network.load(state)
    assert _founding_refusals(network) == {}
    assert [row["knows"] for row in status.status(network)["nodes"] if "knows" in row] == [2, 2, 2]
    call(state, "upgrade", "2")  # needs the newcomer's approval, or the majority's


def test_a_backup_brings_everything_back(state, tmp_path):
    call(state, "up", "--orgs", "2", "--orderers", "1")
    call(state, "deploy")
    network = Network.load(state)
    blocks = height(network)
    archive = tmp_path / "backup.tar.gz"
    said = call(state, "backup", archive)
    assert [step for step in ("5 nodes stopped", "archive written", "5 nodes started") if step not in said] == []
    assert archive.stat().st_mode & 0o077 == 0
    assert _founding_refusals(network) == {}  # it runs on
    assert "has a network" in call(state, "restore", archive, status=1)
    call(state, "upgrade", "2")
    call(state, "down")
    assert "archive unpacked" in call(state, "restore", archive)
    assert Network.load(state) == network
    assert height(network) == blocks
    assert _founding_refusals(network) == {}


def test_two_networks_at_once_do_not_collide(tmp_path):
    states = [tmp_path / "a", tmp_path / "b"]
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda state: call(state, "up", "--orderers", "1"), states))
        networks = [Network.load(state) for state in states]
        taken = [port for network in networks for port in network.all_ports()]
        assert len(set(taken)) == len(taken)
        call(states[0], "down")
        assert all(row["process"] for row in status.status(networks[1])["nodes"])
        assert endorse.refusals(networks[1], "qscc", [b"GetChainInfo", b"totem"]) == {}
    finally:
        for state in states:
            if (state / "network.json").exists():
                call(state, "down")


def test_development_is_told_each_step_as_it_is_done(state):
    told = []
    network = FabricNetwork(state)
    network.start(["north", "south"], say=lambda step: told.append((time.monotonic(), step)))
    order = ["keys and channel", "nodes joined", "servers started", "committed", "answers through all peers"]
    at = [next(moment for moment, step in told if step.endswith(each)) for each in order]
    assert at == sorted(at)
    assert at[-1] - at[0] > 1


def test_a_client_with_a_quota_is_known_to_the_peers(state):
    call(state, "up", "--orgs", "2", "--orderers", "1")
    call(state, "enrol", "org2", "paul", "consumer", "--attribute", "quota=7")
    network = Network.load(state)
    paul = Wallet(network.wallet(network.organisations[1])).get("paul")
    assert endorse.refusals(network, "qscc", [b"GetChainInfo", b"totem"], identity=paul) == {}


def test_a_version_that_is_not_there_is_refused(state):
    other = "3.1" if binaries.find().minor == "2.5" else "2.5"
    assert f"not {other}" in call(state, "up", "--version", other, status=1)
    assert not state.exists()


def _founding_refusals(network):
    """Why organisations don't endorse a real transaction of the contracts (which is not submitted)."""
    consortium = Wallet(network.wallet(network.organisations[0])).get("consortium")
    arguments = [b"participants.found", json.dumps({"table_approval": "all"}).encode()]
    return endorse.refusals(network, network.chaincode.name, arguments, identity=consortium)


def _behind(network):
    heights = {row["height"] for row in status.status(network)["nodes"] if "height" in row}
    return "" if len(heights) == 1 else f"heights {heights}"


def _state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
