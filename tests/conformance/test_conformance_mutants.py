"""Mutants of the corpus (mutants.py). ``make fuzz`` goes on with new ones for as long as one likes."""

import os
import secrets

import pytest
from mutants import TypedFrame, mutate_and_compare


@pytest.fixture(autouse=True)
def typed_registers(monkeypatch):
    monkeypatch.setattr("totem_sdk.interpreter.walker.Frame", TypedFrame)


@pytest.mark.slow
def test_what_is_accepted_of_mutants_means_what_it_means_in_python(corpus):
    seconds = float(os.environ.get("TOTEM_FUZZ_SECONDS", "15"))
    seed = int(os.environ.get("TOTEM_FUZZ_SEED", secrets.randbits(32)))
    ends = mutate_and_compare(corpus, seed, seconds)
    assert ends["completed"] > ends.total() // 20, ends
