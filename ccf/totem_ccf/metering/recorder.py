"""A record of messages between host, master, manager, updaters and workers, for tests and for looking closely.

Each process writes its own file, one JSON object a line: ``at`` (nanoseconds of the clock that all processes of a
machine share), ``from``, ``to``, ``message`` and what the message carried. No cell's value is ever in a message.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Protocol

__all__ = ["FileRecorder", "NoRecorder", "Recorder", "read_records"]


class Recorder(Protocol):
    """Takes note of messages."""

    def __call__(self, sender: str, receiver: str, message: str, **carried: Any) -> None:
        """Take note of a message."""
        ...


class NoRecorder:
    """Takes no note."""

    def __call__(self, sender: str, receiver: str, message: str, **carried: Any) -> None:
        """Do nothing."""


class FileRecorder:
    """Appends to a file of its own."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def __call__(self, sender: str, receiver: str, message: str, **carried: Any) -> None:
        """Write one line."""
        at = time.monotonic_ns()
        record = {"at": at, "from": sender, "to": receiver, "message": message, **carried}
        self._file.write(json.dumps(record) + "\n")


def read_records(directory: Path) -> list[dict[str, Any]]:
    """Return the messages of all processes (``trace-*.jsonl``) in the order in which they were noted."""
    records = [json.loads(line) for path in directory.glob("trace-*.jsonl") for line in path.open(encoding="utf-8")]
    return sorted(records, key=lambda record: int(record["at"]))
