"""The documentation of the transactions, made from the registry.

``python -m totem_chaincode.describe docs/contracts.md`` rewrites the part between the two markers; a test fails where
document and registry differ.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import totem_chaincode.contracts  # noqa: F401 -- fills the registry
from totem_chaincode.arguments import Fields, Optional
from totem_chaincode.registry import REGISTRY, Transaction

__all__ = ["BEGIN", "CONTRACTS", "END", "embed", "markdown"]

CONTRACTS = ("participants", "accounts", "tables", "datasets", "access", "jobs", "joint", "results", "consortium")
"""The order in which the document has them."""

BEGIN = "<!-- transactions: begin (made by python -m totem_chaincode.describe) -->"
END = "<!-- transactions: end -->"


def markdown() -> str:
    """Return one section a contract with its transactions: who, arguments, transient data, effect, event, errors."""
    sections = []
    for contract in CONTRACTS:
        rows = "\n\n".join(_entry(item) for name, item in REGISTRY.items() if name.startswith(f"{contract}."))
        sections.append(f"### {contract}\n\n{rows}")
    return "\n\n".join(sections)


def embed(document: str) -> str:
    """Return a document with the part between the markers replaced by ``markdown()``.

    Raises:
        ValueError: the document has no markers.
    """
    before, marker, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not marker or not end:
        raise ValueError(f"the document has no lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{markdown()}\n\n{END}{after}"


def _entry(declared: Transaction) -> str:
    lines = [
        f"**`{declared.name}`**{' (read-only)' if declared.read_only else ''} — {declared.effect}",
        f"- who: {declared.who.describe()}",
        *_fields("arguments", declared.arguments),
        *_fields("transient", declared.transient),
    ]
    if declared.event:
        lines.append(f"- event: `{declared.event}`")
    if declared.errors:
        lines.append(f"- errors: {', '.join(f'`{code}`' for code in declared.errors)}")
    return "\n".join([lines[0], "", *lines[1:]])


def _fields(title: str, fields: Fields) -> Iterable[str]:
    if not fields:
        return
    texts = [
        f"`{name}{'?' if isinstance(field, Optional) else ''}` ({field.describe()})" for name, field in fields.items()
    ]
    yield f"- {title}: {', '.join(texts)}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(embed(path.read_text(encoding="utf-8")), encoding="utf-8")
