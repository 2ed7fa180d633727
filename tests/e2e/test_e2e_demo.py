"""`make demo` tells its story to the end, and what it says is true."""

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told():
    subprocess.run([sys.executable, str(ROOT / "scripts" / "fetch_data.py"), "homes"], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "demo.story"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def figures(told):
    return json.loads((ROOT / "build" / "demo" / "summary.json").read_text())


def test_the_answer_is_what_the_data_say(figures):
    question = """
        SELECT hour("at") AS hour, sum(kwh) AS total FROM read_parquet(?) WHERE kwh > 0 GROUP BY hour
        ORDER BY total DESC LIMIT 1
    """
    hour, kwh = duckdb.execute(question, [str(ROOT / ".data" / "homes.parquet")]).fetchone()
    assert figures["completed"]["peak_hour"] == hour
    assert figures["completed"]["peak_kwh"] == pytest.approx(kwh, rel=1e-12)
    assert figures["completed"]["groups"] == 24


def test_the_books_balance(figures):
    bill = sum(row["totem"] for row in figures["bill"])
    completed, halted, estimate = figures["completed"], figures["halted"], figures["estimate"]
    assert completed["state"] == "completed"
    assert bill == completed["used"] == completed["paid"]
    assert estimate["lower"] <= bill <= estimate["upper"]
    assert halted["state"] == "out_of_totem"
    for job in (completed, halted):
        assert job["paid"] + job["returned"] == job["escrow"]
    assert halted["paid"] < completed["paid"]


def test_three_utilities_answer_what_one_with_all_data_does(figures):
    together, alone = figures["together"], figures["completed"]
    assert (together["state"], together["missing"]) == ("completed", [])
    assert (together["peak_hour"], together["peak_kwh"]) == (alone["peak_hour"], alone["peak_kwh"])
    assert together["paid"] == sum(part["paid"] for part in together["parts"])


def test_with_one_of_three_gone_the_others_answer_and_are_paid(figures):
    found = figures["two_of_three"]
    assert (found["state"], found["missing"]) == ("completed", ["east@EastMSP"])
    assert [(part["state"], part["paid"] > 0) for part in found["parts"]] == [
        ("completed", True),
        ("completed", True),
        ("expired", False),
        ("completed", True),
    ]
    question = """
        SELECT hour("at") AS hour, sum(kwh) AS total FROM read_parquet(?) WHERE kwh > 0 AND home <= 12 GROUP BY hour
        ORDER BY total DESC LIMIT 1
    """
    hour, kwh = duckdb.execute(question, [str(ROOT / ".data" / "homes.parquet")]).fetchone()
    assert found["peak_hour"] == hour
    assert found["peak_kwh"] == pytest.approx(kwh, rel=1e-12)
    assert found["paid"] + found["returned"] == found["escrow"]


def test_the_ledger_is_in_order_and_holds_no_cell(figures):
    assert figures["ledger"]["ok"]
    assert figures["search"]["cells"] > 100_000
    assert figures["search"]["cells_on_ledger"] == 0


def test_the_bad_job_is_refused_with_reasons(told):
    for reason in ("[forbidden]", "[dunder]", "[lambda]"):
        assert reason in told


def test_no_heading_is_cut_at_80_columns(told):
    headings = [line for line in told.splitlines() if re.match(r"\d+\. ", line)]
    assert len(headings) == 10
    assert not any("…" in line for line in headings)


def test_the_readme_shows_what_the_demo_prints(told):
    readme = (ROOT / "README.md").read_text("utf-8")
    excerpt = readme[readme.index("`make demo` prints") : readme.index("and writes its figures")]
    printed = " ".join(told.split())
    pieces = [piece for line in excerpt.splitlines()[1:] for piece in line.split("…") if piece.strip()]
    assert len(pieces) > 15
    for piece in pieces:
        assert " ".join(piece.split()) in printed
