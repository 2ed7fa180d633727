"""Which hosts are this machine: without TLS nothing is sent to or taken from others."""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback"]


def is_loopback(host: str) -> bool:
    """Whether what is sent to a host certainly does not leave this machine; a name other than localhost may."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
