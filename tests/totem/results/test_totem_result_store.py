"""Result stores: folders, buckets and servers; whole ciphertexts or none, whatever is in the way."""

import contextlib
import hashlib
import io
import os
import re
import socket
import time

import httpx
import pytest

from tests.totem.results.stored import CONTENT, HASH, SIZE, fetched
from totem.api.sealed import create_sealed_app
from totem.api.serve import ApiServer
from totem.services import result_bucket
from totem.services.errors import BadInput, Missing, ProviderSide
from totem.services.result_store import FolderStore, copy_checked, object_path, open_store
from totem.services.store import ProviderStore, ResultPlace


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
