"""Tapes: conversations with real Fabric nodes, kept as one compressed text file each.

A tape begins with what it is about (one JSON object), then has one JSON object a line. Bytes stand in it as
hexadecimal, which compresses nearly as well as the bytes themselves and can be read with ``xz -dc``.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).with_name("recorded")
OUTCOMES = FOLDER / "outcomes.json"
"""What the session comes to, with every version of Fabric."""


@dataclass
class Tape:
    """What was recorded; ``about`` says of whom and when, ``entries`` are in the order in which they came."""

    about: dict
    entries: list[dict] = field(default_factory=list)

    def write(self, path: Path) -> None:
        lines = [json.dumps(each, sort_keys=True) for each in (self.about, *self.entries)]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))

    @classmethod
    def read(cls, path: Path) -> Tape:
        about, *entries = map(json.loads, lzma.decompress(path.read_bytes()).decode().split("\n"))
        return cls(about, entries)


def recorded(kind: str) -> list[Path]:
    """Return the tapes of a kind: "chaincode" or "gateway", one for each version of Fabric."""
    return sorted(FOLDER.glob(f"{kind}-*.tape.xz"))


def expected_outcomes() -> list:
    return json.loads(OUTCOMES.read_text())
