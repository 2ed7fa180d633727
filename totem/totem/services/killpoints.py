"""The points of the provider's server at which a test can kill it with SIGKILL.

The variables are those of ``totem_ccf.faults``: ``TOTEM_KILL_AT=server:after-accept`` kills the server right after the
ledger has committed the acceptance, once for each folder named by ``TOTEM_KILL_ONCE``. Without the variable a point
costs one look into the environment. Every place where the server's promises change hands has one.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

from totem_ccf.faults import KILL_AT, KILL_ONCE
from totem_sdk.errors import InternalError

__all__ = ["POINTS", "pass_point"]

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
"""Every point, in the order of the protocol; a job that completes passes all of them."""


def pass_point(point: str) -> None:
    """Die here if the environment says so: no handler runs, nothing is flushed, as in a power cut."""
    if point not in POINTS:
        raise InternalError(f"{point!r} is no kill point of the server")
    if os.environ.get(KILL_AT) != point:
        return
    try:
        (Path(os.environ[KILL_ONCE]) / point.replace(":", "-")).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
