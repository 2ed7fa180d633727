"""Planted secrets: in which forms one may be written, and a search of files and texts for all of them.

A secret is at least eight bytes long, so that nothing is found by chance. What is looked for besides the secret as it
is: JSON (also JSON in JSON, as records keep it), base64 of either alphabet wherever in a longer text it begins and with
line breaks, hexadecimal, UTF-16, and of a number its usual binary forms.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from demo.stored import stored

Secret = str | bytes | int

SHORTEST = 8
_BREAKS = re.compile(rb"\\r|\\n|[\r\n]")
"""Line breaks of PEM and MIME, as such and in JSON."""


def forms(secret: Secret) -> frozenset[bytes]:
    """Return everything that is looked for: where one of them stands, the secret does."""
    found: set[bytes] = set()
    for plain in _plain(secret):
        found |= {plain, plain.hex().encode(), plain.hex().upper().encode(), *_base64(plain)}
    if isinstance(secret, str):
        found |= {secret.encode(encoding) for encoding in ("utf-16-le", "utf-16-be")}
        found |= {quote(secret, safe="").encode()}
    too_short = [form for form in found if len(form) < SHORTEST]
    assert not too_short, f"{too_short} could be anything: plant something longer"
    return frozenset(found)


def _plain(secret: Secret) -> set[bytes]:
    """Return a secret as bytes, in the ways in which programs turn it into bytes."""
    if isinstance(secret, bytes):
        return {secret}
    if isinstance(secret, str):
        texts = {secret}
        for ascii_only in (True, False):
            once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
            texts |= {once, json.dumps(once, ensure_ascii=ascii_only)[1:-1]}
        return {text.encode() for text in texts}
    binary = {struct.pack(kind, secret) for kind in ("<q", ">q", "<d", ">d")}
    return {str(secret).encode(), _varint(secret), _varint(secret << 1), *binary}


def _base64(plain: bytes) -> set[bytes]:
    """Return the digits that depend on these bytes alone, for each place in a group of three where they may begin."""
    found = set()
    for before in range(3):
        size = before + len(plain)
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            found.add(encode(bytes(before) + plain)[-(-8 * before // 6) : 8 * size // 6])
    return found


def _varint(number: int) -> bytes:
    data = b""
    while number >= 0x80:
        data += bytes([number & 0x7F | 0x80])
        number >>= 7
    return data + bytes([number])


class Search:
    """A search for secrets, each under a name that may be shown."""

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        self._forms = {name: forms(secret) for name, secret in secrets.items()}

    def data(self, data: bytes) -> set[str]:
        """Return the names of the secrets that stand in some bytes."""
        joined = _BREAKS.sub(b"", data)
        return {name for name, wanted in self._forms.items() if any(form in data or form in joined for form in wanted)}

    def text(self, text: str) -> set[str]:
        """Return the names of the secrets that stand in a text."""
        return self.data(text.encode())

    def files(self, files: Iterable[Path]) -> dict[str, set[Path]]:
        """Return in which files each secret stands, in their contents or their names; only those that are found."""
        found: dict[str, set[Path]] = {}
        for file in files:
            for name in self.data(str(file).encode() + b"\0" + stored(file).rstrip(b"\0")):
                found.setdefault(name, set()).add(file)
        return found
