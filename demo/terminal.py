"""The demo's terminal: shows each command as one would type it, runs it for real, shows what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule

__all__ = ["DemoFailed", "Terminal"]

TOTEM = Path(sys.executable).parent / "totem"


class DemoFailed(Exception):
    """A command of the story did not end as the story needs; the message says which and what it printed."""


class Terminal:
    """Runs ``totem`` commands against one consortium and tells the story between them."""

    def __init__(self, home: Path, root: Path) -> None:
        self._console = Console(highlight=False, width=min(120, Console().width))
        self._root = root
        self.environment = {**os.environ, "TOTEM_HOME": str(home), "COLUMNS": str(self._console.width)}

    def title(self, text: str) -> None:
        """Begin the story."""
        self._console.print(Panel(text, border_style="cyan"))

    def act(self, text: str) -> None:
        """Begin an act."""
        self._console.print()
        self._console.print(Rule(f"[bold]{text}", align="left", style="cyan"))

    def say(self, text: str) -> None:
        """Say something about what is seen."""
        self._console.print(f"[dim]{text}")

    def show(self, text: str) -> None:
        """Show text as it is, indented."""
        for line in text.rstrip().splitlines():
            self._console.print(f"  {line}", markup=False, soft_wrap=True)

    def run(self, *words: str | Path, who: str | None = None, status: int = 0) -> str:
        """Show a command, run it, show and return what it printed.

        Raises:
            DemoFailed: it ended with another exit status.
        """
        typed = " ".join(str(word) if " " not in str(word) else f'"{word}"' for word in words)
        self._console.print(f"\n[bold cyan]{who or ''}$[/] [bold]totem {typed}[/]", soft_wrap=True)
        done = self._call(words, who)
        self.show(done.stdout + done.stderr)
        self._check(words, done, status)
        return done.stdout

    def ask(self, *words: str | Path, who: str | None = None, status: int = 0) -> Any:
        """Run a command without showing it and return its ``--json`` document.

        Raises:
            DemoFailed: it ended with another exit status.
        """
        done = self._call([*words, "--json"], who)
        self._check(words, done, status)
        return json.loads(done.stdout)

    def _call(self, words: Sequence[str | Path], who: str | None) -> subprocess.CompletedProcess[str]:
        environment = self.environment if who is None else {**self.environment, "TOTEM_AS": who}
        command = [str(TOTEM), *(str(word) for word in words)]
        return subprocess.run(
            command, cwd=self._root, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    @staticmethod
    def _check(words: Sequence[str | Path], done: subprocess.CompletedProcess[str], status: int) -> None:
        if done.returncode != status:
            typed = " ".join(str(word) for word in words)
            raise DemoFailed(
                f"`totem {typed}` ended with status {done.returncode}, not {status}:\n{done.stdout}{done.stderr}"
            )
