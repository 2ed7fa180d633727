"""Result stores: folders, buckets and servers; whole ciphertexts or none, whatever is in the way."""

import contextlib
import datetime
import hashlib
import http.server
import io
import os
import re
import socket
import ssl
import threading
import time

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from totem.api.sealed import create_sealed_app
from totem.api.serve import ApiServer
from totem.services import fetching, result_bucket
from totem.services.errors import BadInput, Missing, ProviderSide
from totem.services.fetching import fetch
from totem.services.result_store import FolderStore, copy_checked, object_path, open_store
from totem.services.store import ProviderStore, ResultPlace

CONTENT = hashlib.shake_256(b"ciphertext").digest(3_000_000)
SIZE = len(CONTENT)
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "sealed.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(scope="module")
def s3():
    """A server that speaks S3's protocol, with a bucket; gives the store's URL and what is in the bucket."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  # slow to import

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    before = {name: os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    bucket = f"http://{host}:{port}/results"
    assert httpx.put(bucket).status_code == 200

    def objects():
        found = re.findall("<Key>([^<]*)</Key>", httpx.get(f"{bucket}?list-type=2").text)
        return [key for key in found if not key.endswith("/")]

    yield f"s3://results/of/north?region=us-east-1&scheme=http&endpoint_override={host}:{port}", objects
    server.stop()
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value


def fetched(url, ciphertext=HASH, size=SIZE, **options):
    target = io.BytesIO()
    fetch(url, ciphertext, size, target, **options)
    return target.getvalue()


def check_store(store, file, url=None):
    """What every store that a provider writes to does."""
    url = url or store.url
    assert store.open(HASH) is None
    with pytest.raises(Missing) as missing:
        fetched(url)
    assert missing.value.code == "ciphertext_missing"
    for _ in range(2):
        store.put(HASH, file)
        with contextlib.closing(store.open(HASH)) as found:
            assert found.read() == CONTENT
    assert fetched(url) == CONTENT
    with pytest.raises(ProviderSide) as damaged:
        fetched(url, size=SIZE - 1)
    assert damaged.value.code == "ciphertext_damaged"
    store.tidy()
    for _ in range(2):
        store.delete(HASH)
        assert store.open(HASH) is None


def test_a_folder_is_a_store(tmp_path, file):
    store = open_store((tmp_path / "shared store").as_uri())
    check_store(store, file)
    assert [path for path in (tmp_path / "shared store").rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_a_bucket_is_a_store(s3, file):
    url, objects = s3
    check_store(open_store(url), file)
    assert objects() == []
    open_store(url).put(HASH, file)
    assert objects() == [f"of/north/{HASH[:2]}/{HASH}"]
    # Another organisation's endpoint gets no credentials, but what it hands out to everybody can be fetched.
    assert fetched(url) == fetched("s3://elsewhere", store=url) == CONTENT
    open_store(url).delete(HASH)


@pytest.mark.parametrize(
    ("query", "is_told", "anonymous"),
    [
        ("region=us-east-1", True, False),
        ("region=us-east-1&scheme=https", True, False),
        ("region=us-east-1&scheme=http", True, True),
        ("endpoint_override=127.0.0.1:9", True, True),
        ("region=us-east-1&scheme=http", False, False),
    ],
)
def test_nothing_is_signed_where_a_told_place_would_show_it(monkeypatch, query, is_told, anonymous):
    asked = []
    monkeypatch.setattr(result_bucket, "S3FileSystem", lambda **options: asked.append(options["anonymous"]))
    result_bucket.BucketStore(f"s3://results/of?{query}", is_told=is_told)
    assert asked == [anonymous]


@pytest.mark.slow
def test_a_bucket_that_does_not_answer_is_the_providers_trouble(s3, file):
    url = f"{s3[0].partition('&endpoint')[0]}&endpoint_override=127.0.0.1:9"
    for call in (lambda: open_store(url).put(HASH, file), lambda: open_store(url).open(HASH), lambda: fetched(url)):
        with pytest.raises(ProviderSide) as trouble:
            call()
        assert trouble.value.code == "result_store"
    missing = s3[0].replace("results/of", "no-such-bucket/of")
    with pytest.raises(ProviderSide, match="does not work"):
        open_store(missing).put(HASH, file)


@pytest.fixture
def served(tmp_path):
    """A provider's store that is served over HTTP: the store, and the URL that consumers are told."""
    store = ProviderStore(tmp_path / "north")
    server = ApiServer(create_sealed_app(store), "127.0.0.1", 0)
    stop = server.start()
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port)):
            break
        time.sleep(0.02)
    yield store, f"{server.url}/v1/sealed"
    stop()


def test_a_server_hands_out_what_is_in_the_store(served, file):
    store, url = served
    check_store(open_store(store.result_place.store), file, url)
    for path in (f"/{HASH}", f"/00/{HASH}", f"/{HASH[:2]}/{HASH}x", "/../secret.key"):
        with pytest.raises(Missing):
            fetched(url + path)


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "url",
    [
        "http://a..b/x",
        f"https://{'a' * 70}.example",
        "http://%2e%2e/x",
        "http://localhost:99999",
        "file:///srv/%00",
        f"file:///{'a' * 300}",
        "s3://bucket/a//b?scheme=http&endpoint_override=127.0.0.1:9",
    ],
)
def test_a_place_that_can_not_be_is_the_providers_trouble(url):
    with pytest.raises(ProviderSide) as trouble:
        fetched(url)
    assert trouble.value.code == "result_store"


def test_a_server_that_stops_while_it_sends_is_the_providers_trouble(strange):
    with pytest.raises(ProviderSide) as trouble:
        fetched(f"{strange}/short", size=SIZE + 5)
    assert trouble.value.code in ("result_store", "ciphertext_damaged")


def test_a_server_that_is_not_there_is_the_providers_trouble(strange):
    with pytest.raises(ProviderSide, match="can't be reached") as trouble:
        fetched("http://127.0.0.1:9")
    assert trouble.value.code == "result_store"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "/srv/results",
        "file://host/srv",
        "file:///srv?x=1",
        "file:srv",
        "s3://",
        "https://",
        "http://[::1",
        "s3://key:secret@bucket",
        "https://name@host/x",
        "s3://bucket?tls_verify_certificates=false",
        "s3://bucket?region=a&region=b",
        "s3://bucket?region=host/x%23",
        "s3://bucket?endpoint_override=host/x%3F",
        "s3://bucket?scheme=file",
        "s3://host:80/x",
        "s3://bucket/x?region=a#",
        "https://host/admin?x=",
        "https://host/admin?",
        "https://host/admin#x",
        "https://host/admin#",
        "file:///srv#",
        "file:///a b",
        "",
    ],
)
def test_what_is_no_store_is_said_and_never_asked(url, tmp_path):
    with pytest.raises(ProviderSide) as told:
        fetched(url)
    assert told.value.code == "result_store"
    if url:
        with pytest.raises(BadInput) as own:
            fetched("file:///srv", store=url)
        assert own.value.code == "bad-store"
    with pytest.raises(BadInput):
        open_store(url)


def test_a_provider_does_not_write_to_a_server():
    with pytest.raises(BadInput, match="file://, s3://"):
        open_store("https://host/v1/sealed")


def test_odd_files_in_a_store_are_no_ciphertexts(tmp_path, file):
    store = FolderStore.at(tmp_path / "store")
    place = tmp_path / "store" / object_path(HASH)
    place.parent.mkdir(parents=True)
    # What is in the place of a ciphertext is replaced, if that is possible at all.
    place.write_bytes(CONTENT[:-1])
    with pytest.raises(ProviderSide, match="is damaged"):
        fetched(store.url)
    store.put(HASH, file)
    assert fetched(store.url) == CONTENT
    place.write_bytes(CONTENT[:-1] + b"x")
    store.put(HASH, file)
    assert fetched(store.url) == CONTENT
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(Missing):  # nobody waits for what a pipe will say
        fetched(store.url)
    store.put(HASH, file)
    assert fetched(store.url) == CONTENT
    place.unlink()
    place.symlink_to("/dev/zero")
    with pytest.raises(Missing):
        fetched(store.url)
    place.unlink()
    place.mkdir()
    with pytest.raises(Missing):
        fetched(store.url)
    with pytest.raises(ProviderSide) as trouble:
        store.put(HASH, file)
    assert trouble.value.code == "result_store"
    assert store.url in trouble.value.message


def test_a_store_whose_folder_is_a_file_is_said(tmp_path, file):
    store = FolderStore.at(file)
    for call in (lambda: store.put(HASH, file), lambda: store.delete(HASH)):
        with pytest.raises(ProviderSide, match="does not work"):
            call()
    assert store.open(HASH) is None


def test_nothing_but_what_was_sealed_is_put(tmp_path, file):
    store = FolderStore.at(tmp_path / "store")
    file.write_bytes(CONTENT[:-1])
    with pytest.raises(ProviderSide, match="has changed on this disk"):
        store.put(HASH, file)
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_an_interrupted_put_leaves_nothing_for_ever(tmp_path, file, monkeypatch):
    store = FolderStore.at(tmp_path / "store")
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store.put(HASH, file)
    monkeypatch.undo()
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []
    # A power cut leaves the temporary file; it is removed when it is old enough to be nobody's.
    left = tmp_path / "store" / HASH[:2] / ".putting-abc"
    left.write_bytes(b"half")
    store.tidy()
    assert left.exists()
    os.utime(left, (time.time() - 7_200,) * 2)
    store.tidy()
    assert not left.exists()


def test_ciphertexts_can_be_read_by_those_who_have_the_folder_mounted(tmp_path, file):
    store = FolderStore.at(tmp_path / "store")
    store.put(HASH, file)
    assert (tmp_path / "store" / object_path(HASH)).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("ciphertext", ["", "ab", "../../etc/passwd", "AB" * 32, "ab" * 32 + "\n"])
def test_only_a_hash_names_a_ciphertext(tmp_path, ciphertext):
    with pytest.raises(ValueError, match="not a sha256"):
        object_path(ciphertext)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_a_copy_is_checked_at_every_size(size):
    content = bytes(size)
    target = io.BytesIO()
    assert copy_checked(io.BytesIO(content), target, hashlib.sha256(content).hexdigest(), size)
    assert target.getvalue() == content
    assert not copy_checked(io.BytesIO(content), io.BytesIO(), hashlib.sha256(content).hexdigest(), size + 1)
    assert not copy_checked(io.BytesIO(content + b"x"), io.BytesIO(), hashlib.sha256(content).hexdigest(), size)


def test_a_provider_keeps_results_in_its_own_folder_unless_it_says_otherwise(tmp_path):
    store = ProviderStore(tmp_path / "my north")
    own = (tmp_path / "my north" / "results").as_uri()
    assert store.result_place == ResultPlace(own, own)
    store.keep_results_in(ResultPlace("s3://bucket", "https://host/v1/sealed"))
    assert ProviderStore(tmp_path / "my north").result_place == ResultPlace("s3://bucket", "https://host/v1/sealed")
