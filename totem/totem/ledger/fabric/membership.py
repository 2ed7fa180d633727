"""A folder's place on a Fabric network: which organisations' identities it has, and how their peers are reached.

``fabric.json`` in the folder::

    {"organisations": {"NorthMSP": {"profile": "/etc/totem/north.json",
                                    "ca_certificate": "ca.pem", "ca_key": "ca-key.pem"}}}

Paths are relative to the folder. The CA is only where its key is kept beside: who certifies elsewhere leaves it out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem.ledger.errors import LedgerUnavailable
from totem.ledger.files import write_private

__all__ = ["FILE", "Membership", "Organisation"]

FILE = "fabric.json"
"""What makes a folder one on Fabric."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation with identities here: its MSP id, connection profile and, where it is here, its CA."""

    msp_id: str
    profile: Path
    ca_certificate: Path | None = None
    ca_key: Path | None = None

    @property
    def certifies(self) -> bool:
        """Whether its CA is here."""
        return self.ca_certificate is not None and self.ca_key is not None


@dataclass(frozen=True, slots=True)
class Membership:
    """The organisations of a folder by MSP id."""

    organisations: Mapping[str, Organisation]

    @classmethod
    def of(cls, organisations: Iterable[Organisation]) -> Membership:
        """Make it of organisations."""
        return cls({organisation.msp_id: organisation for organisation in organisations})

    def with_(self, organisation: Organisation) -> Membership:
        """Return this with one more organisation, or with newer files of one."""
        return Membership({**self.organisations, organisation.msp_id: organisation})

    def organisation(self, msp_id: str) -> Organisation:
        """Return an organisation.

        Raises:
            LedgerUnavailable: the folder knows none of this id.
        """
        try:
            return self.organisations[msp_id]
        except KeyError:
            known = ", ".join(self.organisations) or "none"
            raise LedgerUnavailable(
                f"no connection profile for the organisation {msp_id} (there is: {known}): `totem admin join` takes one"
            ) from None

    @classmethod
    def load(cls, folder: Path) -> Membership:
        """Read a folder's.

        Raises:
            LedgerUnavailable: it has none, or it can't be read.
        """
        path = folder / FILE
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            found = {
                msp_id: Organisation(msp_id, **{name: folder / file for name, file in files.items()})
                for msp_id, files in document["organisations"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerUnavailable(f"{path} can't be read: {type(error).__name__}: {error}") from None
        return cls(found)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        document: dict[str, Any] = {}
        for organisation in self.organisations.values():
            files = {
                "profile": organisation.profile,
                "ca_certificate": organisation.ca_certificate,
                "ca_key": organisation.ca_key,
            }
            document[organisation.msp_id] = {
                name: _relative(file, folder) for name, file in files.items() if file is not None
            }
        text = json.dumps({"organisations": document}, indent=2)
        write_private(folder / FILE, f"{text}\n".encode())


def _relative(file: Path, folder: Path) -> str:
    """Return a path that stays right when the folder is moved together with what is in it."""
    absolute = file.absolute()
    inside = absolute.is_relative_to(folder.absolute())
    return str(absolute.relative_to(folder.absolute()) if inside else absolute)
