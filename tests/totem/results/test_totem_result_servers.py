"""Result stores that are servers of others: slow, strange or gone; they cost limited time, and give all or nothing."""

import contextlib
import datetime
import http.server
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.totem.results.stored import CONTENT, SIZE, fetched
from totem.services import fetching
from totem.services.errors import ProviderSide


class Strange(http.server.BaseHTTPRequestHandler):
    """A server of somebody who means no good."""

    def do_GET(self):
        kind = self.path.split("/")[1]
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/right{self.path[6:]}")
            self.end_headers()
            return
        if kind == "broken":
            self.send_error(500)
            return
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(SIZE + (5 if kind == "short" else 0)))
        self.end_headers()
        with contextlib.suppress(OSError):  # its reader has had enough
            match kind:
                case "right" | "short":
                    self.wfile.write(CONTENT)
                case "endless":
                    while True:
                        self.wfile.write(bytes(1 << 20))
                case "slow":
                    for at in range(0, SIZE, 1_000):
                        self.wfile.write(CONTENT[at : at + 1_000])
                        time.sleep(0.01)
                case "other":
                    self.wfile.write(bytes(SIZE))
        self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def strange():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("moved", "result_store", "answers 302"),
        ("broken", "result_store", "answers 500"),
        ("endless", "ciphertext_damaged", "is damaged"),
        ("other", "ciphertext_damaged", "is damaged"),
    ],
)
def test_a_strange_server_is_the_providers_trouble(strange, kind, code, message):
    with pytest.raises(ProviderSide, match=message) as trouble:
        fetched(f"{strange}/{kind}")
    assert trouble.value.code == code
    assert fetched(f"{strange}/right") == CONTENT


def test_a_server_that_sends_too_slowly_is_the_providers_trouble(strange, monkeypatch):
    # It is never silent for long; a read of a whole piece would wait for all of it.
    monkeypatch.setattr(fetching, "_ALL_SECONDS", 0.1)
    monkeypatch.setattr(fetching, "_BYTES_PER_SECOND", 10 * SIZE)
    begin = time.monotonic()
    with pytest.raises(ProviderSide, match=f"sends too slowly: [0-9]+ of {SIZE} bytes") as trouble:
        fetched(f"{strange}/slow")
    assert trouble.value.code == "result_store"
    assert time.monotonic() - begin < 5


TRICKLES = {
    "header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "length of a chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "content": (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE, b"x"),
    "handshake": (b"\x16\x03\x03\x40\x00", b"x"),  # of TLS: the header of a record of 16 KiB
}


@pytest.fixture
def trickling():
    """Serves the beginning of an answer, then always the same, a little at a time; ``over`` is set when it may end."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(begin, again):
        with listening.accept()[0] as connected, contextlib.suppress(OSError):
            connected.recv(1 << 16)
            connected.sendall(begin)
            while not over.wait(0.02):
                connected.sendall(again)

    def begin(what):
        threading.Thread(target=serve, args=TRICKLES[what], daemon=True).start()
        return f"127.0.0.1:{listening.getsockname()[1]}"

    yield begin, over
    over.set()
    listening.close()


@pytest.mark.parametrize("what", TRICKLES)
def test_a_server_that_is_never_silent_and_never_done_keeps_nobody(trickling, monkeypatch, what):
    monkeypatch.setattr(fetching, "_ALL_SECONDS", 0.3)
    monkeypatch.setattr(fetching, "_BYTES_PER_SECOND", 1e9)
    before = set(threading.enumerate())
    url = f"{'https' if what == 'handshake' else 'http'}://{trickling[0](what)}/sealed"
    begin = time.monotonic()
    with pytest.raises(ProviderSide, match=r"it does not answer in|it sends too slowly: [0-9]+ of") as trouble:
        fetched(url)
    assert trouble.value.code == "result_store"
    assert time.monotonic() - begin < 5
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == f"reading {url}"]


def test_who_has_less_time_waits_no_longer_than_that(trickling):
    url = f"http://{trickling[0]('content')}/sealed"
    begin = time.monotonic()
    with pytest.raises(ProviderSide, match="sends too slowly"):
        fetched(url, size=1 << 40, patience=0.3)
    assert time.monotonic() - begin < 5


@pytest.mark.slow
def test_what_can_not_be_cut_is_left_and_not_begun_again(trickling, monkeypatch):
    monkeypatch.setattr(fetching, "_ALL_SECONDS", 1.0)
    monkeypatch.setattr(fetching, "_BYTES_PER_SECOND", 1e9)
    begin, over = trickling
    url = f"s3://bucket?region=x&scheme=http&endpoint_override={begin('content')}"
    with pytest.raises(ProviderSide, match=r"does not answer in|too slowly"):
        fetched(url)
    with pytest.raises(ProviderSide, match="it still keeps an earlier reader waiting"):
        fetched(url)
    over.set()  # else pyarrow waits for it at the end of this process


def test_a_server_over_tls_is_a_store_like_others(tmp_path, monkeypatch):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    pem = tmp_path / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        server.asked = []
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"https://localhost:{server.server_port}"
        with pytest.raises(ProviderSide, match="CERTIFICATE_VERIFY_FAILED"):
            fetched(f"{url}/right")
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert fetched(f"{url}/right") == CONTENT
        server.shutdown()


def test_a_server_that_stops_while_it_sends_is_the_providers_trouble(strange):
    with pytest.raises(ProviderSide) as trouble:
        fetched(f"{strange}/short", size=SIZE + 5)
    assert trouble.value.code in ("result_store", "ciphertext_damaged")


def test_a_server_that_is_not_there_is_the_providers_trouble(strange):
    with pytest.raises(ProviderSide, match="can't be reached") as trouble:
        fetched("http://127.0.0.1:9")
    assert trouble.value.code == "result_store"
