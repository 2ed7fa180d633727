"""Fabric's common connection profile: organisations, their peers and CAs, by name.

Networks hand it out as ``connection-org1.json`` or ``.yaml``. It does not say which chaincode is meant, and rarely
which channel; that stands in the extension that the form leaves to applications::

    x-totem:
      channel: mychannel         # may be left out where the profile has exactly one under `channels`
      chaincode: totem
      endorsers: [Org1MSP, Org2MSP]

``x-totem`` takes everything of our own form but ``peers``. What the profile says of orderers, event hubs and time-outs
is for older clients and is not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from totem.ledger.errors import LedgerUnavailable
from totem.ledger.fabric.endpoints import PeerAddress, TlsClient

__all__ = ["OWN", "CaAddress", "CommonProfile", "read_document"]

OWN = "x-totem"
"""What of a common connection profile is TOTEM's."""

_NAMES = ("ssl-target-name-override", "hostnameOverride", "grpc.ssl_target_name_override")
"""How different clients call the name in a server's certificate; the first one that is there counts."""


@dataclass(frozen=True, slots=True)
class CaAddress:
    """A fabric-ca server: address, the CA's name on it (empty: its only one), its organisation, its TLS authority."""

    address: str
    name: str
    msp_id: str
    tls_ca: bytes | None


class CommonProfile:
    """What a common connection profile says; paths in it are relative to ``folder``.

    Raises:
        LedgerUnavailable: with every method too: it is not of the form, or a file that it names can't be read.
    """

    def __init__(self, document: Any, folder: Path) -> None:
        self._document = _mapping(document, "connection profile")
        self._folder = folder

    @staticmethod
    def is_one(document: Any) -> bool:
        """Whether a document has this form, not our own."""
        return isinstance(document, Mapping) and "organizations" in document

    def own(self) -> dict[str, Any]:
        """Return what it says in our own form, without peers."""
        own = dict(_mapping(self._document.get(OWN) or {}, OWN))
        if "peers" in own:
            raise LedgerUnavailable(f"{OWN}: peers stand under peers and organizations")
        channels = list(_mapping(self._document.get("channels") or {}, "channels"))
        if "channel" not in own and len(channels) == 1:
            own["channel"] = str(channels[0])
        for name in ("channel", "chaincode"):
            if name not in own:
                raise LedgerUnavailable(
                    f"a common connection profile does not say which {name} is meant:"
                    f" add it as {OWN}: {{channel: …, chaincode: totem}} (what it was deployed as)"
                )
        return own

    def peers(self) -> tuple[PeerAddress, ...]:
        """Return the peers that belong to an organisation, those of the client's organisation first."""
        listed = _mapping(self._document.get("peers") or {}, "peers")
        found: dict[str, PeerAddress] = {}
        for organisation, said in self._organisations():
            msp_id = _text(said.get("mspid"), f"organizations.{organisation}.mspid")
            for name in _texts(said.get("peers") or [], f"organizations.{organisation}.peers"):
                if name not in listed:
                    raise LedgerUnavailable(f"organizations.{organisation}: its peer {name} is not under peers")
                if name in found:
                    raise LedgerUnavailable(f"peers.{name}: it belongs to several organizations")
                found[name] = self._peer(listed[name], f"peers.{name}", msp_id)
        if strangers := sorted(set(map(str, listed)) - found.keys()):
            raise LedgerUnavailable(f"peers.{strangers[0]}: it belongs to none of the organizations")
        return tuple(found.values())

    def authorities(self) -> dict[str, CaAddress]:
        """Return the fabric-ca servers that belong to an organisation, by name, the client's organisation's first."""
        listed = _mapping(self._document.get("certificateAuthorities") or {}, "certificateAuthorities")
        found = {}
        for organisation, said in self._organisations():
            where = f"organizations.{organisation}"
            msp_id = _text(said.get("mspid"), f"{where}.mspid")
            for name in _texts(said.get("certificateAuthorities") or [], f"{where}.certificateAuthorities"):
                if name not in listed:
                    raise LedgerUnavailable(f"{where}: its CA {name} is not under certificateAuthorities")
                what = f"certificateAuthorities.{name}"
                given = _mapping(listed[name], what)
                url = _text(given.get("url"), f"{what}.url")
                ca_name = _text(given["caName"], f"{what}.caName") if given.get("caName") else ""
                found[name] = CaAddress(url, ca_name, msp_id, self._pem(given.get("tlsCACerts"), f"{what}.tlsCACerts"))
        return found

    def tls_client(self) -> TlsClient | None:
        """Return what the client shows to peers with mutual TLS, where the profile has it."""
        client = _mapping(self._document.get("client") or {}, "client")
        certs = _mapping(client.get("tlsCerts") or {}, "client.tlsCerts")
        given = _mapping(certs.get("client") or {}, "client.tlsCerts.client")
        if not given:
            return None
        certificate, key = (self._pem(given.get(name), f"client.tlsCerts.client.{name}") for name in ("cert", "key"))
        if certificate is None or key is None:
            raise LedgerUnavailable("client.tlsCerts.client: cert and key must both be given, with path or pem")
        return TlsClient(certificate, key)

    def _organisations(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield name and content of each organisation, the client's own first."""
        listed = _mapping(self._document.get("organizations") or {}, "organizations")
        client = _mapping(self._document.get("client") or {}, "client")
        own = client.get("organization")
        if own is not None and _text(own, "client.organization") not in listed:
            raise LedgerUnavailable(f"client.organization: {own!r} is not under organizations")
        for name in sorted(listed, key=lambda each: each != own):
            yield str(name), _mapping(listed[name], f"organizations.{name}")

    def _peer(self, document: Any, what: str, msp_id: str) -> PeerAddress:
        given = _mapping(document, what)
        url = _text(given.get("url"), f"{what}.url")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise LedgerUnavailable(f"{what}.url: {url!r} is no address: {error}") from None
        beside = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme not in {"grpc", "grpcs"} or not parts.hostname or not port or beside:
            raise LedgerUnavailable(f"{what}.url: {url!r} is none of grpcs://host:port and grpc://host:port")
        tls_ca = self._pem(given.get("tlsCACerts"), f"{what}.tlsCACerts")
        if parts.scheme == "grpc":
            return PeerAddress(parts.netloc, msp_id)
        if tls_ca is None:
            raise LedgerUnavailable(f"{what}.tlsCACerts: a peer with TLS (grpcs) needs the CA to check it with")
        options = _mapping(given.get("grpcOptions") or {}, f"{what}.grpcOptions")
        names = [_text(options[name], f"{what}.grpcOptions.{name}") for name in _NAMES if options.get(name)]
        # A name that is the host anyway says nothing.
        server_name = names[0] if names and names[0] != parts.hostname else ""
        return PeerAddress(parts.netloc, msp_id, tls_ca, server_name)

    def _pem(self, document: Any, what: str) -> bytes | None:
        """Return what stands under ``pem`` (one text or several) or in the file that ``path`` names."""
        given = _mapping(document or {}, what)
        if given.get("pem"):
            texts = [given["pem"]] if isinstance(given["pem"], str) else _texts(given["pem"], f"{what}.pem")
            return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts).encode()
        if given.get("path"):
            return (self._folder / _text(given["path"], f"{what}.path")).read_bytes()
        return None


def read_document(path: Path) -> Any:
    """Return what a profile's file has: YAML where its name ends in ``.yaml`` or ``.yml``, else JSON.

    Raises:
        OSError, ValueError: it can't be read.
    """
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix not in {".yaml", ".yml"}:
            return json.loads(text)
        yaml = import_module("yaml")
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("its brackets are nested too deeply for a profile") from None


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise LedgerUnavailable(f"{what}: expected an object, not {value!r:.60}")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise LedgerUnavailable(f"{what}: a text must be given, not {value!r:.60}")
    return value


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value, list):
        raise LedgerUnavailable(f"{what}: expected a list, not {value!r:.60}")
    return [_text(each, what) for each in value]
