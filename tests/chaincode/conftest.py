"""Fixtures for the contracts: an in-memory ledger with toy programs, and a story that drives it."""

from __future__ import annotations

import pytest

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.testing import PEOPLE, MemoryLedger, Story, ToyEvaluator, creator


@pytest.fixture
def memory() -> MemoryLedger:
    return MemoryLedger(Chaincode(ToyEvaluator()))


@pytest.fixture
def story(memory: MemoryLedger) -> Story:
    def invoke(person, function, args, transient=None):
        who = PEOPLE[person]
        return memory.invoke(creator(who.name, who.msp_id, who.role), function, args, transient)

    return Story(invoke)
