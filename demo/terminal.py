"""The demo's terminal: shows each command as one would type it, runs it for real, shows what it prints."""

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
from rich.syntax import Syntax
from rich.text import Text

__all__ = ["TOTEM", "DemoFailed", "Terminal"]

TOTEM = Path(sys.executable).parent / "totem"


class DemoFailed(Exception):
    """A command of the story did not end as the story needs; the message says which and what it printed."""


class Terminal:
    """Runs ``totem`` commands against the consortium in one home folder, and tells the story between them."""

    def __init__(self, home: Path, root: Path) -> None:
        self._console = Console(highlight=False)
        self._root = root
        self.environment = {**os.environ, "TOTEM_HOME": str(home)}

    def title(self, text: str) -> None:
        """Begin the story."""
        self._console.print(Panel(text, border_style="cyan"))

    def act(self, text: str) -> None:
        """Begin an act."""
        self._console.print()
        self._console.print(Rule(Text(text, style="bold"), align="left", style="cyan"))

    def say(self, text: str) -> None:
        """Say something about what is seen."""
        self._console.print(Text(text, style="green"))

    def show(self, text: str) -> None:
        """Show lines as they are, indented."""
        for line in text.rstrip().splitlines():
            self._console.print(Text(f"  {line}"), soft_wrap=True)

    def source(self, file: Path) -> None:
        """Show a job's source with line numbers."""
        self._console.print(Syntax(file.read_text("utf-8"), "python", line_numbers=True, theme="ansi_dark"))

    def run(self, *words: str | Path, who: str, status: int = 0, last: int | None = None) -> None:
        """Show a command, run it, show what it prints as it comes; with ``last`` only so many lines of it, at its end.

        Raises:
            DemoFailed: it ended with another exit status.
        """
        typed = " ".join(str(word) if " " not in str(word) else f'"{word}"' for word in words)
        self._console.print()
        self._console.print(Text.assemble((f"{who} $ ", "cyan"), (f"totem {typed}", "bold")), soft_wrap=True)
        lines = []
        with subprocess.Popen(
            self._command(words),
            cwd=self._root,
            env=self._environment_of(who),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or ():
                lines.append(line)
                if last is None:
                    self.show(line)
        if last is not None:
            self.show("".join(lines[-last:]))
        self._check(words, process.returncode, "".join(lines), status)

    def ask(self, *words: str | Path, who: str) -> Any:
        """Run a command without showing it and return its ``--json`` document.

        Raises:
            DemoFailed: it did not succeed.
        """
        done = subprocess.run(
            self._command([*words, "--json"]),
            cwd=self._root,
            env=self._environment_of(who),
            capture_output=True,
            text=True,
            check=False,
        )
        self._check(words, done.returncode, done.stdout + done.stderr, 0)
        return json.loads(done.stdout)

    @staticmethod
    def _command(words: Sequence[str | Path]) -> list[str]:
        return [str(TOTEM), *(str(word) for word in words)]

    def _environment_of(self, who: str) -> dict[str, str]:
        return {**self.environment, "TOTEM_AS": who}

    @staticmethod
    def _check(words: Sequence[str | Path], ended: int, printed: str, status: int) -> None:
        if ended != status:
            typed = " ".join(str(word) for word in words)
            raise DemoFailed(f"`totem {typed}` ended with status {ended}, not {status}:\n{printed}")
