"""Named points of the protocol at which a test can kill the process, and the only list of the framework's.

``TOTEM_KILL_AT=point`` kills the first process that reaches the point (several points stand with commas between them),
once for each directory named by ``TOTEM_KILL_ONCE`` (a marker file there tells that it has happened). Without the
variable, passing a point costs one look-up. The kill is SIGKILL: no handler, no flush, as when the machine takes the
process away.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection
from pathlib import Path

__all__ = ["KILL_AT", "KILL_ONCE", "PART_POINTS", "POINTS", "kill_point"]

KILL_AT = "TOTEM_KILL_AT"
KILL_ONCE = "TOTEM_KILL_ONCE"

POINTS: tuple[str, ...] = (
    "manager:before-start-log",
    "manager:after-start-log",
    "manager:before-lease-log",
    "manager:after-lease-log",
    "manager:before-end-log",
    "manager:after-end-log",
    "manager:before-close-log",
    "manager:before-settle",
    "manager:after-settle",
    "manager:after-settled-log",
    "master:after-open",
    "master:after-assign",
    "master:before-close",
    "master:before-result",
    "master:before-end",
    "master:after-end",
    "worker:map-begin",
    "worker:map-lease",
    "worker:combine",
    "worker:shuffle",
    "worker:map-written",
    "worker:map-finished",
    "worker:reduce-begin",
    "worker:reduce-read",
    "worker:reduce-lease",
    "worker:reduce-written",
    "worker:reduce-finished",
    "host:before-settle",
    "host:after-settle",
    "host:after-end",
)
"""``process:moment``. Each is passed by a job with a map, a combiner and a reduce phase that completes on the kernel.

(The interpreter combines by itself: it passes all but ``worker:combine``.)
"""

PART_POINTS: tuple[str, ...] = (
    "master:after-partials",
    "manager:before-more",
    "manager:after-more",
    "manager:before-more-log",
    "manager:after-more-log",
    "host:before-more",
    "host:after-more",
)
"""Those that only a part of a job over several providers passes: the first where it combines, the others where it asks
for more totem of the pool.
"""

_ALL = (*POINTS, *PART_POINTS)


def kill_point(point: str, points: Collection[str] = _ALL) -> None:
    """Kill this process if the environment names ``point`` and it has not happened yet.

    ``points`` are all of the caller's component: the framework's own unless it is another one.

    Raises:
        ValueError: the point is not among them.
    """
    if point not in points:
        raise ValueError(f"{point!r} is not a kill point; add it to the list of them")
    if point not in os.environ.get(KILL_AT, "").split(","):
        return
    try:
        (Path(os.environ[KILL_ONCE]) / point.replace(":", "-")).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
