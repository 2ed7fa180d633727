"""The connection profile: which peers, which channel and chaincode, which deadlines.

A JSON file (YAML where its name ends in ``.yaml`` or ``.yml``)::

    {
      "channel": "totem", "chaincode": "totem",
      "peers": [{"address": "127.0.0.1:7051", "msp_id": "UtilityMSP", "tls_ca": "utility/tls-ca.pem"}],
      "endorsers": ["UtilityMSP", "GridMSP"], "endorsements": 2,
      "tls_client": {"certificate": "client.pem", "key": "client-key.pem"},
      "revocation_list": "utility-revoked.pem",
      "deadlines": {"endorse": 30}
    }

Paths are relative to the file's folder. Everything from ``endorsers`` on may be left out. Fabric's common connection
profile is read too (``common_profile``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from totem.ledger.errors import LedgerUnavailable
from totem.ledger.fabric.common_profile import CommonProfile, read_document
from totem.ledger.fabric.endpoints import PeerAddress, TlsClient
from totem_chaincode.hosts import is_loopback

__all__ = ["ConnectionProfile", "Deadlines", "PeerAddress", "TlsClient"]

_CHAINCODE = 'our own form: "chaincode": "totem"; Fabric\'s: the same under x-totem'
"""How a profile says the name that the chaincode was deployed with, mostly this one."""

_FORM = "docs/fabric.md says what is in one; those of the test network: `network/network organisations`"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that a call may take; ``commit_status`` is short, since it is what decides when to send again.

    ``patience`` is how long a call is tried again before it ends in an error: proposals while no peer answers,
    a transaction until its fate is known.
    """

    evaluate: float = 30.0
    endorse: float = 30.0
    submit: float = 10.0
    commit_status: float = 5.0
    deliver: float = 30.0
    patience: float = 60.0


@dataclass(frozen=True, slots=True)
class ConnectionProfile:
    """How to reach a chaincode on a channel.

    ``endorsers`` are the organisations that are asked to endorse, ``endorsements`` of them each time (0: all); without
    them the peer finds endorsers by discovery, which does not do for transient data that reach collections of
    organisations other than the endorsing ones. ``revocation_list`` is where the organisation keeps its newest list (or
    will, once there is one): somebody whom no peer answers any more reads there that it is revoked.
    """

    channel: str
    chaincode: str
    peers: tuple[PeerAddress, ...]
    endorsers: tuple[str, ...] = ()
    endorsements: int = 0
    tls_client: TlsClient | None = None
    revocation_list: Path | None = None
    deadlines: Deadlines = Deadlines()

    def __post_init__(self) -> None:
        if not self.channel or not self.chaincode:
            raise LedgerUnavailable("connection profile: channel and chaincode must be given")
        if not self.peers:
            raise LedgerUnavailable("connection profile: at least one peer must be given")
        for peer in self.peers:
            if peer.tls_ca is None and not is_loopback(peer.address.rpartition(":")[0]):
                raise LedgerUnavailable(
                    f"connection profile: the peer {peer.address} has no TLS: jobs, keys and results would be sent in"
                    " the clear. Give the CA of its TLS certificate (tls_ca; grpcs:// and tlsCACerts in the common"
                    " form); without TLS only peers on this machine are spoken to (127.0.0.1, [::1], localhost)"
                )
        if not 0 <= self.endorsements <= len(self.endorsers):
            raise LedgerUnavailable(
                f"connection profile: {self.endorsements} endorsements can't come from {len(self.endorsers)} endorsers"
            )

    @classmethod
    def load(cls, path: Path) -> ConnectionProfile:
        """Read a profile.

        Raises:
            LedgerUnavailable: the file, or one that it names, can't be read or is not of this form.
        """
        try:
            return cls.from_document(read_document(path), path.parent)
        except OSError as error:
            what = f"{error.filename}: " if error.filename not in {None, str(path)} else ""
            why = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
            raise LedgerUnavailable(
                f"the connection profile {path} can't be read: {what}{why}", hint=_FORM if not what else ""
            ) from None
        except ValueError as error:
            raise LedgerUnavailable(f"the connection profile {path} can't be read: {error}") from None
        except LedgerUnavailable as error:
            raise LedgerUnavailable(f"{path}: {error}", code=error.code, hint=error.hint) from None

    @classmethod
    def from_document(cls, document: Any, folder: Path) -> ConnectionProfile:
        """Make a profile from what its file says; paths are relative to ``folder``.

        Raises:
            LedgerUnavailable: it is of neither form.
        """
        if not CommonProfile.is_one(document):
            return cls._of_own_form(document, folder)
        common = CommonProfile(document, folder)
        found = cls._of_own_form({**common.own(), "peers": []}, folder, common.peers())
        return dataclasses.replace(found, tls_client=found.tls_client or common.tls_client())

    @classmethod
    def _of_own_form(cls, document: Any, folder: Path, found: tuple[PeerAddress, ...] = ()) -> ConnectionProfile:
        """Make a profile of our own form; ``found`` are its peers where they do not stand in it."""
        known = {each.name for each in dataclasses.fields(cls)}
        given = _fields(document, "connection profile", known, {"channel", "chaincode", "peers"})
        for name in ("channel", "chaincode"):
            _text(given[name], name)
        peers = given["peers"]
        if not isinstance(peers, list):
            raise LedgerUnavailable("connection profile: peers must be a list")
        own = tuple(_peer(peer, f"peers[{number}]", folder) for number, peer in enumerate(peers))
        given["peers"] = own or found
        endorsers = given.get("endorsers", [])
        if not isinstance(endorsers, list) or len(set(map(str, endorsers))) < len(endorsers):
            raise LedgerUnavailable("connection profile: endorsers must be a list of different MSP ids")
        given["endorsers"] = tuple(_text(each, "endorsers") for each in endorsers)
        if type(given.get("endorsements", 0)) is not int:
            raise LedgerUnavailable("connection profile: endorsements must be an integer")
        if given.get("tls_client") is not None:
            both = {"certificate", "key"}
            files = _fields(given["tls_client"], "tls_client", both, both)
            given["tls_client"] = TlsClient(*(_file(files[name], folder) for name in ("certificate", "key")))
        if given.get("revocation_list") is not None:
            given["revocation_list"] = folder / _text(given["revocation_list"], "revocation_list")
        given["deadlines"] = _deadlines(given.get("deadlines", {}))
        return cls(**given)


def _fields(document: Any, what: str, known: set[str], needed: set[str]) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise LedgerUnavailable(f"{what}: expected an object")
    if unknown := sorted(set(map(str, document)) - known):
        raise LedgerUnavailable(f"{what}: unknown {', '.join(unknown)} (known: {', '.join(sorted(known))})")
    if missing := sorted(needed - set(document)):
        raise LedgerUnavailable(
            f"{what}: {', '.join(missing)} must be given", hint=_CHAINCODE if "chaincode" in missing else ""
        )
    return dict(document)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise LedgerUnavailable(f"connection profile: {what} must be a text, not {value!r}")
    return value


def _peer(document: Any, what: str, folder: Path) -> PeerAddress:
    known = {each.name for each in dataclasses.fields(PeerAddress)}
    given = _fields(document, what, known, {"address", "msp_id"})
    for name in given:
        _text(given[name], f"{what}.{name}")
    if "tls_ca" in given:
        given["tls_ca"] = _file(given["tls_ca"], folder)
    return PeerAddress(**given)


def _deadlines(document: Any) -> Deadlines:
    given = _fields(document, "deadlines", {each.name for each in dataclasses.fields(Deadlines)}, set())
    for name, seconds in given.items():
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 86_400:
            raise LedgerUnavailable(f"deadlines.{name}: expected seconds, not {seconds!r}")
    return Deadlines(**given)


def _file(value: Any, folder: Path) -> bytes:
    return (folder / _text(value, "a file")).read_bytes()
