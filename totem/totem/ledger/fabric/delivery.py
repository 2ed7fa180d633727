"""The Deliver service of the peers and the questions to ``qscc``: blocks and the channel's height."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.orderer import ab_pb2

from totem.ledger.errors import LedgerError, LedgerUnavailable
from totem.ledger.fabric.connections import Connections, Peer, stream
from totem.ledger.fabric.faults import GatewayFault, fault_of, port_error
from totem.ledger.fabric.gateway import FabricGateway
from totem.ledger.fabric.proposals import channel_header, prepare
from totem.ledger.fabric.signing import Signer, serialized, sign

__all__ = ["BlockSource"]

_NEVER = (1 << 64) - 1
"""The number of a block that there will not be."""


class BlockSource:
    """The blocks of one channel, read in the name of ``reader``."""

    def __init__(
        self, connections: Connections, gateway: FabricGateway, reader: Signer, clock: Callable[[], int]
    ) -> None:
        self._connections = connections
        self._gateway = gateway
        self._profile = connections.profile
        self._reader = reader
        self._clock = clock

    def info(self) -> Any:
        """Return what a peer says of its channel: height, hash of the newest block.

        Raises:
            LedgerError: no peer says it.
        """
        return ledger_pb2.BlockchainInfo.FromString(self._query("GetChainInfo"))

    def block(self, number: int) -> Any:
        """Return a block as Fabric keeps it.

        Raises:
            LookupError: there is none of this number.
        """
        height = self.info().height
        if not 0 <= number < height:
            raise LookupError(f"there is no block {number}: the ledger has {height} blocks")
        return next(self.blocks(number, number))

    def blocks(self, first: int, last: int) -> Iterator[Any]:
        """Yield blocks in order; where a peer stops answering, another one goes on.

        Raises:
            LedgerError: no peer has them, or none answers.
        """
        while first <= last:
            before, fault = first, None
            for peer in self._connections.order(self._reader.msp_id):
                try:
                    for block in self._stream(peer, first, last):
                        yield block
                        first += 1
                except grpc.RpcError as error:
                    fault = fault_of(peer.address, "Deliver", error)
                    self._connections.is_silent(peer)
                except GatewayFault as error:
                    fault = error
                if first > last:
                    return
            if first == before:
                raise port_error(fault) if fault else LedgerUnavailable(f"no peer has block {first}")

    def watch(self, peer: Peer) -> Any:
        """Return an endless call for filtered blocks, before each of which the peer looks whether it accepts us."""
        newest = ab_pb2.SeekPosition(newest=ab_pb2.SeekNewest())
        request = self._seek(newest, _at(_NEVER), wait=True)
        return stream(lambda: peer.deliver.DeliverFiltered(iter([request])))

    def end_of(self, peer: Peer, watched: Any, accepted: Callable[[], None]) -> GatewayFault:
        """Read what ``watch`` gave to its end; return why it ended. ``accepted`` is called when the peer accepts us."""
        is_accepted = False
        try:
            for response in watched:
                if response.WhichOneof("Type") == "status":
                    return _ended(peer, response.status)
                if not is_accepted:
                    is_accepted = True
                    accepted()
        except grpc.RpcError as error:
            return fault_of(peer.address, "Deliver", error)
        return GatewayFault(peer.address, "Deliver", "UNAVAILABLE", "the peer ended the blocks without a word")

    @staticmethod
    def last_config(block: Any) -> int:
        """Return the number of the configuration block that was in force at a block."""
        data = block.metadata.metadata[common_pb2.BlockMetadataIndex.SIGNATURES]
        value: bytes = common_pb2.Metadata.FromString(data).value
        number: int = common_pb2.OrdererBlockMetadata.FromString(value).last_config.index
        return number

    def _stream(self, peer: Peer, first: int, last: int) -> Iterator[Any]:
        request = self._seek(_at(first), _at(last))
        call = stream(lambda: peer.deliver.Deliver(iter([request]), timeout=self._profile.deadlines.deliver))
        try:
            for response in call:
                if response.WhichOneof("Type") != "block":
                    break
                if response.block.header.number != first:
                    raise LedgerError(f"{peer.address} gave block {response.block.header.number} instead of {first}")
                yield response.block
                first += 1
                if first > last:
                    return
        finally:
            call.cancel()
        raise _ended(peer, response.status)

    def _seek(self, start: Any, stop: Any, *, wait: bool = False) -> Any:
        behaviors = ab_pb2.SeekInfo.SeekBehavior
        behavior = behaviors.BLOCK_UNTIL_READY if wait else behaviors.FAIL_IF_NOT_READY
        info = ab_pb2.SeekInfo(start=start, stop=stop, behavior=behavior)
        header = common_pb2.Header(
            channel_header=channel_header(
                common_pb2.HeaderType.DELIVER_SEEK_INFO,
                self._profile.channel,
                self._clock(),
                tls_cert_hash=self._connections.tls_hash(),
            ),
            signature_header=common_pb2.SignatureHeader(
                creator=serialized(self._reader), nonce=secrets.token_bytes(24)
            ).SerializeToString(),
        )
        payload = common_pb2.Payload(header=header, data=info.SerializeToString()).SerializeToString()
        return common_pb2.Envelope(payload=payload, signature=sign(self._reader, payload))

    def _query(self, function: str, *args: bytes) -> bytes:
        channel = self._profile.channel
        call = [function.encode(), channel.encode(), *args]
        draft = prepare(self._reader, channel, "qscc", call, timestamp=self._clock())
        try:
            return self._gateway.evaluate(draft.signed_by(self._reader))
        except GatewayFault as fault:
            raise port_error(fault) from None


def _at(number: int) -> Any:
    return ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=number))


def _ended(peer: Peer, status: int) -> GatewayFault:
    name = common_pb2.Status.Name(status)
    code = "PERMISSION_DENIED" if name == "FORBIDDEN" else "UNAVAILABLE"
    return GatewayFault(peer.address, "Deliver", code, f"the peer ended the blocks with {name}")
