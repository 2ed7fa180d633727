"""``totem admin ca``: registered, enrolled, renewed, revoked at a small fabric-ca; what goes wrong is said."""

import json
from contextlib import closing

import pytest
from cryptography import x509
from typer.testing import CliRunner

from tests.totem.ledger.fabric.small_ca import SmallCa
from totem.cli.main import app
from totem.ledger.certificates import load
from totem.ledger.fabric import from_msp_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server():
    with closing(SmallCa()) as made:
        yield made


@pytest.fixture
def totem(server, tmp_path):
    """Run `totem admin ca …` at the server; returns what it printed with --json."""
    (tmp_path / "tls.pem").write_bytes(server.tls_ca)

    def run(*words, secret="", status=0, at=("--url", server.address, "--msp-id", "Org1MSP")):
        place = [*at, *(("--tls-ca", tmp_path / "tls.pem") if "--url" in at else ())]
        command = [str(word) for word in ("admin", "ca", *words, *place, "--json")]
        done = CliRunner(env={"TOTEM_CA_SECRET": secret}).invoke(app, command)
        assert done.exit_code == status, done.output + repr(done.exception)
        return json.loads(done.stdout) if status == 0 else done.stdout + done.stderr

    return run


@pytest.fixture
def registrar(totem, tmp_path):
    totem("enrol", "admin", "--out", tmp_path / "admin", secret="adminpw")
    return tmp_path / "admin"


def test_an_identity_goes_from_its_registration_to_its_revocation(totem, registrar, tmp_path):
    asked = ("register", "peter", "--role", "consumer", "--attribute", "quota=5", "--registrar", registrar)
    secret = totem(*asked)["secret"]
    folder = tmp_path / "peter"
    enrolled = totem("enrol", "peter", "--out", folder, secret=secret)
    assert (enrolled["participant"], enrolled["role"]) == ("peter@Org1MSP", "consumer")
    assert enrolled["attributes"]["quota"] == "5"
    first = from_msp_folder(folder, "Org1MSP")
    assert (first.id, first.role) == ("peter@Org1MSP", "consumer")
    assert {path.stat().st_mode & 0o777 for path in (folder / "keystore").iterdir()} == {0o600}

    totem("renew", "--msp-folder", folder)
    second = from_msp_folder(folder, "Org1MSP")
    assert (second.id, second.key_pem() != first.key_pem()) == (first.id, True)

    serials = totem("revoke", "peter", "--registrar", registrar, "--reason", "keycompromise")["serials"]
    assert {int(each, 16) for each in serials} == {load(each.certificate).serial_number for each in (first, second)}
    totem("revocation-list", "--registrar", registrar, "--out", tmp_path / "list.pem")
    listed = x509.load_pem_x509_crl((tmp_path / "list.pem").read_bytes())
    assert {each.serial_number for each in listed} >= {int(each, 16) for each in serials}
    assert "Authentication failure" in totem("renew", "--msp-folder", folder, status=2)


def test_a_common_connection_profile_says_where_the_ca_is(totem, server, tmp_path):
    document = {
        "organizations": {"Org1": {"mspid": "Org1MSP", "certificateAuthorities": ["ca"]}},
        "certificateAuthorities": {"ca": {"url": server.address, "tlsCACerts": {"pem": [server.tls_ca.decode()]}}},
    }
    profile = tmp_path / "connection.json"
    profile.write_text(json.dumps(document))
    found = totem("enrol", "admin", "--out", tmp_path / "out", secret="adminpw", at=("--profile", profile))
    assert found["participant"] == "admin@Org1MSP"


def test_what_is_missing_or_in_the_way_is_said(totem, registrar, tmp_path, server):
    out = ("--out", tmp_path / "new")
    assert "give either --url or --profile" in totem("enrol", "x", *out, secret="s", at=(), status=2)
    assert "--url needs --msp-id" in totem("enrol", "x", *out, secret="s", at=("--url", server.address), status=2)
    assert "set TOTEM_CA_SECRET" in totem("enrol", "x", *out, status=2)
    assert "is not empty" in totem("enrol", "admin", "--out", registrar, secret="adminpw", status=2)
    wrong = totem("enrol", "admin", *out, secret="planted-secret", status=2)
    assert "Authentication failure" in wrong
    assert "planted-secret" not in wrong
    assert not (tmp_path / "new").exists()
    role = ("register", "eve", "--role", "queen", "--registrar", registrar)
    assert "--role is consumer, provider or consortium" in totem(*role, status=2)
    pair = ("register", "eve", "--role", "consumer", "--registrar", registrar, "--attribute", "quota")
    assert "NAME=VALUE" in totem(*pair, status=2)
    assert "no reason to revoke" in totem("revoke", "eve", "--registrar", registrar, "--reason", "x", status=2)
    assert "can't be reached" in totem(
        "renew", "--msp-folder", registrar, at=("--url", "https://127.0.0.1:1", "--msp-id", "A"), status=2
    )
