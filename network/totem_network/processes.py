"""Nodes as processes: started in the background, found again by a file with process id and start time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from totem_network.errors import NetworkError

__all__ = ["last_lines", "log", "pid", "start", "stop"]

_POLL = 0.02


def start(folder: Path, command: Sequence[str], environment: Mapping[str, str], *, name: str | None = None) -> int:
    """Start a node whose files are in ``folder``; return its process id. Its output is added to its log.

    ``name`` is what errors call it; its folder's unless it is given.

    Raises:
        NetworkError: it runs already, or can't be started.
    """
    running = pid(folder)
    if running is not None:
        raise NetworkError(f"{name or folder.name} runs already (process {running})")
    folder.mkdir(parents=True, exist_ok=True)
    with log(folder).open("ab") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # an interrupt in the terminal is for the command, not for the nodes
            )
        except OSError as error:
            raise NetworkError(f"{name or folder.name} can't be started: {error}") from None
    _file(folder).write_text(f"{process.pid} {_started(process.pid)}\n")
    return process.pid


def pid(folder: Path) -> int | None:
    """Return the process id of a node that runs, or None. A later process of the same number is not taken for it."""
    try:
        number, started = _file(folder).read_text().split(maxsplit=1)
    except (FileNotFoundError, ValueError):
        return None
    return int(number) if _started(int(number)) == started.strip() != "" else None


def stop(folder: Path, *, name: str | None = None, force: bool = False, patience: float = 10.0) -> bool:
    """End a node: ask it to, and after ``patience`` seconds (or at once with ``force``) kill it.

    Returns whether it ran. When this returns, the process is gone. ``name`` is what errors call it, as in ``start``.

    Raises:
        NetworkError: it can't be ended.
    """
    running = pid(folder)
    if running is not None:
        for sign, seconds in (
            ((signal.SIGKILL, 10.0),) if force else ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0))
        ):
            _send(running, sign)
            if _gone(folder, seconds):
                break
        else:
            raise NetworkError(f"{name or folder.name} (process {running}) does not end, not even when killed")
    _file(folder).unlink(missing_ok=True)
    return running is not None


def log(folder: Path) -> Path:
    """Return a node's log."""
    return folder / "log"


def last_lines(folder: Path, lines: int) -> str:
    """Return the last lines of a node's log."""
    path = log(folder)
    text = path.read_text(errors="replace") if path.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def _file(folder: Path) -> Path:
    return folder / "pid"


def _gone(folder: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while pid(folder) is not None:
        if time.monotonic() > end:
            return False
        time.sleep(_POLL)
    return True


def _send(number: int, sign: signal.Signals) -> None:
    try:
        os.kill(number, sign)
    except ProcessLookupError:
        return


def _started(number: int) -> str:
    """Return when a process started, in whatever words the system has for it; empty where it has ended."""
    status = Path(f"/proc/{number}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name of the program, in parentheses, may itself hold spaces and parentheses.
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] in {"Z", "X"} else fields[19]
    done = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(number)], capture_output=True, text=True, check=False
    )
    state, _, started = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()
