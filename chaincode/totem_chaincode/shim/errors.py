"""What can go wrong between the shim and a peer.

::

    ShimError
    ├── PeerError           the peer answered a request with ERROR; ``text`` is what it said
    ├── MessageTooLarge     a message of ours is over the limit of gRPC messages
    └── ChannelEnded        the transaction can't go on: nobody is left who would take its answer
"""

from __future__ import annotations

__all__ = ["ChannelEnded", "MessageTooLarge", "PeerError", "ShimError"]


class ShimError(Exception):
    """Base of what goes wrong between the shim and a peer."""


class PeerError(ShimError):
    """The peer refused a request of a running transaction.

    ``request`` is the request's kind (``GET_STATE``, …), ``text`` the peer's own words.
    """

    def __init__(self, request: str, text: str) -> None:
        self.request = request
        self.text = text
        super().__init__(f"the peer refused {request}: {text}")


class MessageTooLarge(ShimError):
    """A message is larger than peers and chaincode accept from each other; sending it would end the stream."""


class ChannelEnded(ShimError):
    """The stream has ended, the peer has given the transaction up, or it does not answer."""
