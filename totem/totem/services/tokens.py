"""Bearer tokens of the REST API: each stands for one identity of this server's wallet.

A token is 256 random bits, shown once when it is made. What is kept is its sha256 with the name of the identity, so
whoever reads the file can't call the API with it. Tokens act with their own identity's certificate; there is no token
that may do everything.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from totem.ledger.files import write_private
from totem.services.errors import BadInput, Missing

__all__ = ["PREFIX", "Token", "TokenStore"]

PREFIX = "totem_"
_MAX_LIFE = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: its id (the first digits of its hash), identity, label and times (seconds, UTC)."""

    token_id: str
    identity: str
    label: str
    created: int
    expires: int

    def to_json(self) -> dict[str, Any]:
        """Return the token's description; the token itself is not in it."""
        return {
            "token_id": self.token_id,
            "identity": self.identity,
            "label": self.label,
            "created": self.created,
            "expires": self.expires,
        }


class TokenStore:
    """The tokens in one file of mode 0600, safe for several processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cached: tuple[tuple[int, int, int], dict[str, dict[str, Any]]] | None = None

    def issue(self, identity: str, label: str = "", life: int = 90 * 86_400) -> tuple[str, Token]:
        """Make a token for ``identity`` that is valid for ``life`` seconds; returns it, for the only time.

        Raises:
            BadInput: the life is not between a minute and a year.
        """
        if not 60 <= life <= _MAX_LIFE:
            raise BadInput(f"a token lives from 60 to {_MAX_LIFE} seconds, not {life}", code="bad-life")
        token = PREFIX + secrets.token_urlsafe(32)
        now = int(time.time())
        digest = _digest(token)
        entry: dict[str, Any] = {"identity": identity, "label": label, "created": now, "expires": now + life}
        with self._locked() as entries:
            entries[digest] = entry
            self._write(entries)
        return token, Token(digest[:12], **entry)

    def resolve(self, token: str) -> str | None:
        """Return the identity that a token stands for, or None where it is unknown or has expired."""
        digest = _digest(token)
        for known, entry in self._entries().items():
            if hmac.compare_digest(known, digest):
                return str(entry["identity"]) if entry["expires"] > time.time() else None
        return None

    def tokens(self) -> list[Token]:
        """Return the descriptions of all tokens, oldest first."""
        found = [Token(digest[:12], **entry) for digest, entry in self._entries().items()]
        return sorted(found, key=lambda token: (token.created, token.token_id))

    def revoke(self, token_id: str) -> None:
        """Make a token worthless at once.

        Raises:
            Missing: there is no token of this id.
        """
        with self._locked() as entries:
            found = [digest for digest in entries if digest[:12] == token_id]
            if not found:
                raise Missing(f"there is no token {token_id!r}", hint="`totem api tokens` lists them")
            for digest in found:
                del entries[digest]
            self._write(entries)

    def _entries(self) -> dict[str, dict[str, Any]]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return {}
        version = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if self._cached is None or self._cached[0] != version:
            self._cached = (version, json.loads(self._path.read_text(encoding="utf-8")))
        return self._cached[1]

    @contextlib.contextmanager
    def _locked(self) -> Iterator[dict[str, dict[str, Any]]]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            flock(lock, LOCK_EX)
            yield dict(self._entries())

    def _write(self, entries: dict[str, dict[str, Any]]) -> None:
        write_private(self._path, json.dumps(entries, sort_keys=True).encode())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
