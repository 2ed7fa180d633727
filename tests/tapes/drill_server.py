"""An organisation's server of the drill while a tape is recorded: the shim, and before it a proxy that writes down.

Started by ``network deploy --server`` and told by environment what to serve, as every chaincode server; its argument
says where conversations go, one file for a node. Data on tapes are in the clear: it is for the drill only.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from tests.tapes.drill import Drill
from totem_chaincode.shim import ChaincodeServer
from totem_chaincode.shim.wire import MAX_MESSAGE

CONNECT = "/protos.Chaincode/Connect"
OPTIONS = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]


class Proxy(grpc.GenericRpcHandler):
    """Takes peers' streams, carries every message to the shim and back as it is, and writes it down."""

    def __init__(self, shim: str, file: Path) -> None:
        self._connect = grpc.insecure_channel(shim, OPTIONS).stream_stream(CONNECT)
        self._file = file
        self._lock = threading.Lock()
        self._streams = 0

    def service(self, details):
        return grpc.stream_stream_rpc_method_handler(self._carry) if details.method == CONNECT else None

    def _carry(self, incoming, context):
        with self._lock:
            self._streams += 1
            number = self._streams
        call = self._connect(self._note(number, "peer", incoming))
        context.add_callback(call.cancel)
        yield from self._note(number, "shim", call)

    def _note(self, stream, who, messages):
        for message in messages:
            with self._lock, self._file.open("a") as file:
                file.write(json.dumps({"stream": stream, "from": who, "message": message.hex()}) + "\n")
            yield message


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # before any thread begins; it is waited for below
    key, certificate, authority = (
        Path(os.environ[name]).read_bytes()
        for name in ("CHAINCODE_TLS_KEY", "CHAINCODE_TLS_CERT", "CHAINCODE_CLIENT_CA_CERT")
    )
    package_id = os.environ["CHAINCODE_ID"]
    # Every node's process runs in the folder that has its name.
    file = Path(sys.argv[1]) / f"{Path.cwd().name}.jsonl"
    with ChaincodeServer(Drill(), package_id, "127.0.0.1:0") as shim:
        proxy = grpc.server(ThreadPoolExecutor(16), options=OPTIONS)
        proxy.add_generic_rpc_handlers((Proxy(shim.address, file),))
        credentials = grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)
        assert proxy.add_secure_port(os.environ["CHAINCODE_SERVER_ADDRESS"], credentials)
        proxy.start()
        signal.sigwait([signal.SIGTERM])
        proxy.stop(1).wait()


if __name__ == "__main__":
    main()
