"""What a process of a job is told when it is forked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["NEEDS", "Role", "RoleConfig", "make_secrets"]

Role = Literal["compiler", "manager", "master", "worker"]

NEEDS: dict[Role, tuple[str, ...]] = {
    "compiler": ("kernel",),
    "manager": ("lead", "host"),
    "master": ("work", "lead", "host"),
    "worker": ("work", "kernel"),
}
"""Which of a job's secrets each role gets: those of the services that it serves or calls, and the kernel's key."""


@dataclass(frozen=True)
class RoleConfig:
    """What a process is told when it is forked, no more than it needs.

    ``number`` counts the processes of a role; ``sockets`` is the directory of the job's Unix sockets and of its
    compiled kernel; ``secrets`` are those that the role needs, by name (``NEEDS``); ``memory`` limits a worker's data
    in bytes (0: no limit).
    """

    role: Role
    number: int
    directory: str
    sockets: str
    secrets: Mapping[str, str]
    memory: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as a JSON object."""
        return asdict(self)

    def address(self, name: str) -> str:
        """Return the address of the job's ``host``, ``manager`` or ``master``."""
        return f"unix:{self.sockets}/{name}.sock"


def make_secrets() -> dict[str, str]:
    """Return new secrets for a job, by name."""
    return {name: secrets.token_hex(32) for name in ("work", "lead", "host", "kernel")}
