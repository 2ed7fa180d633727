"""`make demo LEDGER=fabric` tells the story of the embedded ledger, with the same figures."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT = 1_200

pytestmark = [pytest.mark.fabric, pytest.mark.slow]


def tell(ledger):
    """Tell the story on a ledger; return its figures and what was printed."""
    done = subprocess.run(
        [sys.executable, "-m", "demo.story", "--ledger", ledger],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr
    folder = {"embedded": "demo", "fabric": "demo-fabric"}[ledger]
    return json.loads((ROOT / "build" / folder / "summary.json").read_text()), done.stdout


def without_ids_and_times(figures):
    """Return the figures that must not depend on the ledger: not ids, hashes, seconds, numbers of blocks and files.

    A provider that joins later is of the organisation that enrols it on Fabric, and of one of its own otherwise.
    """
    kept = {name: value for name, value in figures.items() if name not in {"seconds", "ledger", "search"}}
    text = re.sub(r"@\w+MSP", "", json.dumps(kept))
    return json.loads(text, object_hook=lambda item: {name: item[name] for name in item if name != "job_id"})


@pytest.fixture(scope="module")
def told():
    subprocess.run([sys.executable, str(ROOT / "scripts" / "fetch_data.py"), "homes"], check=True)
    return {ledger: tell(ledger) for ledger in ("embedded", "fabric")}


def test_the_figures_are_those_of_the_embedded_ledger(told):
    (embedded, _), (fabric, _) = told["embedded"], told["fabric"]
    assert without_ids_and_times(fabric) == without_ids_and_times(embedded)
    assert fabric["completed"]["state"] == "completed"
    assert fabric["halted"]["state"] == "out_of_totem"
    assert fabric["ledger"]["ok"]


def test_no_cell_is_in_any_node_s_files(told):
    (embedded, _), (fabric, printed) = told["embedded"], told["fabric"]
    assert fabric["search"]["cells"] == embedded["search"]["cells"] > 100_000
    assert fabric["search"]["cells_on_ledger"] == 0
    assert fabric["search"]["bytes"] > 10 * embedded["search"]["bytes"]  # every node has its blocks and state
    assert "a Fabric network" in printed
