"""Fixtures of tests that run networks."""

import pytest

from tests.network.by_command import call


@pytest.fixture
def state(tmp_path):
    """The folder of a network that a test brings up, and that is ended after it."""
    folder = tmp_path / "network"
    yield folder
    if (folder / "network.json").exists():
        call(folder, "down")
