"""The Deliver service of the peers and the questions to ``qscc``: blocks and the channel's height."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.orderer import ab_pb2

from totem.ledger.errors import LedgerError, LedgerUnavailable
from totem.ledger.fabric.connections import Connections, Peer
from totem.ledger.fabric.faults import GatewayFault, fault_of, port_error
from totem.ledger.fabric.gateway import FabricGateway
from totem.ledger.fabric.proposals import channel_header, prepare
from totem.ledger.fabric.signing import Signer, serialized, sign

__all__ = ["BlockSource"]


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

    @staticmethod
    def last_config(block: Any) -> int:
        """Return the number of the configuration block that was in force at a block."""
        data = block.metadata.metadata[common_pb2.BlockMetadataIndex.SIGNATURES]
        value: bytes = common_pb2.Metadata.FromString(data).value
        number: int = common_pb2.OrdererBlockMetadata.FromString(value).last_config.index
        return number

    def _stream(self, peer: Peer, first: int, last: int) -> Iterator[Any]:
        request = self._seek(first, last)
        call = peer.deliver.Deliver(iter([request]), timeout=self._profile.deadlines.deliver)
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
        name = common_pb2.Status.Name(response.status)
        code = "PERMISSION_DENIED" if name == "FORBIDDEN" else "UNAVAILABLE"
        raise GatewayFault(peer.address, "Deliver", code, f"the peer ended the blocks with {name}")

    def _seek(self, first: int, last: int) -> Any:
        def position(number: int) -> Any:
            return ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=number))

        info = ab_pb2.SeekInfo(
            start=position(first), stop=position(last), behavior=ab_pb2.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY
        )
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
