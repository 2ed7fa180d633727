"""The search for planted secrets finds them in every form that it claims to, and nothing where there is nothing."""

import base64
import gzip
import json
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from demo.leveldb import log_contents
from tests.network.entitled import Planted, keys_of, written
from tests.network.planted import Search, forms

WORD = 'planted "Größe"/?>'
KEY = bytes(range(0xE8, 0xFC))
NUMBER = 7_391_826_557_701_931
SECRETS = {"word": WORD, "key": KEY, "number": NUMBER}

TEXTS = {
    "as it is": WORD.encode(),
    "json": json.dumps({"cell": WORD}).encode(),
    "json, not only ascii": json.dumps({"cell": WORD}, ensure_ascii=False).encode(),
    "json in json": json.dumps({"row": json.dumps([WORD])}).encode(),
    "json in json, not only ascii": json.dumps(json.dumps([WORD], ensure_ascii=False), ensure_ascii=False).encode(),
    "hex": WORD.encode().hex().encode(),
    "hex, large letters": WORD.encode().hex().upper().encode(),
    "utf-16": f"row {WORD}.".encode("utf-16-le"),
    "utf-16, big-endian": f"row {WORD}.".encode("utf-16-be"),
    "in a url": b"GET /v1/planted%20%22Gr%C3%B6%C3%9Fe%22%2F%3F%3E HTTP/1.1",
}
NUMBERS = {
    "digits": b'{"kwh":7391826557701931}',
    "int64": struct.pack("<q", NUMBER),
    "int64, big-endian": struct.pack(">q", NUMBER),
    "float64": struct.pack("<d", NUMBER),
    "float64, big-endian": struct.pack(">d", NUMBER),
    "varint": bytes.fromhex("ab9edae1bbda900d"),
    "zigzag": bytes.fromhex("d6bcb4c3f7b4a11a"),
    "hex": struct.pack(">q", NUMBER).hex().encode(),
}


@pytest.fixture
def found(tmp_path):
    """Search a file that holds some bytes among others; return the names of what is found."""

    def search(content, name="blockfile_000000"):
        file = tmp_path / name
        file.write_bytes(b"before" + content + b"after")
        return set(Search(SECRETS).files([file]))

    return search


@pytest.mark.parametrize("form", TEXTS)
def test_a_word_is_found(found, form):
    assert found(TEXTS[form]) == {"word"}


@pytest.mark.parametrize("form", NUMBERS)
def test_a_number_is_found(found, form):
    assert found(NUMBERS[form]) == {"number"}


@pytest.mark.parametrize("encode", [base64.standard_b64encode, base64.urlsafe_b64encode, base64.encodebytes])
@pytest.mark.parametrize("name", SECRETS)
def test_what_is_in_base64_is_found_wherever_it_begins(found, encode, name):
    data = {"word": WORD.encode(), "key": KEY, "number": b"[7391826557701931]"}[name]
    for before in range(4):
        for behind in range(4):
            assert found(encode(b"x" * before + data + b"y" * behind)) == {name}


def test_the_alphabets_differ_in_what_is_planted():
    """Else the test above would try one alphabet only."""
    assert base64.standard_b64encode(KEY) != base64.urlsafe_b64encode(KEY)


@pytest.mark.parametrize("lines", ["\n", "\r\n", "\\n"])
def test_a_key_that_pem_cuts_in_two_is_found(found, lines):
    for at in range(64):
        digits = base64.b64encode(bytes(at) + KEY + bytes(90)).decode()
        cut = lines.join(digits[start : start + 64] for start in range(0, len(digits), 64))
        assert found(cut.encode()) == {"key"}


def test_what_is_packed_is_found(tmp_path):
    file = tmp_path / "totem.tar.gz"
    file.write_bytes(gzip.compress(KEY))
    assert set(Search(SECRETS).files([file])) == {"key"}


def test_what_a_database_s_log_cuts_in_two_is_found(tmp_path):
    begin, end = b"x" * (32 * 1024 - 7 - 4) + KEY[:4], KEY[4:]
    log = struct.pack("<IHB", 0, len(begin), 2) + begin + struct.pack("<IHB", 0, len(end), 4) + end
    assert KEY not in log
    assert KEY in log_contents(log)
    (tmp_path / "CURRENT").touch()
    for name in ("000001.log", "MANIFEST-000002"):
        (tmp_path / name).write_bytes(log)
    assert Search(SECRETS).files(tmp_path.iterdir()) == {"key": {tmp_path / "000001.log", tmp_path / "MANIFEST-000002"}}


def test_what_is_in_a_file_s_name_is_found(tmp_path):
    file = tmp_path / KEY.hex()
    file.touch()
    assert set(Search(SECRETS).files([file])) == {"key"}


def test_what_is_printed_is_found():
    assert Search(SECRETS).text(f"Traceback: {WORD!s} is no number") == {"word"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        WORD.encode()[:-1],
        base64.b64encode(KEY[:-1] + b"\0"),
        struct.pack("<q", NUMBER + 1),
        str(NUMBER + 1).encode(),
        bytes(10_000),
        json.dumps({"hash": "ab" * 32, "bytes": 7_391_826}).encode() * 50,
    ],
)
def test_what_is_not_there_is_not_found(found, content):
    assert found(content) == set()


def test_what_is_too_short_to_tell_anything_is_not_searched_for():
    for secret in ("short", b"1234567", 5):
        with pytest.raises(AssertionError, match="plant something longer"):
            forms(secret)


def node(peer, path):
    return f"network/nodes/peer.{peer}/data/{path}"


def test_who_may_have_what_is_in_private_data():
    secret = written(WORD, "south", files=("providers/south/jobs/*/result.jsonl",))
    for peer in ("north", "researcher", "consortium", "south"):
        assert secret.may_be_at(node(peer, "transientstore/000001.log"))
    assert secret.may_be_at(node("south", "ledgersData/stateLeveldb/000001.log"))
    assert secret.may_be_at(node("south", "ledgersData/pvtdataStore/000001.ldb"))
    assert secret.may_be_at("providers/south/jobs/job-1/result.jsonl")
    for place in (
        node("east", "transientstore/000001.log"),
        node("north", "ledgersData/stateLeveldb/000001.log"),
        node("north", "ledgersData/pvtdataStore/000001.ldb"),
        node("south", "ledgersData/historyLeveldb/000001.log"),
        node("south", "ledgersData/chains/chains/totem/blockfile_000000"),
        "network/nodes/totem.south/log",
        "network/nodes/peer.south/log",
        "network/nodes/orderer1/data/wal/totem/0.wal",
        "providers/north/jobs/job-1/result.jsonl",
        "providers/south/jobs/job-1/logs/master.log",
        "home.log",
    ):
        assert not secret.may_be_at(place), place


def test_what_is_in_no_private_data_is_not_excused_in_a_transient_store():
    secret = Planted(WORD)
    for peer in ("north", "researcher", "consortium", "south", "east"):
        for folder in ("transientstore", "ledgersData/stateLeveldb", "ledgersData/pvtdataStore"):
            assert not secret.may_be_at(node(peer, f"{folder}/000001.log"))


def test_every_private_key_may_be_in_its_own_file_only(tmp_path):
    """As PEM has it, and as a number or in base64 wherever it stands."""
    key = ec.generate_private_key(ec.SECP256R1())
    kinds = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    for name, kind in zip(("a", "b"), kinds, strict=True):
        pem = key.private_bytes(Encoding.PEM, kind, NoEncryption())
        (tmp_path / "wallet").mkdir(exist_ok=True)
        text = json.dumps({"credentials": {"privateKey": pem.decode()}})
        (tmp_path / "wallet" / f"{name}.id").write_text(text)
    found = keys_of(tmp_path)
    assert set(found) == {"key wallet/a.id", "key wallet/b.id"}
    assert found["key wallet/a.id"].may_be_at("wallet/a.id")
    assert not found["key wallet/a.id"].may_be_at("wallet/b.id")
    search = Search({name: planted.secret for name, planted in found.items()})
    assert {name: len(paths) for name, paths in search.files(tmp_path.rglob("*.id")).items()} == dict.fromkeys(found, 2)
    number = key.private_numbers().private_value.to_bytes(32, "big")
    for text in (number, number.hex().encode(), base64.urlsafe_b64encode(b"d:" + number)):
        assert search.data(text) == set(found)
