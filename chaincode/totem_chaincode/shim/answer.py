"""The answer: runs one transaction on the chaincode and says how it ended.

| how it ended | status | message |
| --- | --- | --- |
| the contract's answer | 200 | (the payload is the answer in canonical JSON) |
| a ContractError | 400 | the error in canonical JSON, as ``ContractError.from_json`` reads it |
| the peer refused a request | 500 | the peer's text |
| anything else: our bug | 500 | where to look; nothing of the exception |
| not now: busy, shutting down | 503 | why |

Nothing that a client or the state has given is ever logged: an unexpected exception is logged by its type and the
places in the code, without its text.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from totem_chaincode import canonical
from totem_chaincode.errors import ContractError, Invalid, Refused
from totem_chaincode.registry import REGISTRY
from totem_chaincode.shim.errors import ChannelEnded, PeerError
from totem_chaincode.shim.stub import PeerStub
from totem_chaincode.shim.wire import (
    MAX_MESSAGE,
    ChaincodeEvent,
    ChaincodeMessage,
    PeerFeatures,
    Response,
    SignedTransaction,
    read_transaction,
)
from totem_chaincode.stub import PrivateDataUnavailable

if TYPE_CHECKING:
    from totem_chaincode.dispatcher import Chaincode
    from totem_chaincode.shim.channel import TransactionChannel

__all__ = ["MAX_SKEW", "Answerer", "refusal"]

_log = logging.getLogger("totem_chaincode.shim")

MAX_SKEW = 30_000
"""Milliseconds by which a proposal's time may differ from this machine's clock: contracts have no other clock.

It is no longer than the shortest deadline that a contract takes: nobody's time may be over as soon as it begins.
"""


class Answerer:
    """Answers TRANSACTION messages with a chaincode; ``clock`` gives milliseconds since 1970 UTC."""

    def __init__(self, chaincode: Chaincode, clock: Callable[[], int] | None = None) -> None:
        self._chaincode = chaincode
        self._clock = clock or _now

    def answer(
        self, message: ChaincodeMessage, channel: TransactionChannel, features: PeerFeatures
    ) -> ChaincodeMessage | None:
        """Run a transaction; return the COMPLETED message, or None where nobody is left to take it."""
        begun = time.perf_counter()
        function, event = "", None
        try:
            transaction = read_transaction(message)
            function = _read_name(transaction)
            response, event = self._run(transaction, function, channel, features)
        except ChannelEnded as error:
            _log.warning("transaction %s comes to nothing: %s", channel.tx_id, error)
            return None
        except Exception as error:  # noqa: BLE001 -- whatever a contract raises, its client must get an answer
            response = self._explain(error, channel)
        if channel.ended:
            return None
        completed = _completed(channel, response, event)
        if completed.ByteSize() > MAX_MESSAGE:
            _log.error("transaction %s: the answer has %d bytes, too many", channel.tx_id, completed.ByteSize())
            completed = _completed(channel, _internal(channel.tx_id), None)
        _log.debug(
            "transaction %s %s: status %d in %.1f ms",
            channel.tx_id,
            function if function in REGISTRY else "(unknown)",
            response.status,
            (time.perf_counter() - begun) * 1_000,
        )
        return completed

    def _run(
        self, transaction: SignedTransaction, function: str, channel: TransactionChannel, features: PeerFeatures
    ) -> tuple[Response, tuple[str, bytes] | None]:
        """Run the contract; return the response to its answer and its event."""
        self._check_moment(transaction.timestamp)
        stub = PeerStub(channel, transaction, features)
        found = self._chaincode.invoke(stub, function, _read_arguments(transaction))
        stub.finish()
        return Response(status=200, payload=canonical.encode(found)), stub.event

    @staticmethod
    def _explain(error: Exception, channel: TransactionChannel) -> Response:
        """Return the response to what a transaction ended in."""
        if isinstance(error, PrivateDataUnavailable):
            error = Refused(f"{error}: ask a peer of the collection's organisation", code="wrong_peer")
        if isinstance(error, ContractError):
            try:
                return Response(status=400, message=canonical.encode(error.to_json()).decode())
            except canonical.NotCanonical as problem:
                problem.__context__ = error
                error = problem
        if isinstance(error, PeerError):
            _log.error("transaction %s: the peer refused %s", channel.tx_id, error.request)
            return Response(status=500, message=str(error))
        _log.error("transaction %s: internal error: %s", channel.tx_id, _places(error))
        return _internal(channel.tx_id)

    def _check_moment(self, timestamp: int) -> None:
        """Fabric's peers take any time that a client signs; deadlines and expiry must not be at its choice."""
        apart = abs(timestamp - self._clock())
        if apart > MAX_SKEW:
            raise Refused(
                f"the proposal's time differs from this endorser's by {apart // 1_000} s"
                f" (at most {MAX_SKEW // 1_000} are accepted): check the clock, or propose again",
                code="stale",
            )


def refusal(channel_id: str, tx_id: str, reason: str) -> ChaincodeMessage:
    """Return the answer to a transaction that is not even begun (status 503)."""
    return ChaincodeMessage(
        type=ChaincodeMessage.COMPLETED,
        payload=Response(status=503, message=reason).SerializeToString(),
        txid=tx_id,
        channel_id=channel_id,
    )


def _now() -> int:
    return time.time_ns() // 1_000_000


def _read_name(transaction: SignedTransaction) -> str:
    """Return the transaction's name: the first argument."""
    if not 1 <= len(transaction.args) <= 2:
        raise Invalid(
            f"expected the transaction's name and its arguments as one JSON object, got {len(transaction.args)} texts"
        )
    try:
        return transaction.args[0].decode()
    except UnicodeDecodeError:
        raise Invalid("the transaction's name is not UTF-8") from None


def _read_arguments(transaction: SignedTransaction) -> dict[str, object]:
    """Return the arguments: the second argument is one JSON object, where there is one."""
    try:
        arguments = canonical.decode(transaction.args[1]) if len(transaction.args) == 2 else {}
    except canonical.NotCanonical as error:
        raise Invalid(f"arguments: {error}") from None
    if not isinstance(arguments, dict):
        raise Invalid("arguments: expected an object")
    return arguments


def _completed(channel: TransactionChannel, response: Response, event: tuple[str, bytes] | None) -> ChaincodeMessage:
    message = ChaincodeMessage(
        type=ChaincodeMessage.COMPLETED,
        payload=response.SerializeToString(),
        txid=channel.tx_id,
        channel_id=channel.channel_id,
    )
    if event is not None:
        message.chaincode_event.CopyFrom(ChaincodeEvent(tx_id=channel.tx_id, event_name=event[0], payload=event[1]))
    return message


def _internal(tx_id: str) -> Response:
    return Response(status=500, message=f"internal error: see the chaincode server's log for transaction {tx_id}")


def _places(error: BaseException) -> str:
    """Return types and places of an exception and of what caused it, without texts: they may hold secrets."""
    chain: list[str] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 5:
        frames = traceback.extract_tb(current.__traceback__)[-12:]
        places = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        chain.append(f"{type(current).__name__} at {places}")
        current = current.__cause__ or current.__context__
    return "; from ".join(chain)
