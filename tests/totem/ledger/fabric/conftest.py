"""Sites on the small network."""

from __future__ import annotations

import pytest

from tests.totem.ledger.fabric.small_site import FabricSite
from totem.ledger.fabric import Deadlines


def _close(made: FabricSite) -> None:
    for each in made.opened:
        each.close()


@pytest.fixture
def fabric():
    """A site with two peers, founded."""
    made = FabricSite(peers=2, deadlines=Deadlines(5, 5, 5, 0.2, 5, 5))
    made.story.found()
    yield made
    _close(made)


@pytest.fixture(scope="module")
def lasting():
    """A site that many examples share, founded, with short deadlines."""
    made = FabricSite(deadlines=Deadlines(5, 5, 5, 0.05, 5, 20))
    made.story.found()
    yield made
    _close(made)
