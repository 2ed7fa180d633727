"""``totem chaincode``: the package is the same everywhere, the server tells its health and ends when asked to."""

import json
import signal
import socket
import stat
import subprocess
import sys
import time

import grpc
import pytest

from totem.ledger.identities import CertificateAuthority
from totem_chaincode.shim import Connection, make_package

PACKAGE_ID = "totem_1:" + "ab" * 32
PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def health(address):
    with grpc.insecure_channel(address) as channel:
        try:
            return channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=5)
        except grpc.RpcError as error:
            return error.code().name


def test_the_package_is_the_one_of_its_connection_wherever_it_is_made(totem, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_text(PEM)
    options = ("--address", "chaincode.north:9999", "--tls-ca", ca, "--label", "totem_2")
    made = [totem.ask("chaincode", "package", *options, "-o", tmp_path / name) for name in ("a.tar.gz", "b.tar.gz")]
    expected = make_package("totem_2", Connection("chaincode.north:9999", PEM))
    assert [item["package_id"] for item in made] == [expected.package_id] * 2
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes() == expected.data
    assert stat.S_IMODE((tmp_path / "a.tar.gz").stat().st_mode) == 0o600
    shown = totem.tell("chaincode", "package", *options, "-o", tmp_path / "c.tar.gz")
    assert shown.stdout == f"{expected.package_id}\n"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--address", "nowhere"), "is not an address"),
        (("--address", "a:1", "--label", "../x"), "is not a label"),
        (("--address", "a:1", "--client-cert", "cert"), "mutual TLS needs both"),
        (("--address", "a:1", "--tls-ca", "missing"), "there is no file missing"),
    ],
)
def test_what_peers_would_not_take_is_refused_and_nothing_is_written(totem, tmp_path, monkeypatch, options, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cert").write_text(PEM)
    done = totem.tell("chaincode", "package", *options, "-o", "out.tar.gz")
    assert (done.exit_code, reason in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "out.tar.gz").exists()


def test_a_client_key_must_be_its_certificate_s(totem, tmp_path):
    authority = CertificateAuthority.create()
    north, south = (authority.issue(name, "NorthMSP", "provider") for name in ("north", "south"))
    ca, certificate, key, other = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem", "other.pem"))
    ca.write_text(authority.certificate)
    certificate.write_text(north.certificate)
    key.write_text(north.key_pem())
    other.write_text(south.key_pem())
    pair = ("chaincode", "package", "--address", "a:1", "--tls-ca", ca, "--client-cert", certificate, "--client-key")
    done = totem.tell(*pair, other, "-o", tmp_path / "x.tar.gz")
    assert (done.exit_code, f"{other} is not the key of {certificate}" in done.stderr) == (2, True)
    assert "PRIVATE" not in done.stderr
    assert not (tmp_path / "x.tar.gz").exists()
    assert totem.ask(*pair, key, "-o", tmp_path / "x.tar.gz")["label"] == "totem_1"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["totem", "module"])
@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
def test_the_server_serves_as_the_environment_says_until_it_is_asked_to_end(command, ended_by, totem):
    address = f"127.0.0.1:{free_port()}"
    words = [totem.PROGRAM, "chaincode", "serve"] if command == "totem" else [sys.executable, "-m"]
    words += [] if command == "totem" else ["totem_chaincode.shim"]
    environment = totem.environment(CHAINCODE_ID=PACKAGE_ID, CHAINCODE_SERVER_ADDRESS=address)
    # Whoever runs the tests in the background ignores interrupts, and children inherit that.
    with subprocess.Popen(
        words,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 no threads yet
    ) as server:
        try:
            end = time.monotonic() + 30
            while (said := health(address)) != b"\x08\x01":
                assert time.monotonic() < end, said
                time.sleep(0.05)
            server.send_signal(ended_by)
            _, log = server.communicate(timeout=30)
        finally:
            server.kill()
    assert server.returncode == 0, log
    assert f"chaincode {PACKAGE_ID} listens on {address}" in log
    assert "has stopped" in log


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--address", "127.0.0.1:0"), "--id"),
        (("--id", PACKAGE_ID, "--address", "0.0.0.0:9999"), "without TLS"),
        (("--id", PACKAGE_ID, "--address", ":9999"), "without TLS"),
        (("--id", PACKAGE_ID, "--address", "chaincode.example:9999"), "without TLS"),
        (("--id", PACKAGE_ID, "--address", "127.0.0.1:70000"), "port 0 to 65535"),
        (("--id", PACKAGE_ID, "--address", "127.0.0.1:http"), "port 0 to 65535"),
        (("--id", PACKAGE_ID, "--address", "127.0.0.1:0", "--tls-cert", "x"), "TLS needs both"),
        (
            ("--id", PACKAGE_ID, "--address", "127.0.0.1:0", "--tls-cert", "/nowhere/c", "--tls-key", "/nowhere/k"),
            "/nowhere/c: No such file",
        ),
    ],
)
def test_a_server_that_cannot_serve_says_why(totem, options, reason):
    done = totem.tell("chaincode", "serve", *options)
    assert (done.exit_code, reason in done.stderr) == (2, True), done.output


@pytest.mark.slow
def test_a_module_without_an_environment_says_what_is_missing(totem):
    environment = {name: value for name, value in totem.environment().items() if not name.startswith("CHAINCODE_")}
    command = [sys.executable, "-m", "totem_chaincode.shim"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "the environment has no CHAINCODE_ID" in done.stderr) == (2, True)


def test_json_is_one_document(totem, tmp_path):
    done = totem.tell("chaincode", "package", "--address", "a:1", "-o", tmp_path / "x.tar.gz", "--json")
    assert set(json.loads(done.stdout)) == {"package_id", "label", "file"}
