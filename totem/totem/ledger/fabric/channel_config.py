"""A channel's configuration as far as TOTEM looks into it: who certifies whom, and what is revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2
from fabric_protos.msp import msp_config_pb2

from totem.ledger.certificates import load
from totem.ledger.errors import LedgerError, ProposalRefused

__all__ = ["ChannelConfig", "Organisation", "config_of", "msp_of", "not_valid_now"]

_FABRIC_MSP = 0


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation's MSP: the certificates (PEM) that issue its members' ones, and the revoked serial numbers."""

    msp_id: str
    issuers: tuple[str, ...]
    revoked: frozenset[int]

    def has_issued(self, certificate: str) -> bool:
        """Return whether one of the organisation's CAs issued a certificate."""
        try:
            subject = load(certificate)
            return any(_is_issued_by(subject, load(issuer)) for issuer in self.issuers)
        except ProposalRefused:
            return False


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """Organisations by MSP id: those that use the channel, those that order, and BFT's consenters by number."""

    members: dict[str, Organisation]
    orderers: dict[str, Organisation]
    consenters: dict[int, tuple[str, str]]

    @classmethod
    def of_block(cls, block: Any) -> ChannelConfig | None:
        """Read a configuration block; None: the block is none.

        Raises:
            LedgerError: it is one, but can't be read.
        """
        config = config_of(block)
        if config is None:
            return None
        groups: Any = config.channel_group.groups
        if "Orderer" not in groups:
            raise LedgerError(f"block {block.header.number}: the configuration names no orderers")
        ordering = groups["Orderer"]
        mapping: Any = configuration_pb2.Orderers.FromString(ordering.values["Orderers"].value)
        return cls(
            members=_organisations(groups["Application"].groups.values()) if "Application" in groups else {},
            orderers=_organisations(ordering.groups.values()),
            consenters={each.id: (each.msp_id, each.identity.decode()) for each in mapping.consenter_mapping},
        )

    def refusal(self, msp_id: str, certificate: str, moment: int) -> ProposalRefused | None:
        """Return why an identity is not accepted at ``moment`` (milliseconds), as far as the configuration tells.

        Peers only say "access denied".
        """
        organisation = self.members.get(msp_id)
        if organisation is None:
            return ProposalRefused("organisation", f"the organisation {msp_id!r} is not on this channel")
        if not organisation.has_issued(certificate):
            return ProposalRefused("authority", f"the certificate is not issued by a CA of {msp_id}")
        subject = load(certificate)
        if subject.serial_number in organisation.revoked:
            return ProposalRefused("revoked", f"the certificate {subject.serial_number:x} is revoked")
        return not_valid_now(certificate, moment)


def not_valid_now(certificate: str, moment: int) -> ProposalRefused | None:
    """Return the refusal of a certificate that is not valid at ``moment`` (milliseconds), or None where it is."""
    subject = load(certificate)
    at = datetime.fromtimestamp(moment / 1_000, UTC)
    if subject.not_valid_before_utc <= at <= subject.not_valid_after_utc:
        return None
    return ProposalRefused(
        "not_valid_now",
        f"the certificate is valid from {subject.not_valid_before_utc:%Y-%m-%d %H:%M} to"
        f" {subject.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, not now: ask the CA for a new one",
    )


def config_of(block: Any) -> Any:
    """Return the configuration in a block, as Fabric keeps it; None: the block is none of configuration."""
    if len(block.data.data) != 1:
        return None
    envelope: Any = common_pb2.Envelope.FromString(block.data.data[0])
    payload: Any = common_pb2.Payload.FromString(envelope.payload)
    header: Any = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    if header.type != common_pb2.HeaderType.CONFIG:
        return None
    return configtx_pb2.ConfigEnvelope.FromString(payload.data).config


def msp_of(group: Any) -> Any:
    """Return the MSP in an organisation's part of a configuration; None: it is of another kind than X.509."""
    outer: Any = msp_config_pb2.MSPConfig.FromString(group.values["MSP"].value)
    return msp_config_pb2.FabricMSPConfig.FromString(outer.config) if outer.type == _FABRIC_MSP else None


def _organisations(groups: Iterable[Any]) -> dict[str, Organisation]:
    found = {}
    for group in groups:
        msp = msp_of(group)
        if msp is None:
            continue
        issuers = tuple(pem.decode() for pem in (*msp.root_certs, *msp.intermediate_certs))
        found[msp.name] = Organisation(msp.name, issuers, frozenset(_revoked(msp.revocation_list, issuers)))
    return found


def _revoked(lists: Iterable[bytes], issuers: Iterable[str]) -> Iterable[int]:
    """Yield the serial numbers of lists that a CA of the organisation signed: others revoke nobody."""
    keys: list[Any] = [load(issuer).public_key() for issuer in issuers]
    for pem in lists:
        try:
            list_ = x509.load_pem_x509_crl(pem)
            if any(list_.is_signature_valid(key) for key in keys):
                yield from (entry.serial_number for entry in list_)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise LedgerError(f"a revocation list of the channel can't be read: {error}") from None


def _is_issued_by(subject: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
