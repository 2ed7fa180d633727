"""Places at which a test kills the process with SIGKILL, named by ``TOTEM_KILL_AT``.

``TOTEM_KILL_AT=server:after-settle:1`` kills the provider's server right after the ledger has committed the
settlement of phase 1. Without the variable a point costs one look into the environment. Every place where the
server's promises change hands has one; ``POINTS`` lists them, so that a test can go through all.
"""

from __future__ import annotations

import os
import signal
from typing import Final

__all__ = ["POINTS", "VARIABLE", "pass_point"]

VARIABLE: Final = "TOTEM_KILL_AT"

POINTS: Final = (
    "server:before-accept",
    "server:after-accept",
    "server:before-check",
    "server:after-check",
    "server:before-settle",
    "server:after-settle",
    "server:after-run",
    "server:before-end",
    "server:after-end",
)
"""Every point of the provider's server in protocol order; settle points may be followed by ``:PHASE``."""


def pass_point(point: str, phase: int | None = None) -> None:
    """Die here if the environment says so: no handler runs, nothing is flushed, as in a power cut."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    if wanted == point or (phase is not None and wanted == f"{point}:{phase}"):
        os.kill(os.getpid(), signal.SIGKILL)
