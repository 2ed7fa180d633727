"""Where a peer listens, and how a client shows itself to it: what connection profiles of every form have."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["PeerAddress", "TlsClient"]


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """A peer: ``host:port``, its organisation, the CA that its TLS certificate is checked with (PEM; None: no TLS).

    ``server_name`` is the name in its TLS certificate, where that is not the address's host.
    """

    address: str
    msp_id: str
    tls_ca: bytes | None = None
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class TlsClient:
    """Certificate and key (PEM) that a peer with mutual TLS asks for."""

    certificate: bytes
    key: bytes = field(repr=False)
