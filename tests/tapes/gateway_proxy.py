"""A proxy between TOTEM's client and a real peer: carries every call as it is, and writes it down."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

MAX_MESSAGE = 100 << 20
OPTIONS = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
DETAILS = "grpc-status-details-bin"
UNARY = ("Evaluate", "Endorse", "Submit", "CommitStatus")


class GatewayProxy(grpc.GenericRpcHandler):
    """Serves Gateway and Deliver without TLS on ``address`` and asks ``peer`` over TLS.

    Each finished call is an entry: peer, method, requests, responses, and how it ended.
    """

    def __init__(self, name: str, peer: str, tls_ca: bytes, entries: list[dict]) -> None:
        self._name = name
        self._channel = grpc.secure_channel(peer, grpc.ssl_channel_credentials(tls_ca), OPTIONS)
        self._entries = entries
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(64), options=OPTIONS)
        self._server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(1).wait()
        self._channel.close()

    def service(self, details):
        method = details.method
        if method.rpartition("/")[2] in UNARY:
            return grpc.unary_unary_rpc_method_handler(lambda request, context: self._ask(method, request, context))
        return grpc.stream_stream_rpc_method_handler(lambda incoming, context: self._follow(method, incoming, context))

    def _ask(self, method, request, context):
        entry = self._begin(method, [request])
        call = self._channel.unary_unary(method)
        try:
            answer, ended = call.with_call(request, timeout=context.time_remaining())
        except grpc.RpcError as error:
            self._end(entry, error)
            context.set_trailing_metadata(error.trailing_metadata())
            context.abort(error.code(), error.details())
        entry["responses"].append(answer.hex())
        self._end(entry, ended)
        return answer

    def _follow(self, method, incoming, context):
        # Deliver and ChaincodeEvents: one request each, that is all that the client sends.
        request = next(incoming)
        entry = self._begin(method, [request])
        call = self._channel.stream_stream(method)(iter([request]))
        context.add_callback(call.cancel)
        try:
            for answer in call:
                entry["responses"].append(answer.hex())
                yield answer
        except grpc.RpcError as error:
            self._end(entry, error)
            if error.code() != grpc.StatusCode.CANCELLED:
                context.set_trailing_metadata(error.trailing_metadata())
                context.abort(error.code(), error.details())
        else:
            self._end(entry, call)

    def _begin(self, method, requests):
        entry = {
            "peer": self._name,
            "method": method,
            "requests": [each.hex() for each in requests],
            "responses": [],
            # Unless it ends: the client has gone away from a stream that was not at its end.
            "code": "CANCELLED",
            "details": "",
            "trailers": [],
        }
        with self._lock:
            self._entries.append(entry)
        return entry

    def _end(self, entry, call):
        entry["code"] = call.code().name
        entry["details"] = call.details() or ""
        # What else is there (content types) is gRPC's own business.
        entry["trailers"] = [[key, value.hex()] for key, value in call.trailing_metadata() if key == DETAILS]
