"""Transactions of which it is not known whether they are committed: their envelopes, kept until it is.

One file each, for its owner's eyes only; no transient data are in it. Whoever makes the same call again settles the
earlier one first, and makes no second transaction where that is committed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem.ledger.errors import FateUnknown
from totem.ledger.files import write_private

__all__ = ["Kept", "UnknownFates"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A transaction whose fate is not known: whose, which function, since when (milliseconds since 1970)."""

    path: Path
    participant: str
    function: str
    tx_id: str
    since: int
    envelope: bytes


class UnknownFates:
    """The kept transactions in a folder, which is made when there is one to be kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, participant: str, function: str, arguments: Mapping[str, Any], unknown: FateUnknown) -> Kept:
        """Keep what is needed to find out later; return it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{_call(participant, function, arguments)}-{unknown.tx_id}.json"
        kept = Kept(path, participant, function, unknown.tx_id, time.time_ns() // 1_000_000, unknown.envelope)
        document = {
            "participant": participant,
            "function": function,
            "tx_id": unknown.tx_id,
            "since": kept.since,
            "envelope": base64.b64encode(unknown.envelope).decode(),
        }
        write_private(path, json.dumps(document).encode())
        return kept

    def of_call(self, participant: str, function: str, arguments: Mapping[str, Any]) -> Kept | None:
        """Return the earliest kept one of the same call, if there is one."""
        if not self.folder.exists():
            return None
        return next(iter(self._found(f"{_call(participant, function, arguments)}-*.json")), None)

    def all(self) -> list[Kept]:
        """Return all that are kept, the earliest first."""
        return self._found("*.json")

    def forget(self, kept: Kept) -> None:
        """Remove one whose fate is known."""
        kept.path.unlink(missing_ok=True)

    def _found(self, pattern: str) -> list[Kept]:
        found = []
        for path in self.folder.glob(pattern):
            if path.name.startswith("."):
                continue  # one that is being written
            try:
                document = json.loads(path.read_text("utf-8"))
            except FileNotFoundError:
                continue  # settled by another process meanwhile
            document["envelope"] = base64.b64decode(document["envelope"])
            found.append(Kept(path=path, **document))
        return sorted(found, key=lambda kept: kept.since)


def _call(participant: str, function: str, arguments: Mapping[str, Any]) -> str:
    """Return what tells one call from others: in whose name, which function, with which arguments."""
    text = json.dumps([participant, function, arguments], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
