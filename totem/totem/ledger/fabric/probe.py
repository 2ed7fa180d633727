"""Whether a network serves an identity: asked once, before the first call, which would wait patiently for a network.

Each thing that can be wrong with a profile, a certificate or a network ends here in one sentence that says what it is.
"""

from __future__ import annotations

import dataclasses
import datetime
import socket
import time
from collections.abc import Callable
from typing import Any

from totem.ledger.certificates import load
from totem.ledger.errors import LedgerUnavailable, ProposalRefused
from totem.ledger.fabric.ledger import FabricLedger
from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.identities import Identity
from totem_chaincode.errors import ContractError
from totem_chaincode.formats import FORMATS

__all__ = ["probe"]

_CONNECT_SECONDS = 3.0
_PATIENCE_SECONDS = 6.0


def probe(profile: ConnectionProfile, identity: Identity, *, clock: Callable[[], int] | None = None) -> None:
    """Check that TOTEM's contracts answer this identity.

    Raises:
        LedgerUnavailable: nobody listens, TLS fails, channel or chaincode are not there or not of this version.
        ProposalRefused: the identity has expired or is revoked, or the network does not know it.
    """
    _check_validity(identity, clock)
    _check_listening(profile)
    patience = min(_PATIENCE_SECONDS, profile.deadlines.patience)
    deadlines = dataclasses.replace(profile.deadlines, patience=patience)
    ledger = FabricLedger(dataclasses.replace(profile, deadlines=deadlines), identity, clock=clock)
    try:
        _check_channel(ledger, identity)
        _check_contracts(ledger, identity)
    finally:
        ledger.close()


def _check_validity(identity: Identity, clock: Callable[[], int] | None) -> None:
    certificate = load(identity.certificate)
    now = datetime.datetime.fromtimestamp(clock() / 1_000 if clock else time.time(), datetime.UTC)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not first <= now <= last:
        raise ProposalRefused(
            "not_valid_now",
            f"the certificate of {identity.id} is valid from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, not"
            f" now: have the CA of {identity.msp_id} issue a new one, and `totem admin join` with it",
        )


def _check_listening(profile: ConnectionProfile) -> None:
    refused = []
    for peer in profile.peers:
        host, _, port = peer.address.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS):
                return
        except (OSError, ValueError) as error:
            refused.append(f"{peer.address} of {peer.msp_id}: {getattr(error, 'strerror', None) or error}")
    raise LedgerUnavailable(
        f"no peer of the Fabric network can be reached ({'; '.join(refused)})",
        code="network_unreachable",
        hint="start it (`totem dev --ledger fabric`, `network/network up`), or correct the profile's addresses",
    )


def _check_channel(ledger: FabricLedger, identity: Identity) -> None:
    """Read the channel's height: that needs TLS, the channel, and an identity that the channel knows."""
    channel = ledger.profile.channel
    try:
        ledger.height()
    except LedgerUnavailable as error:
        said = str(error)
        if "last config for channel" in said:
            raise LedgerUnavailable(
                f"the peers are not on a channel {channel!r}",
                code="channel",
                hint="correct `channel` in the connection profile",
            ) from None
        if "andshake" in said or "CERTIFICATE_VERIFY" in said:
            raise LedgerUnavailable(
                "the peers' TLS certificates are not issued by the authority that the profile names (tls_ca), or not"
                " for the profile's addresses",
                code="tls",
                hint="take `tls_ca` (and `server_name`) from the peers' organisation",
            ) from None
        raise
    except ProposalRefused as error:
        if error.code != "authority":
            raise
        reason = ledger.why_refused(identity)
        if reason is not None and reason.code == "revoked":
            raise ProposalRefused(
                "revoked",
                f"the certificate of {identity.id} is revoked: have the CA of {identity.msp_id} issue a new one, and"
                " `totem admin join` with it",
            ) from None
        raise ProposalRefused(
            "organisation",
            f"the channel {channel!r} does not know {identity.id}: {identity.msp_id} is no organisation of it, or its"
            " CA has not issued this certificate",
        ) from None


def _check_contracts(ledger: FabricLedger, identity: Identity) -> None:
    name, channel = ledger.profile.chaincode, ledger.profile.channel
    try:
        format_: Any = ledger.evaluate(identity, "consortium.format", {})
    except LedgerUnavailable as error:
        said = str(error)
        if "no peers available to evaluate" in said:
            raise LedgerUnavailable(
                f"the chaincode {name!r} is not deployed on the channel {channel!r}, or {identity.msp_id} has not"
                " installed and approved it",
                code="no_chaincode",
                hint="deploy it (`totem chaincode package`, docs/fabric.md), or correct `chaincode` in the profile",
            ) from None
        if "could not launch chaincode" in said:
            raise LedgerUnavailable(
                f"the chaincode server of {identity.msp_id} does not answer its peer",
                code="chaincode_server",
                hint="start it: `totem chaincode serve`",
            ) from None
        raise
    except ContractError as error:
        if error.code == "unknown_transaction":
            raise _other_version(name, "an older version of TOTEM's, or not TOTEM's at all") from None
        return  # it answers: whether this identity may ask is not the question here
    if format_["needed"] != FORMATS.newest:
        older = "an older" if format_["needed"] < FORMATS.newest else "a newer"
        raise _other_version(name, f"{older} version: it keeps records in format {format_['needed']}")


def _other_version(name: str, what: str) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"the chaincode {name!r} is {what}; this totem keeps records in format {FORMATS.newest}",
        code="other_version",
        hint="upgrade whichever is older: the chaincode at every organisation, or this totem",
    )
