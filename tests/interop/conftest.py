"""Fabric's JavaScript packages, and networks of two organisations."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.interop.npm import NpmMissing, node_folder

NETWORK = Path(__file__).resolve().parents[2] / "network" / "network"


@pytest.fixture(scope="session")
def node():
    """The folder with the packages; without them the test does not run."""
    try:
        return node_folder()
    except NpmMissing as error:
        pytest.skip(f"needs Fabric's JavaScript packages: {error}")


@pytest.fixture(scope="module")
def bring_up(tmp_path_factory):
    """Bring up a network of two organisations with a chaincode; it is taken down at the end."""
    states = []

    def call(state, *arguments):
        done = subprocess.run([NETWORK, "--state", state, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def up(*deploy):
        state = tmp_path_factory.mktemp("interop") / "network"
        states.append(state)
        call(state, "up", "--orgs", "2", "--orderers", "1")
        call(state, "deploy", *deploy)
        return state

    yield up
    for state in states:
        if (state / "network.json").exists():
            call(state, "down")
