"""The server: chaincode as a service, to which every peer of the organisation connects."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

import grpc

from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.shim.answer import Answerer
from totem_chaincode.shim.channel import PATIENCE
from totem_chaincode.shim.health import health_handler
from totem_chaincode.shim.pool import Pool
from totem_chaincode.shim.stream import PeerStream
from totem_chaincode.shim.wire import MAX_MESSAGE, ChaincodeMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ChaincodeServer", "ServerProblem", "Tls"]

_log = logging.getLogger("totem_chaincode.shim")

_UNARY_CALLS = 4
_CLOSING_SECONDS = 5.0
_LAST_PORT = 65_535
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    # Two servers on one port would share the peers between them without anybody noticing.
    ("grpc.so_reuseport", 0),
    # Peers ping every minute, on idle streams too; by default that is taken for an attack and ends the connection.
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    # A peer whose machine is gone never closes its stream.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)


class ServerProblem(Exception):
    """The server can't be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate and key (PEM); with ``client_authorities`` (PEM) only peers certified by them get in."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_authorities: bytes | None = None

    def credentials(self) -> grpc.ServerCredentials:
        """Return gRPC's credentials."""
        return grpc.ssl_server_credentials(
            [(self.key, self.certificate)],
            root_certificates=self.client_authorities,
            require_client_auth=self.client_authorities is not None,
        )


class ChaincodeServer:
    """Serves a chaincode under the package id that peers know it by; also a context manager.

    ``address`` is ``host:port`` (port 0: a free one; ``address`` says which after ``start``). ``workers``
    transactions run at a time and ``waiting`` more may wait; ``streams`` peers may be connected. ``clock`` gives
    milliseconds since 1970 UTC, ``patience`` is how long a transaction waits for one answer of its peer, in seconds.
    """

    def __init__(
        self,
        chaincode: Chaincode,
        package_id: str,
        address: str,
        *,
        tls: Tls | None = None,
        workers: int = 32,
        waiting: int = 1_000,
        streams: int = 128,
        clock: Callable[[], int] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        if not package_id:
            raise ServerProblem("a package id is needed: `peer lifecycle chaincode queryinstalled` shows it")
        self.package_id = package_id
        self.address = address
        self._tls = tls
        self._answerer = Answerer(chaincode, clock)
        self._pool = Pool(workers, waiting)
        self._patience = patience
        self._lock = threading.Lock()
        self._streams: set[PeerStream] = set()
        self._serving = False
        self._stopping = threading.Lock()
        self._drained: bool | None = None
        calls = streams + _UNARY_CALLS
        # Every stream keeps a thread of gRPC's busy; one more would wait unseen instead of being refused.
        self._server = grpc.server(
            ThreadPoolExecutor(calls, thread_name_prefix="totem-chaincode-stream"),
            options=_OPTIONS,
            maximum_concurrent_rpcs=calls,
        )
        connect = grpc.stream_stream_rpc_method_handler(
            self._connect,
            request_deserializer=ChaincodeMessage.FromString,
            response_serializer=ChaincodeMessage.SerializeToString,
        )
        chaincode_service = grpc.method_handlers_generic_handler("protos.Chaincode", {"Connect": connect})
        self._server.add_generic_rpc_handlers((chaincode_service, health_handler(lambda: self._serving)))

    @property
    def running(self) -> int:
        """How many transactions run or wait for their turn."""
        return self._pool.count

    def start(self) -> None:
        """Listen for peers.

        Raises:
            ServerProblem: the address can't be used, or the certificate and key don't fit.
        """
        host, _, wanted = self.address.rpartition(":")
        if not wanted.isdecimal() or int(wanted) > _LAST_PORT:
            # gRPC would take it modulo 65,536 and listen somewhere else.
            raise ServerProblem(f"{self.address}: not an address (host:port, port 0 to {_LAST_PORT})")
        try:
            if self._tls is None:
                port = self._server.add_insecure_port(self.address)
            else:
                port = self._server.add_secure_port(self.address, self._tls.credentials())
        except RuntimeError as error:
            raise ServerProblem(
                f"{self.address}: can't listen here (in use, or certificate and key?): {error}"
            ) from None
        if not port:
            raise ServerProblem(f"{self.address}: can't listen here: is it in use, do certificate and key fit?")
        self.address = f"{host}:{port}"
        self._server.start()
        self._serving = True
        _log.info("chaincode %s listens on %s, %s", self.package_id, self.address, "TLS" if self._tls else "no TLS")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the server has stopped; return whether it has."""
        return not self._server.wait_for_termination(seconds)

    def stop(self, grace: float = 30.0) -> bool:
        """Stop: take no new transactions, let those that run end and be answered, then close the streams.

        Returns whether all ended within ``grace`` seconds; the others come to nothing. Once it has stopped, a further
        call returns the same.
        """
        self._serving = False
        with self._stopping:
            if self._drained is None:
                self._drained = self._stop(grace)
            return self._drained

    def __enter__(self) -> ChaincodeServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop(0 if error else 30.0)

    def _connect(
        self, incoming: Iterable[ChaincodeMessage], context: grpc.ServicerContext
    ) -> Iterator[ChaincodeMessage]:
        """Serve one peer's stream (``protos.Chaincode/Connect``)."""
        stream = PeerStream(self.package_id, self._answerer, self._pool, name=context.peer(), patience=self._patience)
        with self._lock:
            self._streams.add(stream)
        try:
            if not context.add_callback(lambda: stream.end("the connection ended")):
                return
            threading.Thread(target=stream.listen, args=(incoming,), name="totem-chaincode-peer", daemon=True).start()
            yield from stream.outgoing()
            if stream.violation:
                context.set_code(grpc.StatusCode.FAILED_PRECONDITION)
                context.set_details(stream.violation)
        finally:
            stream.end("the connection ended")
            with self._lock:
                self._streams.discard(stream)

    def _stop(self, grace: float) -> bool:
        until = time.monotonic() + grace
        drained = self._pool.drain(grace)
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.end("the chaincode server shuts down")
        # The answers are queued: let them be written.
        self._server.stop(max(_CLOSING_SECONDS, until - time.monotonic()) if drained else 0).wait()
        self._pool.close()
        _log.info("chaincode %s has stopped%s", self.package_id, "" if drained else " with transactions running")
        return drained
