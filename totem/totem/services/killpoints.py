"""The points of the provider's server and of publishing at which a test can kill them, as the framework's (``faults``).

``TOTEM_KILL_AT=server:after-accept`` kills the server right after the ledger has committed the acceptance, once for
each folder named by ``TOTEM_KILL_ONCE``. Every place where the server's promises change hands has one.
"""

from __future__ import annotations

from typing import Final

from totem_ccf.faults import kill_point

__all__ = ["JOINT_POINTS", "POINTS", "PUBLISHING_POINTS", "SEALING_POINTS", "pass_point", "pass_publishing_point"]

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

SEALING_POINTS: Final = ("server:before-seal-record", "server:before-put", "server:after-put")
"""Points that only a server passes that seals what it delivers, before the job's end."""

JOINT_POINTS: Final = (
    "server:before-duty",
    "server:after-duty",
    "server:after-fetch",
    "server:before-dry",
    "server:after-dry",
)
"""Points that only servers with parts of joint jobs pass: around a transaction that concerns all parts, after what the
others have delivered is fetched, and around telling that a slice is used up.
"""

PUBLISHING_POINTS: Final = ("publish:before-commit", "publish:after-commit")
"""Every point of ``totem provider publish``: what is published is kept at home by then, and before or on the ledger."""


def pass_point(point: str) -> None:
    """Die here if the environment says so: no handler runs, nothing is flushed, as in a power cut."""
    kill_point(point, (*POINTS, *SEALING_POINTS, *JOINT_POINTS))


def pass_publishing_point(point: str) -> None:
    """Die here as ``pass_point`` does, while publishing."""
    kill_point(point, PUBLISHING_POINTS)
