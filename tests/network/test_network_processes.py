"""Nodes as processes: found again, ended, and never confused with another process."""

import os
import subprocess
import sys
import time

import pytest

from totem_network import processes
from totem_network.errors import NetworkError

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def node(tmp_path):
    folder = tmp_path / "node"
    yield folder
    processes.stop(folder, force=True)


def test_a_node_is_started_found_and_ended(node):
    number = processes.start(node, [sys.executable, "-c", "import time; time.sleep(60)"], os.environ)
    assert processes.pid(node) == number
    with pytest.raises(NetworkError, match="runs already"):
        processes.start(node, ["true"], os.environ)
    assert processes.stop(node) is True
    assert processes.pid(node) is None
    assert processes.stop(node) is False


def test_a_node_that_does_not_end_when_asked_is_killed(node):
    processes.start(node, [sys.executable, "-c", STUBBORN], os.environ)
    while "deaf" not in processes.last_lines(node, 1):
        time.sleep(0.01)
    assert processes.stop(node, patience=0.1) is True
    assert processes.pid(node) is None


def test_another_process_of_the_same_number_is_left_alone(node):
    node.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        (node / "pid").write_text(f"{other.pid} 1\n")
        assert processes.pid(node) is None
        assert processes.stop(node) is False
        assert other.poll() is None
        other.kill()


def test_what_it_says_is_in_its_log_over_restarts(node):
    for word in ("first", "second"):
        processes.start(node, [sys.executable, "-c", f"print('{word}')"], os.environ)
        while processes.pid(node) is not None:
            time.sleep(0.01)
    assert processes.last_lines(node, 5) == "first\nsecond"
    assert processes.last_lines(node, 1) == "second"


def test_a_program_that_is_not_there_is_named(node):
    with pytest.raises(NetworkError, match=r"node can't be started: .*nowhere"):
        processes.start(node, ["/nowhere/peer"], os.environ)
