"""Revoking certificates on a channel: an organisation's revocation list, checked and put into the configuration.

For any channel of Fabric 2.5 or 3.x, by the organisation's own administrator alone::

    push_list(profile, administrator, "UtilityMSP", crl_pem)

Peers refuse what a revoked certificate signs from the configuration's block on; orderers too, also for transactions
that were endorsed before.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from dataclasses import dataclass
from typing import Any

from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.msp import msp_config_pb2

from totem.ledger.errors import LedgerError, LedgerUnavailable, ProposalRefused, RevocationRefused
from totem.ledger.fabric.channel_config import config_of, msp_of
from totem.ledger.fabric.connections import Connections
from totem.ledger.fabric.delivery import BlockSource
from totem.ledger.fabric.faults import GatewayFault
from totem.ledger.fabric.gateway import FabricGateway, pause
from totem.ledger.fabric.profile import ConnectionProfile
from totem.ledger.fabric.proposals import channel_header
from totem.ledger.fabric.revocation_list import check_list, lists_after
from totem.ledger.fabric.signing import Signer, serialized, sign
from totem.ledger.fabric.transactions import SignedTransaction

__all__ = ["Pushed", "lists_of", "push_list"]

_PEER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pushed:
    """A list that is in force: the configuration's block, the serial numbers on the list, peers that have it not yet.

    A peer that does not answer gets the block when it is back, and accepts the revoked ones until then.
    """

    block: int
    serials: frozenset[int]
    behind: tuple[str, ...]


def lists_of(profile: ConnectionProfile, reader: Signer, msp_id: str) -> list[str]:
    """Return the revocation lists (PEM) that a channel has for an organisation.

    Raises:
        ProposalRefused: the reader is not accepted.
        LedgerUnavailable: no peer answers.
        RevocationRefused: the organisation is not on the channel.
    """
    with _Channel(profile, reader) as channel:
        return _lists(channel.organisation(channel.config()[1], msp_id))


def push_list(profile: ConnectionProfile, administrator: Signer, msp_id: str, crl: str) -> Pushed:
    """Put a revocation list (PEM) in force for an organisation, in place of the one of the same CA.

    ``administrator`` is an identity with the organisation's admin role: the channel's usual policy wants no other
    signature. The list is checked first, against the lists in force then; see ``check_list``.

    Raises:
        RevocationRefused: the list, with the reason; nothing has changed.
        ProposalRefused: the orderers don't accept the administrator; nothing has changed.
        LedgerUnavailable: it is not in force after ``Deadlines.patience``; it may be pushed again.
    """
    with _Channel(profile, administrator) as channel:
        end = time.monotonic() + profile.deadlines.patience
        last = ""
        while True:
            block, config = channel.config()
            organisation = channel.organisation(config, msp_id)
            lists = _lists(organisation)
            if crl.strip() in (each.strip() for each in lists):
                serials = check_list(crl, _issuers(organisation), ())
                return Pushed(block, serials, _behind(profile, administrator, block))
            check_list(crl, _issuers(organisation), lists, administrator.certificate)
            if time.monotonic() > end:
                raise LedgerUnavailable(f"the revocation list is not in force yet ({last}): push it again")
            last = channel.send(_update(profile.channel, config, msp_id, lists_after(crl, lists)))
            # What the orderers took may be lost with their leader: it is then sent again.
            channel.await_config(block, profile.deadlines.commit_status)


class _Channel:
    """A channel as one identity reads and changes its configuration."""

    def __init__(self, profile: ConnectionProfile, signer: Signer) -> None:
        self._profile = profile
        self._signer = signer
        self._connections = Connections(profile)
        self._gateway = FabricGateway(self._connections, signer)
        self._blocks = BlockSource(self._connections, self._gateway, signer, _now)

    def __enter__(self) -> _Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.close()

    def config(self) -> tuple[int, Any]:
        """Return the number of the newest configuration block, and its configuration."""
        newest = self._blocks.block(self._blocks.info().height - 1)
        number = self._blocks.last_config(newest)
        config = config_of(self._blocks.block(number))
        if config is None:
            raise LedgerError(f"block {number} should be the channel's configuration, and is not")
        return number, config

    @staticmethod
    def organisation(config: Any, msp_id: str) -> Any:
        """Return the MSP of an organisation that is on the channel."""
        for group in config.channel_group.groups["Application"].groups.values():
            msp = msp_of(group)
            if msp is not None and msp.name == msp_id:
                return msp
        raise RevocationRefused(f"the organisation {msp_id!r} is not on this channel")

    def send(self, update: Any) -> str:
        """Sign an update and send it to the orderers; return what they said."""
        envelope = _signed(self._profile.channel, self._signer, update)
        try:
            self._gateway.submit(SignedTransaction("", self._profile.channel, envelope))
        except GatewayFault as fault:
            if fault.is_denied or (fault.is_refused_order and "FORBIDDEN" in fault.text):
                raise ProposalRefused(
                    "authority", f"the orderers do not accept the administrator: {fault.describe()}"
                ) from None
            if fault.is_refused_order and "policy" in fault.text:
                raise ProposalRefused(
                    "authority", f"{self._signer.msp_id}'s change needs other signatures: {fault.describe()}"
                ) from None
            return fault.describe()
        return "the orderers took it"

    def await_config(self, old: int, seconds: float) -> None:
        """Wait until there is a newer configuration than that of block ``old``, but not longer than some seconds."""
        end = time.monotonic() + seconds
        while self.config()[0] <= old and time.monotonic() < end:
            pause(2)

    def await_height(self, height: int, seconds: float) -> bool:
        """Wait until a peer that answers has so many blocks; return whether one has in time."""
        end = time.monotonic() + seconds
        while True:
            try:
                if self._blocks.info().height >= height:
                    return True
            except LedgerUnavailable:
                pass  # not in time is all that counts
            if time.monotonic() > end:
                return False
            pause(1)


def _update(channel: str, config: Any, msp_id: str, lists: list[str]) -> Any:
    """Return the change of one organisation's revocation lists, and of nothing else."""
    group = config.channel_group
    application = group.groups["Application"]
    name, organisation = next(
        (name, each) for name, each in application.groups.items() if getattr(msp_of(each), "name", "") == msp_id
    )
    value = organisation.values["MSP"]
    outer: Any = msp_config_pb2.MSPConfig.FromString(value.value)
    msp: Any = msp_config_pb2.FabricMSPConfig.FromString(outer.config)
    del msp.revocation_list[:]
    msp.revocation_list.extend(pem.encode() for pem in lists)
    outer.config = msp.SerializeToString(deterministic=True)

    def path(leaf: Any) -> Any:
        # What is named with its version is what must not have changed meanwhile.
        inner = configtx_pb2.ConfigGroup(version=application.version, groups={name: leaf})
        return configtx_pb2.ConfigGroup(version=group.version, groups={"Application": inner})

    changed = configtx_pb2.ConfigValue(
        version=value.version + 1, value=outer.SerializeToString(deterministic=True), mod_policy=value.mod_policy
    )
    return configtx_pb2.ConfigUpdate(
        channel_id=channel,
        read_set=path(configtx_pb2.ConfigGroup(version=organisation.version)),
        write_set=path(configtx_pb2.ConfigGroup(version=organisation.version, values={"MSP": changed})),
    )


def _signed(channel: str, signer: Signer, update: Any) -> Any:
    data = update.SerializeToString(deterministic=True)

    def header() -> bytes:
        made = common_pb2.SignatureHeader(creator=serialized(signer), nonce=secrets.token_bytes(24))
        written: bytes = made.SerializeToString(deterministic=True)
        return written

    first = header()
    signature = configtx_pb2.ConfigSignature(signature_header=first, signature=sign(signer, first + data))
    envelope = configtx_pb2.ConfigUpdateEnvelope(config_update=data, signatures=[signature])
    outer = common_pb2.Header(
        channel_header=channel_header(common_pb2.HeaderType.CONFIG_UPDATE, channel, _now()), signature_header=header()
    )
    payload = common_pb2.Payload(header=outer, data=envelope.SerializeToString()).SerializeToString()
    return common_pb2.Envelope(payload=payload, signature=sign(signer, payload))


def _behind(profile: ConnectionProfile, reader: Signer, block: int) -> tuple[str, ...]:
    """Wait until each peer of the profile has a block; return the addresses of those that don't within seconds."""
    hurried = dataclasses.replace(profile.deadlines, evaluate=2.0, patience=_PEER_SECONDS)
    late = []
    for address in profile.peers:
        with _Channel(dataclasses.replace(profile, peers=(address,), deadlines=hurried), reader) as channel:
            if not channel.await_height(block + 1, _PEER_SECONDS):
                late.append(address.address)
    return tuple(late)


def _lists(msp: Any) -> list[str]:
    return [pem.decode() for pem in msp.revocation_list]


def _issuers(msp: Any) -> list[str]:
    return [pem.decode() for pem in (*msp.root_certs, *msp.intermediate_certs)]


def _now() -> int:
    return time.time_ns() // 1_000_000
