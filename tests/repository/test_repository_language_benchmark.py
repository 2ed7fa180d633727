"""The benchmarks of the language at a small size: equal answers, and records with their targets."""

import sys
from pathlib import Path

import pytest

from benchmarks import language
from benchmarks.measure import Record
from benchmarks.memory import memory
from benchmarks.run import PYTHON_TARGET, _target

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "peak_hour_minutes.py"


@pytest.mark.slow
def test_words_and_loops_give_what_python_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(language, "TURNS", 1)
    lines = tmp_path / "lines.txt"
    lines.write_text("It's a dog's life\nA DOG, a naïve life\n\n" * 20, encoding="utf-8")
    words, metered = language.regex_words(lines, 50, tmp_path)
    assert (words.rows, words.peer, metered.peer) == (50, "mrjob inline", "kernel without charges")
    monkeypatch.setattr(language, "ROUNDS", 1000)
    monkeypatch.setattr(language, "LOOP", language.LOOP.replace("20000000", "1000"))
    assert [record.peer for record in language.float_loop()] == ["CPython", "kernel without charges"]
    assert _target(words) == PYTHON_TARGET


@pytest.mark.slow
def test_a_compile_is_held_against_its_target(monkeypatch):
    monkeypatch.setattr(language, "TURNS", 1)
    record = language.warm_compile()
    assert isinstance(record, Record)
    assert 190 <= record.rows <= 210
    assert record.ratio == pytest.approx(record.seconds / 0.05)
    assert _target(record) == 1.0


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from Linux's /proc")
def test_commands_of_their_own_are_measured(monkeypatch):
    monkeypatch.setattr(language, "TURNS", 1)
    minutes = ROOT / ".data" / "minutes.parquet"
    assert language.cold_run(EXAMPLE, minutes).rows == 1000
    found = memory(EXAMPLE, minutes, minutes)
    assert found["ratio"] == pytest.approx(1.0, abs=0.2)
