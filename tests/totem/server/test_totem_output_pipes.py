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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(("name", "unbuffered"), CASES)
def test_an_output_that_is_full_is_said_so(home, name, unbuffered):
    with Path("/dev/full").open("w") as full:
        process = start(home, name, full, unbuffered)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert told.endswith("error: standard output: No space left on device\n")
    assert "Traceback" not in told


def run_closed(home, name, number):
    command = ["/bin/sh", "-c", f'exec "$@" {number}>&-', "sh", str(TOTEM), *(str(word) for word in COMMANDS[name])]
    env = {**os.environ, "TOTEM_HOME": str(home.root), "TOTEM_AS": "alice"}
    return subprocess.run(
        command, check=False, capture_output=True, stdin=subprocess.DEVNULL, text=True, env=env, timeout=60
    )


@pytest.mark.parametrize("name", ["a short answer", pytest.param("a run's document", marks=pytest.mark.slow)])
def test_an_output_that_is_closed_is_said_so(home, name):
    done = run_closed(home, name, 1)
    assert done.returncode == 2
    assert done.stderr == "error: standard output is closed; to see nothing of it, send it to /dev/null\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("name", ["a short answer", pytest.param("a run", marks=pytest.mark.slow)])
def test_closed_input_and_errors_do_not_matter(home, name, number):
    done = run_closed(home, name, number)
    assert done.returncode == 0
    assert done.stdout
    assert "Traceback" not in done.stderr
