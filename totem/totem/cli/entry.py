"""Where the ``totem`` command begins: interrupts are taken over before anything large is imported."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from totem.interrupts import begin_end, held, ignore, install

__all__ = ["main", "process_began"]

_began: float | None = None


def main() -> int:
    """Run the command line of this process; returns the exit status."""
    global _began  # noqa: PLW0603  # a process begins once
    _began = _start_of_process()
    install()
    with held():
        from totem.cli.main import app  # noqa: PLC0415  # takes a while

        status: int = app(standalone_mode=False)
        begin_end()
        ignore()
    return status


def process_began() -> float:
    """Return when this command began (``time.monotonic``): its process, or now where it is called within another."""
    return time.monotonic() if _began is None else _began


def _start_of_process() -> float:
    """Return when the kernel started this process, so that starting Python counts; now, where it does not tell."""
    now = time.monotonic()
    try:
        # After the command's name in parentheses, field 22 of the whole is the start in ticks since the machine's.
        ticks = int(Path("/proc/self/stat").read_text("utf-8").rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return now
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return now - age if 0 <= age < 3_600 else now


if __name__ == "__main__":
    sys.exit(main())
