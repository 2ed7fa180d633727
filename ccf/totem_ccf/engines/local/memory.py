"""The memory that a worker may have: what it really uses is watched, what it only reserves is not counted.

The operating system's own limits count address space. WebAssembly, Arrow and gRPC reserve much of that and use little
(the memory of a kernel with texts begins with 600 MiB, of which a small job touches a few), so a limit near to what a
worker needs would keep it from starting. So a thread looks at the pages that the process has of its own, and ends it
when they are too many; the operating system's limit stands behind it, with room for what is reserved.
"""

from __future__ import annotations

import logging
import os
import resource
import threading
import time
from pathlib import Path

from totem_ccf.mapreduce.statuses import NO_MEMORY

__all__ = ["LEAST_BYTES", "RESERVED_BYTES", "limit_memory", "private_bytes", "spill_limit"]

LEAST_BYTES = 256 << 20
"""Less than this a worker needs for itself."""

RESERVED_BYTES = 6 << 30
"""Address space that may be reserved beyond what may be used."""

WATCH_SECONDS = 0.05

_log = logging.getLogger("totem.worker")


def private_bytes() -> int:
    """Return the bytes of memory that this process has of its own (no files, nothing that is only reserved)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) << 10
    raise OSError("/proc/self/status says nothing of RssAnon")


def limit_memory(limit: int) -> None:
    """Have this process end with ``NO_MEMORY`` when it uses more than ``limit`` bytes."""
    hard = limit + RESERVED_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    threading.Thread(target=_watch, args=(limit,), name="totem-memory", daemon=True).start()


def spill_limit(memory_limit: int, worker_memory: int) -> int:
    """Return the bytes of emits that a worker keeps before it writes them: sorting them takes several times as much."""
    return memory_limit if worker_memory == 0 else min(memory_limit, worker_memory // 16)


def _watch(limit: int) -> None:
    while True:
        used = private_bytes()
        if used > limit:
            _log.critical("%d MiB of memory are used, a worker may have %d MiB: it ends", used >> 20, limit >> 20)
            os._exit(NO_MEMORY)
        time.sleep(WATCH_SECONDS)
