"""The processes of one job: started, known by their roles, killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from totem_ccf.engines.local.config import NEEDS, Role, RoleConfig

if TYPE_CHECKING:
    from totem_ccf.engines.local.engine import LocalEngine

__all__ = ["Children"]


class Children:
    """What a job has running.

    Args:
        engine: forks the processes.
        config: what every process of the job is told, with all secrets.
        logs: where their logs go.
        on_exit: told the number and the exit status of each that has ended, from another thread.
    """

    def __init__(
        self, engine: LocalEngine, config: RoleConfig, logs: Path, on_exit: Callable[[int, int], None]
    ) -> None:
        self.logs = logs
        self._engine = engine
        self._config = config
        self._on_exit = on_exit
        self._last = 0
        self._roles: dict[int, Role] = {}
        self._names: dict[int, str] = {}

    def spawn(self, role: Role) -> None:
        """Start a process; they are numbered in the order in which they are started."""
        self.logs.mkdir(exist_ok=True)
        self._last = number = self._last + 1
        known = {name: self._config.secrets[name] for name in NEEDS[role]}
        config = replace(self._config, role=role, number=number, secrets=known)
        log = self.logs / (f"{role}.log" if role != "worker" else f"worker-{number}.log")
        # Its end may be told before its name is known here.
        self._roles[number] = role
        self._names[number] = self._engine.spawn(config, log, lambda status: self._on_exit(number, status))

    def has(self, role: Role) -> bool:
        """Return whether there is a process of the role."""
        return role in self._roles.values()

    def gone(self, number: int) -> Role | None:
        """Note that a process has ended; return its role, None where it is not one of the job's any more."""
        self._names.pop(number, None)
        return self._roles.pop(number, None)

    def kill(self, role: Role) -> None:
        """Kill the processes of a role, if there are any; their ends are still told."""
        for number, its_role in self._roles.items():
            if its_role == role:
                self._engine.processes.kill(self._names[number])

    def kill_worker(self, number: int) -> None:
        """Kill one worker, if it still is there; its end is still told."""
        if self._roles.get(number) == "worker":
            self._engine.processes.kill(self._names[number])

    def drop_workers(self) -> None:
        """Kill all workers and know them no more."""
        self.kill("worker")
        for number in [number for number, role in self._roles.items() if role == "worker"]:
            self.gone(number)

    def kill_all(self) -> None:
        """Kill everything and know nothing any more."""
        for name in self._names.values():
            self._engine.processes.kill(name)
        self._roles.clear()
        self._names.clear()
