"""The commands as processes, and a consortium in a folder for them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from totem.cli.main import app

TOTEM = Path(sys.executable).parent / "totem"
ROOT = Path(__file__).parents[3]


class Command:
    """Runs ``totem`` in a home folder: in this process (``ask``, ``tell``) or as a process of its own (``start``)."""

    PROGRAM = TOTEM

    def __init__(self, home: Path) -> None:
        self.home = home

    def environment(self, who=None, **more):
        """Return the environment of a command that acts as ``who``."""
        found = {**os.environ, "TOTEM_HOME": str(self.home), "NO_COLOR": "1", **more}
        found.pop("TOTEM_AS", None)
        return found if who is None else {**found, "TOTEM_AS": who}

    def start(self, *words, who=None, timeout=120, **environment):
        """Run a command as a process and return what it did."""
        command = [str(TOTEM), *(str(word) for word in words)]
        env = self.environment(who, **environment)
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=timeout, check=False)

    def tell(self, *words, who=None):
        """Run a command in this process and return what it did."""
        env = {"TOTEM_HOME": str(self.home), "TOTEM_AS": who}
        return CliRunner().invoke(app, [str(word) for word in words], env=env)

    def ask(self, *words, status=0, who=None):
        """Run a command with --json in this process and return its document."""
        done = self.tell(*words, "--json", who=who)
        assert done.exit_code == status, done.output
        assert done.stdout.count("\n") == 1, done.stdout
        return json.loads(done.stdout)


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
