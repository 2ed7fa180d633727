"""Where the ``totem`` command begins: interrupts are taken over before anything large is imported."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from totem.interrupts import begin_end, held, ignore, install
from totem_ccf.without_pandas import hide_pandas

__all__ = ["main", "process_began"]

_LAST_STANDARD = 2
_began: float | None = None


def main() -> int:
    """Run the command line of this process; returns the exit status."""
    global _began  # noqa: PLW0603  # a process begins once
    _began = _start_of_process()
    if not _has_stdout():
        return 2
    install()
    # gRPC writes to standard error by itself what every call's answer says too: failed handshakes, ended connections.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    hide_pandas()
    with held():
        from totem.cli.main import app  # noqa: PLC0415  # takes a while

        status: int = app(standalone_mode=False)
        begin_end()
        ignore()
    return status


def process_began() -> float:
    """Return when this command began (``time.monotonic``): its process, or now where it is called within another."""
    return time.monotonic() if _began is None else _began


def _has_stdout() -> bool:
    """Open standard files that are closed (``2>&-``) to nowhere; where it is standard output, say so instead.

    Otherwise the next file that is opened, a ledger for example, would get the number of one of them.
    """
    has_stdout = sys.stdout is not None
    while (number := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # as long as the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # as long as the process
    if not has_stdout:
        sys.stderr.write("error: standard output is closed; to see nothing of it, send it to /dev/null\n")
    return has_stdout


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
