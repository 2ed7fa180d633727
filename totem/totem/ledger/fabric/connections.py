"""Connections: one gRPC channel for each peer of the profile, and in which order they are asked."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.gateway import gateway_pb2_grpc
from fabric_protos.peer import events_pb2_grpc

from totem.ledger.errors import LedgerUnavailable
from totem.ledger.fabric.faults import UNANSWERED, GatewayFault, fault_of
from totem.ledger.fabric.profile import ConnectionProfile, PeerAddress

__all__ = ["MAX_MESSAGE", "Connections", "Peer", "stream"]

MAX_MESSAGE = 100 << 20
"""Bytes of a message: what peers accept by default. gRPC's own 4 MB do not carry a result."""

_SILENCE_SECONDS = 5.0
_CONNECT_MILLISECONDS = 5_000
"""How long a connection may take to be made: several round trips, for TLS too, to a peer that may be far or busy."""
_Answer = TypeVar("_Answer")


class Peer:
    """A peer and its services."""

    def __init__(self, address: PeerAddress, profile: ConnectionProfile) -> None:
        self.address = address.address
        self.msp_id = address.msp_id
        self._channel = _open(address, profile)
        self.gateway = gateway_pb2_grpc.GatewayStub(self._channel)
        self.deliver = events_pb2_grpc.DeliverStub(self._channel)

    def close(self) -> None:
        """Close the channel; calls under way are cancelled."""
        self._channel.close()


class Connections:
    """All peers of a profile. Who did not answer is asked last for a while."""

    def __init__(self, profile: ConnectionProfile) -> None:
        self.profile = profile
        self.peers = [Peer(address, profile) for address in profile.peers]
        self._lock = threading.Lock()
        self._silent: dict[str, float] = {}
        self._closed = False

    def order(self, msp_id: str = "") -> list[Peer]:
        """Return the peers in the order of asking: those that answer, of this organisation, as the profile lists."""
        with self._lock:
            if self._closed:
                raise LedgerUnavailable("the ledger is closed")
            now = time.monotonic()
            silent = {address: since for address, since in self._silent.items() if now - since < _SILENCE_SECONDS}
        return sorted(self.peers, key=lambda peer: (silent.get(peer.address, 0.0), peer.msp_id != msp_id))

    def has_peer_of(self, msp_id: str) -> bool:
        """Return whether the profile has a peer of an organisation."""
        return any(peer.msp_id == msp_id for peer in self.peers)

    def ask(
        self,
        call: str,
        run: Callable[[Peer], _Answer],
        msp_id: str = "",
        *,
        start: int = 0,
        failover: frozenset[str] = UNANSWERED,
    ) -> _Answer:
        """Run a call on one peer after the other until one answers.

        ``start``: with which one of the order; ``failover``: after which of gRPC's words the next one is asked.

        Raises:
            GatewayFault: no peer answered, or one answered with an error.
        """
        last: GatewayFault | None = None
        order = self.order(msp_id)
        start %= max(len(order), 1)
        for peer in order[start:] + order[:start]:
            try:
                answer = run(peer)
            except grpc.RpcError as error:
                last = fault_of(peer.address, call, error)
                if last.code not in failover:
                    raise last from None
                self.is_silent(peer)
            except ValueError as error:  # gRPC's word for a channel that was closed meanwhile
                raise LedgerUnavailable(f"the ledger is closed ({error})") from None
            else:
                self.has_answered(peer)
                return answer
        if last is None:
            raise LedgerUnavailable("the connection profile has no peers")
        raise last

    def is_silent(self, peer: Peer) -> None:
        """Remember that a peer did not answer."""
        with self._lock:
            self._silent[peer.address] = time.monotonic()

    def has_answered(self, peer: Peer) -> None:
        """Remember that a peer answers."""
        with self._lock:
            self._silent.pop(peer.address, None)

    def close(self) -> None:
        """Close all channels."""
        with self._lock:
            self._closed = True
        for peer in self.peers:
            peer.close()

    def tls_hash(self) -> bytes:
        """Return sha256 of the TLS client certificate (empty: none): peers with mutual TLS bind streams to it."""
        client = self.profile.tls_client
        if client is None:
            return b""
        certificate = x509.load_pem_x509_certificate(client.certificate)
        return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()


def stream(call: Callable[[], Any]) -> Any:
    """Begin a call that streams.

    Raises:
        LedgerUnavailable: the ledger was closed meanwhile.
    """
    try:
        return call()
    except ValueError as error:  # gRPC's word for that
        raise LedgerUnavailable(f"the ledger is closed ({error})") from None


def _open(address: PeerAddress, profile: ConnectionProfile) -> Any:
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", MAX_MESSAGE),
        ("grpc.max_send_message_length", MAX_MESSAGE),
        ("grpc.keepalive_time_ms", 120_000),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", _CONNECT_MILLISECONDS),
        ("grpc.max_reconnect_backoff_ms", 1_000),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if address.tls_ca is None:
        return grpc.insecure_channel(address.address, options=options)
    if address.server_name:
        options.append(("grpc.ssl_target_name_override", address.server_name))
    client = profile.tls_client
    credentials = grpc.ssl_channel_credentials(
        address.tls_ca, client.key if client else None, client.certificate if client else None
    )
    return grpc.secure_channel(address.address, credentials, options=options)
