"""Peak memory of one process that runs a job: on so many rows, and on ten times as many.

``python -m benchmarks.memory JOB.py DATA.parquet`` runs the job and prints its peak memory in KiB.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.ours import Job, in_this_process

__all__ = ["MEMORY_TARGET", "memory"]

MEMORY_TARGET = 1.2
"""Memory on twenty million rows by that on two million."""


def memory(job: Path, small: Path, large: Path) -> dict[str, Any]:
    """Return the peak memory of both in MiB, each in a process of its own, and their ratio."""
    found = [_peak(job, parquet) / 1024 for parquet in (small, large)]
    return {"peak memory, MiB": {small.name: found[0], large.name: found[1]}, "ratio": found[1] / found[0]}


def _peak(job: Path, parquet: Path) -> int:
    command = [sys.executable, "-m", "benchmarks.memory", str(job), str(parquet)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def main() -> int:
    """Run the job that the command line names."""
    in_this_process(Job(Path(sys.argv[1]), Path(sys.argv[2]))).run()
    # Not getrusage: its peak begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text("utf-8")
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
