"""What is told of a job while it is followed: its states and settled phases, those of a joint job for each part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from totem.cli.common import when
from totem.cli.output import show
from totem_chaincode.job_states import ENDED, is_data_part, is_joint

__all__ = ["Followed", "part_name", "providers_text", "why_ended"]


def part_name(part: dict[str, Any], parts: Iterable[dict[str, Any]]) -> str:
    """Return what a part of a joint job is called: its provider, and that it combines.

    The organisation is left out where none of the job's ``parts`` is of a provider of the same name.
    """
    provider = str(part["provider"])
    short = provider.partition("@")[0]
    is_shared = any(other["provider"] != provider and other["provider"].startswith(f"{short}@") for other in parts)
    name = provider if is_shared else short
    return name if is_data_part(part) else f"{name} (combining)"


def providers_text(job: dict[str, Any]) -> str:
    """Return the providers of a job on one line; of a joint one in short, with who combines."""
    if not is_joint(job):
        return str(job["provider"])
    parts = [{"provider": provider, "part": "data"} for provider in job["parties"]]
    names = [part_name(part, parts) for part in parts]
    return ", ".join(
        f"{name} (combining)" if provider == job["provider"] else name
        for name, provider in zip(names, job["parties"], strict=True)
    )


def why_ended(part: dict[str, Any]) -> str:
    """Return why a part has ended without its result, as far as its record tells."""
    if part["state"] == "expired" and not part["reason"]:
        return "it has not accepted in time" if part["accepted_at"] is None else "it has not delivered in time"
    return str(part["reason"])


class Followed:
    """One job that is followed; remembers what has been told of it. ``states`` are told already, by job."""

    def __init__(self, states: Mapping[str, str] | None = None) -> None:
        self._phases: dict[str, int] = {}
        self._states: dict[str, str] = dict(states or {})
        self._awaited: list[str] = []

    def news(self, job: dict[str, Any]) -> Iterator[str]:
        """Yield a line for everything that is new in a job's record, the parts of a joint one first."""
        parts = job.get("parts", ())
        for part in parts:
            name = part_name(part, parts)
            yield from (f"{name}: {text}" for text in self._settled(part))
            if self._is_new(part) and part["state"] != "submitted":
                yield f"{name} is {part['state']}{_of(part)}"
        yield from self._waits(parts)
        yield from self._settled(job)
        if self._is_new(job):
            yield f"{job['job_id']} is {job['state']}"

    def _settled(self, job: dict[str, Any]) -> Iterator[str]:
        told = self._phases.get(job["job_id"], 0)
        self._phases[job["job_id"]] = len(job["settled"])
        for phase in job["settled"][told:]:
            yield f"step {phase['step']} {phase['phase']}: {show(phase['charge'])} totem, {show(phase['left'])} left"

    def _waits(self, parts: Sequence[dict[str, Any]]) -> Iterator[str]:
        """Say, once, for which data parts that have not begun the others wait, and until when."""
        data = [part for part in parts if is_data_part(part)]
        late = [part for part in data if part["state"] == "submitted"]
        names = [part_name(part, parts) for part in late]
        begun = [part for part in data if part["state"] != "submitted"]
        if late and begun and names != self._awaited and all(part["state"] in ENDED for part in begun):
            self._awaited = names
            yield f"waiting for {', '.join(names)} until {when(late[0]['deadline'])}"

    def _is_new(self, job: dict[str, Any]) -> bool:
        # A part that waits for the pool is running, but nothing happens in it.
        state = f"{job['state']} dry" if job.get("dry") else str(job["state"])
        is_new = self._states.get(job["job_id"]) != state
        self._states[job["job_id"]] = state
        return is_new


def _of(part: dict[str, Any]) -> str:
    """Say what about a part's state is worth more than the word."""
    if part["state"] == "running" and part["dry"]:
        return f": its slice of {show(part['slice'])} totem is used up, it waits for what others leave"
    if part["state"] == "running":
        rows = f" on {show(part['data']['rows'])} rows" if is_data_part(part) else ""
        return f"{rows}, with {show(part['slice'])} totem"
    reason = why_ended(part)
    return f": {reason}" if reason else ""
