"""What all our gRPC servers and channels have in common: size limits, and who may call.

Services other than the updaters' are for processes of one job only. Each has a secret that whoever started the job made
for it and gave to those who may call; a call without it is refused. (Updaters show the token of their attempt instead.)
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    import grpc.aio

    Context = grpc.aio.ServicerContext[Any, Any]

__all__ = ["OPTIONS", "Context", "authorised", "is_passing", "metadata"]

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", 256 << 20),
    ("grpc.max_send_message_length", 256 << 20),
    ("grpc.initial_reconnect_backoff_ms", 50),
    # This is how long a connection may take to be made. Who has gone refuses it at once; who is only busy does not.
    ("grpc.min_reconnect_backoff_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 500),
    # Loopback and Unix sockets need no proxy, whatever the environment says.
    ("grpc.enable_http_proxy", 0),
)

_KEY = "totem-job"


def metadata(secret: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata of a call to a service with this secret."""
    return ((_KEY, secret),)


def authorised(context: Any, secret: str) -> bool:
    """Return whether a call shows the secret of the service."""
    given: Iterable[tuple[str, Any]] = context.invocation_metadata() or ()
    shown = next((value for key, value in given if key == _KEY), "")
    return hmac.compare_digest(str(shown), secret)


def is_passing(error: grpc.RpcError) -> bool:
    """Return whether the other side may be there again soon: the call can be repeated."""
    return error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
