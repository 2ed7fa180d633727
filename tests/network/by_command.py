"""`network/network` as people call it, in a process of its own."""

import subprocess
from pathlib import Path

COMMAND = Path(__file__).resolve().parents[2] / "network" / "network"


def call(state: Path, *arguments: object, status: int = 0) -> str:
    """Call it for the network in a folder, expecting an exit status; return what it printed."""
    words = [str(word) for word in (COMMAND, "--state", state, *arguments)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr
