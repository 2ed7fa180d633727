"""The table of how near estimates come: bounds hold on real rows, and its document is about what is measured."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from benchmarks.estimates import Outcome, main, outcomes, report

ROOT = Path(__file__).parents[2]
DATA = ROOT / ".data"
DONE = Outcome("a", "homes", "completed", 100, 50, 110, 200)


def test_an_outcome_says_whether_its_bounds_held():
    assert DONE.holds
    assert DONE.error == pytest.approx(0.1)
    assert not Outcome("a", "homes", "completed", 100, 101, 110, None).holds
    assert not Outcome("a", "homes", "failed", 100, 0, 0, 99).holds
    # A run that ended early cost less than one that completes.
    assert Outcome("a", "homes", "failed", 100, 101, 110, None).holds


def test_the_report_counts_what_completed():
    lines = list(report([DONE, Outcome("b", "homes", "failed", 1, 5, 6, None)]))
    assert lines[0].startswith("* Runs that completed: 1; the bounds held in 2 of all 2")
    assert lines[-1] == "| a | homes | 100 | 50 | 110 | 200 | 10.0% |"


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "homes.parquet").exists(), reason="needs the data sets (make data)")
def test_on_real_rows_the_bounds_hold_and_half_of_what_is_expected_is_near(tmp_path):
    found = list(outcomes(DATA, 60))
    assert len(found) > 80
    assert all(one.holds for one in found)
    assert statistics.median(one.error for one in found if one.state == "completed") <= 0.1

    document = tmp_path / "estimates.md"
    document.write_text("# Title\n\n<!-- measured -->\n\nold\n")
    words = ["--rows", "30", "--only", "peak_hour", "--data", str(DATA), "--write", str(document)]
    assert main(words) == 0
    text = document.read_text()
    assert text.startswith("# Title\n\n<!-- measured -->\n\n* Runs")
    assert "| peak_hour | homes |" in text
    assert "old" not in text
