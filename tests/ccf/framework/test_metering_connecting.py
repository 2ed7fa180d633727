"""A busy machine: whoever is called takes a connection at once, but says nothing on it for a second."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest

from tests.network.loopback import Loopback
from totem_ccf.metering import rpc


@pytest.fixture
def port():
    """The port of a server that answers everything with what it was asked."""
    answer = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
    server = grpc.server(ThreadPoolExecutor(2), options=rpc.OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {"Say": answer}),))
    found = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield found
    server.stop(None).wait()


@pytest.mark.slow
def test_a_process_is_not_gone_because_it_is_slow_to_greet(port):
    with closing(Loopback(port)) as way:
        way.hold()
        threading.Timer(1.0, way.release).start()
        with grpc.insecure_channel(f"127.0.0.1:{way.port}", options=rpc.OPTIONS) as channel:
            assert channel.unary_unary("/test.Echo/Say")(b"well", timeout=20) == b"well"
