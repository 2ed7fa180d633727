"""The commands as processes, and a consortium in a folder for them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOTEM = Path(sys.executable).parent / "totem"
ROOT = Path(__file__).parents[3]


class Command:
    """Runs ``totem`` in a home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words, who=None, environment=None, timeout=120):
        """Run a command and return what it did."""
        env = {**os.environ, "TOTEM_HOME": str(self.home), "NO_COLOR": "1", **(environment or {})}
        env.pop("TOTEM_AS", None)
        if who is not None:
            env["TOTEM_AS"] = who
        command = [str(TOTEM), *(str(word) for word in words)]
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=timeout, check=False)

    def ask(self, *words, status=0, **options):
        """Run a command with --json and return its document."""
        done = self(*words, "--json", **options)
        assert done.returncode == status, done.stdout + done.stderr
        lines = done.stdout.splitlines()
        assert len(lines) == 1, done.stdout
        return json.loads(lines[0])


@pytest.fixture(scope="session")
def command():
    """Make a command of a home folder."""
    return Command


@pytest.fixture
def totem(tmp_path) -> Command:
    """The command in a home folder of the test's own, which is empty at first."""
    return Command(tmp_path / "home")


@pytest.fixture
def examples() -> Path:
    """The folder of the example jobs."""
    return ROOT / "examples"
