"""The server and its streams: concurrency, streams that die, protocol, overload, shutdown, health, TLS."""

import json
import logging
import socket
import threading
import time

import grpc
import pytest

from tests.chaincode.shim.conftest import PACKAGE_ID
from tests.chaincode.shim.shim_peer import NOW, M, Peer, StreamTerminated
from tests.chaincode.shim.shim_people import certificate, identity, pem
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.shim import ChaincodeServer, ServerProblem, Tls
from totem_chaincode.shim.errors import ChannelEnded

pytestmark = pytest.mark.slow

WHO = identity("peter", "StavangerMSP", "consumer")


class Gate:
    """A contract that stands still between two reads until it is let go."""

    def __init__(self):
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()
        self.error = None

    def __call__(self, stub, args):
        try:
            stub.get_state("a")
            self.entered.release()
            assert self.go.wait(20)
            stub.get_state("b")
        except Exception as error:
            self.error = error
            raise
        return "through"

    def wait(self, count=1):
        for _ in range(count):
            assert self.entered.acquire(timeout=10)


@pytest.fixture
def gate(scripted):
    gate = scripted.calls["gate"] = Gate()
    scripted.calls["hello"] = lambda stub, args: "hello"
    yield gate
    gate.go.set()


def eventually(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def test_the_package_id_is_what_is_registered(peer):
    assert peer.package_id == PACKAGE_ID
    assert peer.seen[0] == "REGISTER"


def test_keepalive_is_answered(peer):
    peer.send(type=M.KEEPALIVE)
    eventually(lambda: "KEEPALIVE" in peer.seen)


@pytest.mark.slow
def test_fifty_transactions_wait_for_their_peer_at_once(gate, scripted, serve, connect):
    peer = connect(serve(scripted, workers=50))
    running = [peer.begin(WHO, "gate") for _ in range(50)]
    gate.wait(50)
    gate.go.set()
    assert [peer.finish(item).payload for item in running] == [b'"through"'] * 50


def test_a_slow_transaction_holds_nobody_up(gate, scripted, serve, connect):
    peer = connect(serve(scripted, workers=2))
    slow = peer.begin(WHO, "gate")
    gate.wait()
    assert peer.invoke(WHO, "hello") == "hello"
    gate.go.set()
    assert peer.finish(slow).status == 200


def test_more_than_the_pool_takes_wait_and_more_than_may_wait_are_refused(gate, scripted, serve, connect):
    server = serve(scripted, workers=1, waiting=1)
    peer = connect(server)
    first = peer.begin(WHO, "gate")
    gate.wait()
    second = peer.begin(WHO, "hello")
    eventually(lambda: server.running == 2)
    refused = peer.endorse(WHO, "hello")
    assert refused.status == 503
    assert "busy with 2 transactions" in refused.message
    gate.go.set()
    assert [peer.finish(item).status for item in (first, second)] == [200, 200]


def test_a_stream_that_dies_ends_the_transactions_that_wait_on_it_and_no_others(gate, scripted, serve, connect):
    server = serve(scripted)
    dying, other = connect(server), connect(server)
    held = threading.Event()
    dying.faults["GET_STATE"] = lambda message, transaction: held.wait(20)
    lost = dying.begin(WHO, "gate")
    kept = other.begin(WHO, "gate")
    gate.wait()
    eventually(lambda: server.running == 2)
    dying.call.cancel()
    eventually(lambda: server.running == 1)
    assert type(gate.error).__name__ == "ChannelEnded"
    with pytest.raises(StreamTerminated):
        dying.finish(lost)
    held.set()
    gate.go.set()
    assert other.finish(kept).status == 200
    assert connect(server).invoke(WHO, "hello") == "hello"


def test_a_transaction_that_computes_while_its_stream_dies_ends_at_its_next_read(gate, scripted, serve, connect):
    server = serve(scripted)
    dying = connect(server)
    dying.begin(WHO, "gate")
    gate.wait()
    dying.close()
    gate.go.set()
    eventually(lambda: server.running == 0)
    assert type(gate.error).__name__ == "ChannelEnded"


def test_a_peer_that_does_not_answer_holds_a_transaction_for_a_bounded_time(scripted, serve, connect):
    peer = connect(serve(scripted, patience=0.1))
    late = threading.Event()
    peer.faults["GET_STATE"] = lambda message, transaction: late.wait(10)
    found = []

    def twice(stub, args):
        for _ in range(2):
            try:
                found.append(stub.get_state("a"))
            except ChannelEnded as error:
                found.append(str(error))

    scripted.calls["twice"] = twice
    peer.begin(WHO, "twice")
    eventually(lambda: len(found) == 2)
    assert found == ["the peer has not answered within 0.1 s"] * 2
    late.set()


def test_an_answer_that_nobody_waits_for_is_not_taken_for_the_next_one(gate, scripted, serve, connect, caplog):
    caplog.set_level(logging.WARNING)
    peer = connect(serve(scripted))
    running = peer.begin(WHO, "gate")
    gate.wait()
    peer.send(type=M.ERROR, payload=b"stray", txid=running.tx_id, channel_id="totem")
    peer.send(type=M.RESPONSE, payload=b"stray", txid="unknown", channel_id="totem")
    eventually(lambda: caplog.text.count("is dropped") == 2)
    gate.go.set()
    assert peer.finish(running).status == 200


def test_a_transaction_that_comes_again_does_not_get_the_first_runs_answer(gate, scripted, serve, connect):
    # A peer that has timed out forgets what was read; the first run's answer would be endorsed without it.
    server = serve(scripted)
    peer = connect(server)
    peer.begin(WHO, "gate", tx_id="ab" * 32)
    gate.wait()
    again = peer.endorse(WHO, "gate", tx_id="ab" * 32)
    assert again.status == 503
    assert "propose it anew" in again.message
    gate.go.set()
    eventually(lambda: server.running == 0)
    assert type(gate.error).__name__ == "ChannelEnded"
    assert peer.seen.count("COMPLETED") == 1
    assert peer.endorse(WHO, "hello", tx_id="ab" * 32).status == 200


@pytest.mark.parametrize("kind", ["TRANSACTION", "READY", "RESPONSE", "COMPLETED", "GET_STATE", 99])
def test_a_peer_that_breaks_the_protocol_is_told_how(serve, kind):
    class Early(Peer):
        def _take(self, message):
            if message.type == M.REGISTER:
                self.send(type=M.Type.Value(kind) if isinstance(kind, str) else kind)

    peer = Early(serve().address)
    assert peer.ended.wait(10)
    assert peer.status[0] == grpc.StatusCode.FAILED_PRECONDITION
    assert (
        peer.status[1] == f"{kind if isinstance(kind, str) else 'type 99'} is not expected while the stream is created"
    )
    peer.close()


def test_a_ready_that_cant_be_read_ends_the_stream(serve):
    class Odd(Peer):
        def _take(self, message):
            self.send(type=M.REGISTERED)
            self.send(type=M.READY, payload=b"\xff\xff")

    peer = Odd(serve().address)
    assert peer.ended.wait(10)
    assert "READY" in peer.status[1]
    peer.close()


def test_init_is_answered_with_what_to_do(peer):
    told = peer.endorse(WHO, "init", kind=M.INIT)
    assert told.status == 503
    assert "without --init-required" in told.message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([], "as one JSON object, got 0 texts"),
        ([b"accounts.balance", b"{}", b"{}"], "got 3 texts"),
        ([b"\xff", b"{}"], "not UTF-8"),
        ([b"accounts.balance", b"{"], "arguments: not JSON"),
        ([b"accounts.balance", b'{"a":0.5}'], "0.5: a float"),
        ([b"accounts.balance", b"[]"], "arguments: expected an object"),
        ([b"no.such"], "there is no transaction 'no.such'"),
    ],
)
def test_a_wrong_call_is_answered_with_a_contract_error(peer, raw, message):
    refused = peer.endorse(WHO, "", raw=raw)
    assert refused.status == 400
    assert message in json.loads(refused.message)["message"]


def test_a_transaction_without_a_proposal_is_refused(peer):
    running = peer.begin(WHO, "accounts.balance")
    peer.finish(running)
    peer._running[running.tx_id] = running
    running.done.clear()
    peer.send(type=M.TRANSACTION, txid=running.tx_id, channel_id="totem")
    refused = peer.finish(running)
    assert (refused.status, json.loads(refused.message)["code"]) == (400, "bad_proposal")


@pytest.mark.slow
def test_an_answer_over_the_limit_does_not_end_the_stream(scripted, serve, connect):
    peer = connect(serve(scripted))
    scripted.calls["large"] = lambda stub, args: "x" * (101 << 20)
    scripted.calls["put"] = lambda stub, args: stub.put_state("a", b"x" * (101 << 20))
    assert peer.endorse(WHO, "large").status == 500
    assert peer.endorse(WHO, "put").status == 500
    assert not peer.ended.is_set()


def health(server, service="", credentials=None):
    options = [("grpc.ssl_target_name_override", "localhost")]
    make = (
        grpc.secure_channel(server.address, credentials, options)
        if credentials
        else grpc.insecure_channel(server.address)
    )
    with make as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check")
        request = bytes([0x0A, len(service)]) + service.encode() if service else b""
        return check(request, timeout=5)


def test_health_says_serving_for_the_server_and_the_service(serve):
    server = serve()
    assert health(server) == health(server, "protos.Chaincode") == b"\x08\x01"
    with pytest.raises(grpc.RpcError) as error:
        health(server, "other")
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_shutdown_lets_running_transactions_end_and_takes_no_new_ones(gate, scripted, serve, connect):
    server = serve(scripted)
    peer = connect(server)
    running = peer.begin(WHO, "gate")
    gate.wait()
    stopped = []
    stopping = threading.Thread(target=lambda: stopped.append(server.stop(10)))
    stopping.start()
    eventually(lambda: health(server) == b"\x08\x02")
    eventually(lambda: peer.endorse(WHO, "hello").status == 503)
    gate.go.set()
    assert peer.finish(running).payload == b'"through"'
    stopping.join(10)
    assert stopped == [True]
    assert peer.ended.wait(5)
    assert peer.status[0] == grpc.StatusCode.OK
    assert server.wait(1)
    assert server.stop(0) is True


def test_shutdown_does_not_wait_longer_than_its_grace(gate, scripted, serve, connect):
    server = serve(scripted)
    peer = connect(server)
    running = peer.begin(WHO, "gate")
    gate.wait()
    begun = time.monotonic()
    assert server.stop(0.1) is False
    assert time.monotonic() - begun < 3
    with pytest.raises(StreamTerminated):
        peer.finish(running)
    gate.go.set()


def test_a_port_in_use_is_an_error_and_not_a_second_server(serve):
    first = serve()
    second = ChaincodeServer(Chaincode(), PACKAGE_ID, first.address)
    with pytest.raises(ServerProblem, match="can't listen"):
        second.start()


def test_a_server_needs_a_package_id():
    with pytest.raises(ServerProblem, match="package id"):
        ChaincodeServer(Chaincode(), "", "127.0.0.1:0")


def frames(connection):
    """Yield the HTTP/2 frames that come, as type, flags and payload."""
    with connection.makefile("rb") as incoming:
        while header := incoming.read(9):
            yield header[3], header[4], incoming.read(int.from_bytes(header[:3]))


def test_pings_of_an_idle_peer_are_not_taken_for_an_attack(serve):
    # Fabric's peers ping every minute; gRPC's default allows one in five minutes, and closes the connection then.
    host, port = serve().address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        settings = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
        pings = [bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + number.to_bytes(8) for number in range(20)]
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings)
        acknowledged = []
        incoming = frames(connection)
        for ping in pings:
            connection.sendall(ping)
            for kind, flags, payload in incoming:
                assert kind != 7, f"GOAWAY: {payload[8:]}"
                if kind == 6 and flags == 1:
                    acknowledged.append(payload)
                    break
        assert acknowledged == [ping[9:] for ping in pings]


@pytest.fixture(scope="module")
def authority():
    return certificate("authority")


def issued(authority, name, **more):
    made, key = certificate(name, issuer=authority, **more)
    return pem(made), pem(made, key)


def client(authority, certificate_and_key=None):
    made, key = certificate_and_key or (None, None)
    return grpc.ssl_channel_credentials(pem(authority[0]), key, made)


def test_tls_serves_who_trusts_the_authority(serve, connect, authority):
    server = serve(tls=Tls(*issued(authority, "server", server=True)))
    assert connect(server, credentials=client(authority)).package_id == PACKAGE_ID
    assert health(server, credentials=client(authority)) == b"\x08\x01"


def test_mutual_tls_serves_only_peers_of_its_authority(serve, connect, authority):
    tls = Tls(*issued(authority, "server", server=True), client_authorities=pem(authority[0]))
    server = serve(tls=tls)
    assert connect(server, credentials=client(authority, issued(authority, "peer"))).package_id == PACKAGE_ID
    stranger = certificate("stranger")
    for credentials in (client(authority), client(authority, (pem(stranger[0]), pem(*stranger)))):
        refused = Peer(server.address, credentials=credentials)
        assert refused.ended.wait(10)
        assert refused.status[0] == grpc.StatusCode.UNAVAILABLE
        refused.close()


def test_a_peer_without_tls_gets_nothing_from_a_server_with_it(serve, authority):
    server = serve(tls=Tls(*issued(authority, "server", server=True)))
    plain = Peer(server.address)
    assert plain.ended.wait(10)
    assert plain.seen == []
    plain.close()


def test_keys_are_not_shown(authority):
    made, key = issued(authority, "server", server=True)
    assert "PRIVATE" not in repr(Tls(made, key))


def test_a_key_of_another_certificate_is_an_error_at_the_start(authority):
    tls = Tls(issued(authority, "one", server=True)[0], issued(authority, "two", server=True)[1])
    server = ChaincodeServer(Chaincode(), PACKAGE_ID, "127.0.0.1:0", tls=tls, clock=lambda: NOW)
    with pytest.raises(ServerProblem):
        server.start()
