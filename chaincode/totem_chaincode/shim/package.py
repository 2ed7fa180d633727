"""The chaincode package: what an organisation installs on its peers so that they find its chaincode server.

The archive is the same byte for byte wherever and whenever it is made (nothing in it but names, contents and zeros),
so the package id can be computed by everybody who knows the connection.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["ChaincodePackage", "Connection", "PackageProblem", "make_package"]

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_ADDRESS = re.compile(r"[^\s:/]+:[0-9]{1,5}|\[[0-9A-Fa-f:]+\]:[0-9]{1,5}")
_MOST_PORT = 65_535
_DURATION = re.compile(r"(?=.*[1-9])(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h))+")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s[^-]+-----END (?:[A-Z]+ )?PRIVATE KEY-----")
_STORED_BLOCK = 0xFFFF


class PackageProblem(ValueError):
    """Label or connection are not ones that a peer accepts; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How a peer reaches the chaincode server.

    ``root_certificate`` (PEM) is the authority of the server's certificate: without it there is no TLS. With mutual
    TLS the peer shows ``client_certificate`` and proves it by ``client_key`` (PEM both): who has the package has them.
    """

    address: str
    root_certificate: str = ""
    client_certificate: str = ""
    client_key: str = field(default="", repr=False)
    dial_timeout: str = "10s"

    def to_json(self) -> dict[str, object]:
        """Return the content of connection.json.

        Raises:
            PackageProblem: the address is not ``host:port``, the time-out none that peers can read, or what TLS needs
                is not complete, or something else: a peer would find that out when it dials, or never, and a key
                must not get into a package by mistake.
        """
        if not (_ADDRESS.fullmatch(self.address) and 1 <= int(self.address.rpartition(":")[2]) <= _MOST_PORT):
            raise PackageProblem(f"{self.address!r} is not an address (host:port) that a peer can dial")
        if bool(self.client_certificate) != bool(self.client_key):
            raise PackageProblem("mutual TLS needs both, the peer's client certificate and its key")
        if self.client_certificate and not self.root_certificate:
            raise PackageProblem("mutual TLS needs the root certificate of the server's certificate too")
        if not _DURATION.fullmatch(self.dial_timeout):
            raise PackageProblem(f"{self.dial_timeout!r} is not a time such as 10s or 500ms")
        for text, form, what in (
            (self.root_certificate, _CERTIFICATE, "the root certificate"),
            (self.client_certificate, _CERTIFICATE, "the client certificate"),
            (self.client_key, _KEY, "the client key"),
        ):
            if text and not (form.search(text) and (form is _KEY or "PRIVATE KEY" not in text)):
                raise PackageProblem(f"{what} is not {'a key' if form is _KEY else 'a certificate, or not only'} (PEM)")
        document: dict[str, object] = {
            "address": self.address,
            "dial_timeout": self.dial_timeout,
            "tls_required": bool(self.root_certificate),
            "client_auth_required": bool(self.client_certificate),
        }
        if self.root_certificate:
            document["root_cert"] = self.root_certificate
        if self.client_certificate:
            document |= {"client_cert": self.client_certificate, "client_key": self.client_key}
        return document


@dataclass(frozen=True, slots=True)
class ChaincodePackage:
    """A package: ``data`` is the archive (.tar.gz), ``package_id`` what peers and the server call it."""

    label: str
    data: bytes = field(repr=False)

    @property
    def package_id(self) -> str:
        """``label:sha256 of the archive``, as peers compute it."""
        return f"{self.label}:{hashlib.sha256(self.data).hexdigest()}"


def make_package(label: str, connection: Connection) -> ChaincodePackage:
    """Return the package for a chaincode server.

    Raises:
        PackageProblem: label or connection are not ones that a peer accepts.
    """
    if not _LABEL.fullmatch(label):
        raise PackageProblem(f"{label!r} is not a label: letters, digits, '_', '.', '+', '-', a letter or digit first")
    code = _archive([("connection.json", _json(connection.to_json()))])
    metadata = _json({"label": label, "path": "", "type": "ccaas"})
    return ChaincodePackage(label, _archive([("metadata.json", metadata), ("code.tar.gz", code)]))


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _archive(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a .tar.gz without times, owners and modes of its maker."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 0
            tar.addfile(entry, io.BytesIO(content))
    return _gzip(raw.getvalue())


def _gzip(data: bytes) -> bytes:
    """Return a gzip file of stored blocks: what a compressor makes depends on its version."""
    parts = [bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF])]
    for start in range(0, len(data) or 1, _STORED_BLOCK):
        block = data[start : start + _STORED_BLOCK]
        last = start + _STORED_BLOCK >= len(data)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(parts)
