"""Real networks whose commands are broken off half way, or lose who reads them. They need Fabric's binaries."""

import subprocess
import tarfile

import pytest

from tests.network.by_command import COMMAND, call
from totem.ledger.wallet import Wallet
from totem_network import binaries, control, endorse, join, lifecycle, members, server, status
from totem_network.layout import Network

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


def break_off(*_, **__):
    raise KeyboardInterrupt


def refusals(network):
    """Why organisations' peers don't endorse a real transaction of the contracts."""
    consortium = Wallet(network.wallet(network.organisations[0])).get("consortium")
    arguments = [b"participants.found", b'{"table_approval": "all"}']
    return endorse.refusals(network, network.chaincode.name, arguments, identity=consortium)


def stopped(network):
    return [row["node"] for row in status.status(network)["nodes"] if row["process"] is None]


@pytest.mark.parametrize("where", ["join_all", "wait_ready"])
def test_a_network_whose_making_was_broken_off_is_made_anew_as_it_was_planned(state, monkeypatch, where):
    found = binaries.find()
    planned = Network.plan(state, version=found.version, organisations=["north", "south"], orderers=1)
    with monkeypatch.context() as patched:
        patched.setattr(join, where, break_off)
        with pytest.raises(KeyboardInterrupt):
            control.create(planned, found, lambda _: None)
    assert "was not made to its end" in call(state, "deploy", status=1)
    said = call(state, "up")
    assert "it is made anew" in said
    assert "all organisations endorse" in said
    network = Network.load(state)
    assert network.all_ports() == planned.all_ports()
    call(state, "deploy")
    assert refusals(network := Network.load(state)) == {}
    assert stopped(network) == []


def test_a_backup_goes_on_when_nobody_reads_what_it_says(state, tmp_path):
    call(state, "up", "--orderers", "1")
    call(state, "deploy")
    command = [COMMAND, "--state", state, "backup", tmp_path / "b.tgz"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "nodes stopped" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0
    assert stopped(network := Network.load(state)) == []
    assert refusals(network) == {}
    with tarfile.open(tmp_path / "b.tgz") as tar:
        assert "network/network.json" in tar.getnames()


def test_an_organisation_whose_joining_was_broken_off_is_brought_in_by_the_next_call(state, monkeypatch):
    call(state, "up", "--orderers", "1")
    call(state, "deploy")
    programs = control.programs(Network.load(state))
    approve = lifecycle.approve

    def approve_and_break_off(*arguments):
        approve(*arguments)
        raise KeyboardInterrupt

    places = [(join, "join_peer", break_off), (join, "wait_ready", break_off)]
    places += [(lifecycle, "approve", approve_and_break_off), (server, "start", break_off)]
    for module, name, instead in places:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, instead)
            with pytest.raises(KeyboardInterrupt):
                members.add_organisation(Network.load(state), programs, say=lambda _: None)
        network = Network.load(state)
        assert [organisation.name for organisation in network.organisations] == ["org1", "org2", "org3"]
        assert "org3's joining was interrupted: `network/network add-org` finishes it" in call(state, "up", status=1)
    said = call(state, "add-org")
    assert "org3, whose joining was interrupted, goes on with it" in said
    assert stopped(network := Network.load(state)) == []
    assert refusals(network) == {}
    assert "all organisations endorse" in call(state, "up")
    call(state, "upgrade", "2")
    assert refusals(Network.load(state)) == {}


def test_a_first_deployment_that_failed_is_repeated(state):
    call(state, "up", "--orderers", "1")
    assert "totem.org1 has ended" in call(state, "deploy", "--server", "false", status=1)
    assert "totem 1, which was interrupted, is taken back: it was not committed" in call(state, "deploy")
    assert refusals(Network.load(state)) == {}
