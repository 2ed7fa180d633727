"""Mutants of the corpus and jobs about None (mutants.py); ``make fuzz`` goes on for as long as one likes."""

import os
import secrets

import pytest
from mutants import TypedFrame, mutate_and_compare


@pytest.fixture(autouse=True)
def typed_registers(monkeypatch):
    monkeypatch.setattr("totem_sdk.interpreter.walker.Frame", TypedFrame)


@pytest.mark.slow
def test_what_is_accepted_of_mutants_means_what_it_means_in_python(corpus):
    seconds = os.environ.get("TOTEM_FUZZ_SECONDS")
    # The same programs every time, but new ones for somebody who asks for more.
    seed = os.environ.get("TOTEM_FUZZ_SEED", "1" if seconds is None else str(secrets.randbits(32)))
    ends = mutate_and_compare(corpus, int(seed), float(seconds or 8))
    assert ends["completed"] > ends.total() // 20, ends
