"""``totem`` processes on real Fabric nodes: ``totem dev --ledger fabric``, ``totem serve``, and networks for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.commands.conftest import Command

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 240
"""Machines that run other tests beside need longer than the ten seconds that a start takes."""


def network(state: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command of the test network."""
    path = os.pathsep.join(filter(None, (str(ROOT / "network"), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, "-m", "totem_network", "--state", str(state), *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        timeout=START_SECONDS,
        check=check,
    )


@contextmanager
def remove_at_the_end(state: Path) -> Iterator[None]:
    """End a network's nodes whatever happens, and give its ports back."""
    try:
        yield
    finally:
        if (state / "network.json").exists():
            network(state, "down")


class Process:
    """A ``totem`` process that says in one JSON line that it is up, and is ended by Ctrl-C."""

    def __init__(self, home: Path, log: Path, *words: object) -> None:
        self.totem = Command(home)
        self.log = log
        with log.open("a") as stream:
            self.process = subprocess.Popen(
                [str(Command.PROGRAM), *(str(word) for word in words), "--port", "0", "--workers", "1", "--json"],
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env=self.totem.environment(),
            )
        line = self.process.stdout.readline()
        assert line, f"it does not come up:\n{log.read_text()}"
        self.started = json.loads(line)

    def end(self) -> str:
        """End it as Ctrl-C does; returns its log."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(START_SECONDS)
        self.process.stdout.close()
        log = self.log.read_text()
        assert status == 0, log
        return log


@contextmanager
def totem_dev(home: Path, log: Path) -> Iterator[Process]:
    """Run ``totem dev --ledger fabric``; what it logs must be nobody's secret."""
    with remove_at_the_end(home / "network"):
        process = Process(home, log, "dev", "--ledger", "fabric", "--dir", home)
        try:
            yield process
        finally:
            if process.process.poll() is None:
                written = process.end()
                assert process.started["token"] not in written
                assert "PRIVATE KEY" not in written
