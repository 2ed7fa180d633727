"""The lines of network/README.md that lead from the first node to the first result, run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.fabric.running import ROOT, START_SECONDS, remove_at_the_end

pytestmark = [pytest.mark.fabric, pytest.mark.slow]

LINES = re.compile(r"## TOTEM on it.*?```bash\n(.*?)```", re.DOTALL)
SAID = (
    "consumer@CityMSP  consumer  not enrolled",
    "`totem admin enrol consumer@CityMSP --role consumer`",
    "consumer@CityMSP is enrolled as consumer",
    "1,000,000 totem issued to consumer@CityMSP",
    "bills version 1 is published",
    "access to bills is granted",
    "is completed",
    "2    400.0",
    "total         1,920",
)


def test_the_documented_lines_lead_to_a_result(tmp_path):
    (lines,) = LINES.findall((ROOT / "network" / "README.md").read_text())
    state, places = tmp_path / "network", tmp_path / "places"
    for documented, here in (
        ("$PWD/.venv/bin", str(Path(sys.executable).parent)),
        ("network/network ", f"network/network --state {state} "),
        ("build/network", str(state)),
        ("build/places", str(places)),
        ("--port 8081", "--port 0"),
    ):
        assert documented in lines
        lines = lines.replace(documented, here)
    with remove_at_the_end(state):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{lines}"],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("TOTEM_")},
            capture_output=True,
            text=True,
            timeout=2 * START_SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    for text in SAID:
        assert text in done.stdout + done.stderr, text
    assert "provider's server stopped" in done.stderr
    assert not state.exists()
    assert not places.exists()
