"""Commands among themselves: one at a time changes a network, and none needs anybody who reads what it says."""

import os
import subprocess
import sys
import tarfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from totem_network import backups, commands, control, locking, nodes, processes
from totem_network.binaries import Binaries
from totem_network.commands import main
from totem_network.errors import NetworkError
from totem_network.layout import Chaincode, Network

ROOT = Path(__file__).resolve().parents[2]
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
HOLD = """
import sys
from pathlib import Path
from totem_network import locking
with locking.changing(Path(sys.argv[1]), "upgrade"):
    print("held", flush=True)
    sys.stdin.read()
"""
CHANGING = (
    ["up"],
    ["deploy"],
    ["upgrade", "2"],
    ["add-org"],
    ["backup", "b.tgz"],
    ["kill", "orderer1"],
    ["restart", "orderer1"],
    ["down"],
)


@pytest.fixture(autouse=True)
def _own_reservations(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(commands, "_PATIENCE", 0.1)


@pytest.fixture
def network(tmp_path):
    network = Network.plan(tmp_path / "network", version="2.5.16", organisations=2, orderers=1)
    network.is_made = True
    network.save()
    yield network
    if network.folder.exists():
        nodes.stop_all(network, force=True)


@contextmanager
def another_command(folder):
    """Have a process that is changing the network until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT / "network")}


@pytest.mark.parametrize("words", CHANGING, ids=lambda words: words[0])
def test_a_network_that_another_command_is_changing_is_left_alone(network, capsys, monkeypatch, words):
    monkeypatch.setattr("totem_network.binaries.find", lambda version=None: Binaries(network.folder, "2.5.16"))
    before = (network.folder / "network.json").read_text()
    with another_command(network.folder) as other:
        assert main(["--state", str(network.folder), *words]) == 1
        said = capsys.readouterr().err
        assert f"another command (`upgrade`, process {other.pid}) is changing the network in" in said
        assert "wait for it, or end that process" in said
        assert (network.folder / "network.json").read_text() == before


def test_a_command_that_was_killed_keeps_nobody_out(network):
    with another_command(network.folder) as other:
        other.kill()
        other.wait()
        assert main(["--state", str(network.folder), "down"]) == 0
    assert not network.folder.exists()


def test_down_waits_a_little_for_the_other_command(network, monkeypatch):
    monkeypatch.setattr(commands, "_PATIENCE", 30)
    with another_command(network.folder) as other:
        threading.Timer(0.15, other.stdin.close).start()
        began = time.monotonic()
        assert main(["--state", str(network.folder), "down"]) == 0
        assert 0.1 < time.monotonic() - began < 10


def test_who_waited_for_a_network_that_is_deleted_meanwhile_changes_no_other_one(network):
    def delete_while_held():
        with locking.changing(network.folder, "down"):
            held.set()
            time.sleep(0.2)
            control.down(network.folder)

    held = threading.Event()
    thread = threading.Thread(target=delete_while_held)
    thread.start()
    held.wait()
    with (
        pytest.raises(NetworkError, match="was deleted meanwhile"),
        locking.changing(network.folder, "down", patience=10),
    ):
        pytest.fail("it was let in")
    thread.join()


def test_a_folder_with_nothing_but_a_lock_is_as_good_as_an_empty_one(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / locking.LOCK).touch()
    assert Network.plan(folder, version="2.5.16", organisations=1, orderers=1).folder == folder


@pytest.mark.slow
def test_a_command_ends_as_usual_when_nobody_reads_what_it_says(network):
    processes.start(network.node_folder("orderer1"), SLEEP, os.environ)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "totem_network", "--state", network.folder, "down"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment(),
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not network.folder.exists()


def test_a_backup_that_is_broken_off_starts_the_network_again(network, monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(control, "start", lambda network, binaries, steps: started.append(network))

    def interrupted(step):
        raise KeyboardInterrupt

    processes.start(network.node_folder("orderer1"), SLEEP, os.environ)
    with pytest.raises(KeyboardInterrupt):
        backups.backup(network, Binaries(tmp_path, "2.5.16"), tmp_path / "b.tgz", say=interrupted)
    assert started == [network]


def test_a_backup_has_no_lock(network, tmp_path):
    with locking.changing(network.folder, "backup"):
        backups.backup(network, Binaries(tmp_path, "2.5.16"), tmp_path / "b.tgz", say=lambda _: None)
    with tarfile.open(tmp_path / "b.tgz") as tar:
        assert tar.getnames() == ["network", "network/network.json"]


@pytest.mark.parametrize("words", [["deploy"], ["upgrade", "2"], ["add-org"], ["backup", "b.tgz"]], ids=lambda w: w[0])
def test_a_network_that_was_not_made_to_its_end_is_not_changed(network, capsys, words):
    network.is_made = False
    network.save()
    assert main(["--state", str(network.folder), *words]) == 1
    assert "was not made to its end: `network/network up` does it" in capsys.readouterr().err


def test_an_organisation_without_a_package_has_no_server_and_add_org_finishes_it(network, capsys):
    network.chaincode = Chaincode("totem", "1", 1, SLEEP, {"org1": "totem:00"})
    network.save()
    assert network.nodes() == ["orderer1", "peer.org1", "peer.org2", "totem.org1"]
    assert network.unfinished() == network.organisations[1]
    for words in (["deploy"], ["upgrade", "2"], ["backup", "b.tgz"]):
        assert main(["--state", str(network.folder), *words]) == 1
        assert "org2's joining was interrupted: `network/network add-org` finishes it" in capsys.readouterr().err
