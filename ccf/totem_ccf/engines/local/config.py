"""What a process of a job is told when it is forked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Role", "RoleConfig"]

Role = Literal["compiler", "manager", "master", "worker"]


@dataclass(frozen=True)
class RoleConfig:
    """What a process is told when it is forked.

    ``number`` counts the processes of a role; ``sockets`` is the directory of the job's Unix sockets and of its
    compiled kernel; ``secret`` authenticates both; ``memory`` limits a worker's data in bytes (0: no limit).
    """

    role: Role
    number: int
    directory: str
    sockets: str
    secret: str
    memory: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as a JSON object."""
        return asdict(self)

    def address(self, name: str) -> str:
        """Return the address of the job's ``host``, ``manager`` or ``master``."""
        return f"unix:{self.sockets}/{name}.sock"
