"""What a command does when nobody reads its output any more, or when it can't be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOTEM = Path(sys.executable).parent / "totem"
PAPER1 = Path(__file__).parents[3] / "examples" / "paper1"
RUN = [
    "run",
    PAPER1 / "total_bill.py",
    PAPER1 / "bills.csv",
    "--schema",
    PAPER1 / "schema.json",
    "--table",
    "paper-2019",
    "--totem",
    "198",
    "--interpreter",
    "--workers",
    "1",
]
COMMANDS = {
    "help": ["--help"],
    "a short answer": ["admin", "participants"],
    "a long answer": ["ledger", "show", "1"],
    "a document": ["ledger", "show", "1", "--json"],
    "an error's document": ["job", "status", "job-nonsense", "--json"],
    "a run": RUN,
    "a run's document": [*RUN, "--json"],
}
# Each is a process of its own: one is enough for every day.
CASES = [
    pytest.param(name, unbuffered, marks=() if (name, unbuffered) == ("a short answer", "") else pytest.mark.slow)
    for name in COMMANDS
    for unbuffered in ("", "1")
]


def start(home, name, stdout, unbuffered):
    words = [str(TOTEM), *(str(word) for word in COMMANDS[name])]
    env = {**os.environ, "TOTEM_HOME": str(home.root), "TOTEM_AS": "alice", "PYTHONUNBUFFERED": unbuffered}
    return subprocess.Popen(words, stdout=stdout, stderr=subprocess.PIPE, text=True, env=env)


@pytest.mark.parametrize(("name", "unbuffered"), CASES)
def test_a_reader_that_goes_away_is_no_error(home, name, unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    process = start(home, name, writing, unbuffered)
    os.close(writing)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 141
    assert "Traceback" not in told
    assert "internal error" not in told


@pytest.mark.parametrize(("name", "unbuffered"), CASES)
def test_an_output_that_is_full_is_said_so(home, name, unbuffered):
    with Path("/dev/full").open("w") as full:
        process = start(home, name, full, unbuffered)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert told.endswith("error: standard output: No space left on device\n")
    assert "Traceback" not in told
