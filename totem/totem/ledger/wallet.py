"""Wallet: a folder of identities, one file each, in the form that Fabric's wallets have."""

from __future__ import annotations

import json
import re
from pathlib import Path

from totem.ledger.errors import IdentityProblem, NameTaken
from totem.ledger.files import read_text, write_private
from totem.ledger.identities import Identity

__all__ = ["Wallet"]

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Wallet:
    """Identities by label in ``folder`` (mode 0700, files 0600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def put(self, label: str, identity: Identity, *, replace: bool = False) -> Path:
        """Keep an identity under a label; return its file.

        An earlier one of the same participant is replaced (a renewed certificate), another participant's only where
        ``replace``: its key is then lost.

        Raises:
            NameTaken: the label is another participant's.
        """
        if not replace:
            self.check(label, identity.id)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        document = {
            "credentials": {"certificate": identity.certificate, "privateKey": identity.key_pem()},
            "mspId": identity.msp_id,
            "type": "X.509",
            "version": 1,
        }
        path = self._path(label)
        write_private(path, f"{json.dumps(document, indent=2)}\n".encode())
        return path

    def check(self, label: str, participant: str) -> None:
        """Check that a label is free for a participant (``name@msp``), or has its identity already.

        Raises:
            NameTaken: the label is another participant's.
            IdentityProblem: it is no label, or what it has can't be read.
        """
        if self._path(label).exists() and (there := self.get(label).id) != participant:
            raise NameTaken(f"{self.folder} has {there} under the name {label!r}: it is not replaced by {participant}")

    def get(self, label: str) -> Identity:
        """Return the identity of a label.

        Raises:
            IdentityProblem: there is none, or its file can't be used.
        """
        path = self._path(label)
        if not path.exists():
            known = ", ".join(self.labels()) or "none"
            raise IdentityProblem(f"{self.folder} has no identity {label!r} (it has: {known})")
        try:
            document = json.loads(read_text(path))
            credentials = document["credentials"]
            certificate, key, msp_id = credentials["certificate"], credentials["privateKey"], document["mspId"]
        except (ValueError, KeyError, TypeError):
            raise IdentityProblem(f"{path}: not a wallet file (credentials, mspId, type, version)") from None
        return Identity.from_pem(certificate, key, msp_id)

    def labels(self) -> list[str]:
        """Return all labels, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.id"))

    def remove(self, label: str) -> None:
        """Delete an identity.

        Raises:
            IdentityProblem: there is none.
        """
        path = self._path(label)
        if not path.exists():
            raise IdentityProblem(f"{self.folder} has no identity {label!r}")
        path.unlink()

    def _path(self, label: str) -> Path:
        if not _LABEL.fullmatch(label):
            raise IdentityProblem(f"{label!r} is no label: 1 to 64 letters, digits, '.', '_' or '-'")
        return self.folder / f"{label}.id"
