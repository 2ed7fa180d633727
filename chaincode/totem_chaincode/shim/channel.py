"""The channel of one running transaction: a request to its peer, and the peer's answer to it.

A peer drops a second request of a transaction while the first is not answered, so there is one at a time: threads of
one contract wait for each other here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from totem_chaincode.shim.errors import ChannelEnded, PeerError
from totem_chaincode.shim.wire import ChaincodeMessage, kind_name

__all__ = ["PATIENCE", "TransactionChannel"]

PATIENCE = 300.0
"""Seconds that a transaction waits for its peer's answer: ten times what a peer lets a transaction run."""


class TransactionChannel:
    """Requests of one transaction; ``send`` puts a message on the peer's stream."""

    def __init__(
        self, channel_id: str, tx_id: str, send: Callable[[ChaincodeMessage], None], *, patience: float = PATIENCE
    ) -> None:
        self.channel_id = channel_id
        self.tx_id = tx_id
        self._send = send
        self._patience = patience
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._waiting = False
        self._answer: ChaincodeMessage | None = None
        self._ended: str | None = None
        self._given_up = False

    @property
    def ended(self) -> bool:
        """Whether nobody is left who would take the transaction's answer."""
        with self._changed:
            return self._ended is not None or self._given_up

    def request(self, kind: int, payload: bytes) -> bytes:
        """Send a request and return the payload of the peer's answer.

        Raises:
            PeerError: the peer answered with ERROR.
            ChannelEnded: the stream ended, the peer has given the transaction up, or it does not answer.
            MessageTooLarge: the request is over the limit; it was not sent.
        """
        message = ChaincodeMessage(type=kind, payload=payload, txid=self.tx_id, channel_id=self.channel_id)
        with self._turn:
            answer = self._exchange(message)
        if answer.type == ChaincodeMessage.ERROR:
            raise PeerError(kind_name(kind), bytes(answer.payload).decode(errors="replace"))
        found: bytes = answer.payload
        return found

    def deliver(self, message: ChaincodeMessage) -> bool:
        """Take the peer's answer; return False where no request waits for one."""
        with self._changed:
            if not self._waiting or self._answer is not None:
                return False
            self._answer = message
            self._changed.notify_all()
            return True

    def end(self, reason: str) -> None:
        """End the transaction: a request that waits, and every later one, raises ChannelEnded."""
        with self._changed:
            self._ended = self._ended or reason
            self._changed.notify_all()

    def give_up(self) -> None:
        """Let the transaction come to nothing: the peer no longer waits for it.

        An answer that is under way is still taken, so that nobody takes it for the answer to something else.
        """
        with self._changed:
            self._given_up = True

    def _exchange(self, message: ChaincodeMessage) -> ChaincodeMessage:
        with self._changed:
            self._check()
            self._waiting, self._answer = True, None
        try:
            self._send(message)
            with self._changed:
                in_time = self._changed.wait_for(self._is_over, self._patience)
                answer = self._answer
                if not in_time:
                    # A late answer must not be taken for the next request's.
                    self._ended = f"the peer has not answered within {self._patience:g} s"
                self._check()
        finally:
            with self._changed:
                self._waiting = False
        return answer

    def _is_over(self) -> bool:
        return self._answer is not None or self._ended is not None

    def _check(self) -> None:
        if self._ended is not None:
            raise ChannelEnded(self._ended)
        if self._given_up:
            raise ChannelEnded("the peer has given the transaction up")
