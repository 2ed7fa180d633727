"""The chaincode package: what peers accept, byte for byte the same everywhere."""

import gzip
import hashlib
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from totem_chaincode.shim import Connection, PackageProblem, make_package
from totem_chaincode.shim.package import _gzip

PLAIN = Connection("127.0.0.1:9999")
ROOT, CERTIFICATE = (f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n" for text in ("AAAA", "BBBB"))
KEY = "-----BEGIN PRIVATE KEY-----\nCCCC\n-----END PRIVATE KEY-----\n"
MUTUAL = Connection("chaincode.utility.example:9999", ROOT, CERTIFICATE, KEY)


def unpack(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar.getmembers()}


def test_a_package_has_what_a_peer_looks_for():
    files = unpack(make_package("totem_1.0", PLAIN).data)
    assert json.loads(files["metadata.json"]) == {"type": "ccaas", "label": "totem_1.0", "path": ""}
    assert list(files) == ["metadata.json", "code.tar.gz"]
    code = unpack(files["code.tar.gz"])
    assert json.loads(code["connection.json"]) == {
        "address": "127.0.0.1:9999",
        "dial_timeout": "10s",
        "tls_required": False,
        "client_auth_required": False,
    }


def test_mutual_tls_is_in_the_connection():
    code = unpack(unpack(make_package("totem", MUTUAL).data)["code.tar.gz"])
    assert json.loads(code["connection.json"]) == {
        "address": "chaincode.utility.example:9999",
        "dial_timeout": "10s",
        "tls_required": True,
        "root_cert": ROOT,
        "client_auth_required": True,
        "client_cert": CERTIFICATE,
        "client_key": KEY,
    }
    assert "CCCC" not in repr(MUTUAL)


def test_the_package_id_is_the_same_on_every_machine():
    package = make_package("totem_1.0", PLAIN)
    assert package.package_id == f"totem_1.0:{hashlib.sha256(package.data).hexdigest()}"
    # Whoever changes a byte of this changes the package id that operators have approved.
    assert package.package_id == "totem_1.0:77831beb65d40ceb495a58a7df2872de967218f1ccc26b12e5a6b182dfb0b3cb"
    assert make_package("totem_1.0", Connection("127.0.0.1:9998")).package_id != package.package_id


@given(st.binary(max_size=200) | st.integers(0, 200_000).map(bytes))
def test_the_compressed_file_is_one_that_gzip_reads(data):
    assert gzip.decompress(_gzip(data)) == data


@pytest.mark.parametrize("label", ["", "-a", "a b", "a/b", "a:b", "ä"])
def test_a_label_that_no_peer_takes_is_refused(label):
    with pytest.raises(PackageProblem, match="not a label"):
        make_package(label, PLAIN)


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (Connection("127.0.0.1"), "not an address"),
        (Connection("http://host:1"), "not an address"),
        (Connection("host:"), "not an address"),
        (Connection("host:0"), "not an address"),
        (Connection("host:65536"), "not an address"),
        (Connection("host:1", dial_timeout="nonsense"), "not a time"),
        (Connection("host:1", dial_timeout="-5s"), "not a time"),
        (Connection("host:1", dial_timeout="0s"), "not a time"),
        (Connection("host:1", ROOT, CERTIFICATE), "needs both"),
        (Connection("host:1", ROOT, "", KEY), "needs both"),
        (Connection("host:1", "", CERTIFICATE, KEY), "root certificate"),
        (Connection("host:1", "garbage"), "the root certificate is not a certificate"),
        (Connection("host:1", KEY), "the root certificate is not a certificate"),
        (Connection("host:1", ROOT + KEY), "the root certificate is not a certificate, or not only"),
        (Connection("host:1", ROOT, KEY, CERTIFICATE), "the client certificate is not a certificate"),
        (Connection("host:1", ROOT, CERTIFICATE, CERTIFICATE), "the client key is not a key"),
    ],
)
def test_a_connection_that_no_peer_can_use_is_refused(connection, message):
    with pytest.raises(PackageProblem, match=message):
        make_package("totem", connection)


@pytest.mark.parametrize("time", ["10s", "500ms", "1m30s", "0.5s", "2h"])
def test_times_of_every_form_are_taken(time):
    assert make_package("totem", Connection("host:1", dial_timeout=time)).data


@pytest.mark.parametrize("address", ["[::1]:9999", "host.example:1", "10.0.0.1:65535"])
def test_addresses_of_every_form_are_taken(address):
    assert make_package("totem", Connection(address)).data
