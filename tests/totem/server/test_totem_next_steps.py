"""What to do next, where a command was called with something missing, or in the name of who may not."""

import json

import pytest
from typer.testing import CliRunner

from tests.totem.server.conftest import JOB, make_home
from tests.totem.server.fabric_places import FabricPlace, wallet
from totem.cli.following import Followed
from totem.cli.main import app
from totem.services.store import ResultPlace


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = FabricPlace(tmp_path_factory.mktemp("fabric"))
    yield made
    made.close()


def run(home, *words, who=None):
    env = {"TOTEM_HOME": str(home), "TOTEM_AS": who}
    return CliRunner().invoke(app, [str(word) for word in words], env=env)


def refused(home, *words, who=None):
    done = run(home, *words, who=who)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    return done.stderr


def test_a_submission_without_totem_is_told_where_to_ask_how_much(tmp_path):
    said = refused(tmp_path, "job", "submit", tmp_path / "job.py", "bills")
    assert "--totem N is missing" in said
    assert "hint: `totem job estimate` says how much" in said


def test_parts_have_thirty_seconds_at_least(tmp_path):
    words = ["job", "submit", tmp_path / "job.py", "bills", "--totem", "1", "--parts-within"]
    assert "30 seconds at least, not 29" in refused(tmp_path, *words, "29")
    assert "30 seconds" not in refused(tmp_path, *words, "30")  # the job is not there
    help_ = " ".join(run(tmp_path, "job", "submit", "--help").stdout.split())
    assert "30 at least" in help_


def test_a_certificate_that_is_no_file(tmp_path):
    words = ["chaincode", "package", "--address", "cc.example.org:9999", "-o", tmp_path / "p.tar.gz", "--tls-ca"]
    missing, folder, binary = tmp_path / "ca.pem", tmp_path / "folder", tmp_path / "binary"
    folder.mkdir()
    binary.write_bytes(b"\xff\xfe")
    said = refused(tmp_path, *words, missing)
    assert f"there is no file {missing}" in said
    assert "Errno" not in said
    assert f"{folder} can't be read: Is a directory" in refused(tmp_path, *words, folder)
    assert f"{binary} can't be read as PEM: it is no text" in refused(tmp_path, *words, binary)


def test_who_may_not_audit_is_told_who_may(tmp_path):
    home = make_home(tmp_path / "home", totem=0)
    assert "hint: `--as admin` acts as who may" in refused(home.root, "admin", "audit", who="alice")
    home.enrol("second", "consortium", by="admin")
    said = refused(home.root, "admin", "audit", who="alice")
    assert "--as admin" not in said
    assert "`--as NAME` acts as another identity" in said
    home.consortium.close()


@pytest.mark.parametrize(
    "words",
    [
        ("enrol", "wind", "--role", "provider"),
        ("suspend", "north", "--reason", "x"),
        ("reinstate", "north"),
        ("issue", "bob", "10", "--reason", "x"),
        ("decline", "request-1", "--reason", "x"),
        ("table", "propose", "paper-2019"),
        ("table", "activate", "paper-2019"),
        ("table", "retire", "paper-2019"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_so_is_who_may_not_do_the_consortium_s_other_business(tmp_path, words):
    home = make_home(tmp_path / "home", totem=0)
    assert "hint: `--as admin` acts as who may" in refused(home.root, "admin", *words, who="alice")
    home.consortium.close()


@pytest.mark.slow
def test_who_is_not_enrolled_is_told_the_whole_command(place, tmp_path):
    home = place.found(tmp_path / "home", 0)
    home.consortium.close()
    paul = place.authority.issue("paul", "NorthMSP", "consumer")
    words = ("admin", "join", "--profile", place.profile, "--wallet", wallet(tmp_path / "w", paul))
    assert run(home.root, *words).exit_code == 0
    said = refused(home.root, "dataset", "list", who="paul")
    assert "hint: a member of the consortium enrols it: `totem admin enrol paul@NorthMSP --role consumer`" in said


@pytest.mark.slow
def test_a_server_says_whose_large_results_are_in_folders_also_in_shared_ones(place, tmp_path, monkeypatch):
    home = place.found(tmp_path / "home", 0)
    home.store("south").keep_results_in(ResultPlace(shared := (tmp_path / "shared").as_uri(), shared))
    home.consortium.close()
    monkeypatch.setattr("totem.cli.serve.ApiServer.run", lambda server: None)
    done = run(home.root, "serve", "--port", "0")
    assert done.exit_code == 0, done.output
    said = " ".join(done.stderr.split())
    assert (
        "results over 1 MB of north, south are in folders that only machines which have them mounted can read" in said
    )
    assert "`totem provider init NAME --result-store s3://…`" in said


@pytest.mark.slow
def test_only_a_folder_with_a_member_of_the_consortium_founds_one_and_shows_who_is_on_the_ledger(place, tmp_path):
    own = FabricPlace(tmp_path / "own")
    try:
        home, join = tmp_path / "home", ("admin", "join", "--profile", own.profile)
        north = own.authority.issue("north", "NorthMSP", "provider")
        assert run(home, *join, "--wallet", wallet(tmp_path / "w", north)).exit_code == 0
        said = refused(home, "admin", "init", "--ledger", "fabric")
        assert "this folder has no identity with role=consortium" in said
        admin = own.authority.issue("admin", "ConsortiumMSP", "consortium")
        words = ("--msp-id", "ConsortiumMSP", "--wallet", wallet(tmp_path / "v", admin))
        assert run(home, *join, *words).exit_code == 0
        words = ("admin", "init", "--ledger", "fabric", "--as", "admin")
        shown = run(home, *words).stdout
        assert "on the ledger" in shown
        again = json.loads(run(home, *words, "--json").stdout)["identities"]
        assert {item["name"]: item["state"] for item in again} == {"admin": "active", "north": "not enrolled"}
    finally:
        own.close()


@pytest.mark.parametrize("text", ['{"channel": "totem", "peers": []}', '{"organizations": {}}'])
def test_a_profile_without_a_chaincode_is_told_how_to_name_it(place, tmp_path, text):
    profile = tmp_path / "profile.json"
    profile.write_text(text)
    north = place.authority.issue("north", "NorthMSP", "provider")
    done = run(tmp_path / "home", "admin", "join", "--profile", profile, "--wallet", wallet(tmp_path / "w", north))
    assert done.exit_code == 2
    assert "chaincode" in done.stderr
    assert "x-totem" in done.stderr


def test_a_home_on_the_other_ledger_names_an_example(place, tmp_path):
    home = make_home(tmp_path / "home", totem=0)
    home.consortium.close()
    north = place.authority.issue("north", "NorthMSP", "provider")
    words = ("admin", "join", "--profile", place.profile, "--wallet", wallet(tmp_path / "w", north))
    assert "for example `--home ~/.totem-fabric`" in refused(home.root, *words)
    said = refused(home.root, "dev", "--ledger", "fabric", "--dir", home.root)
    assert "hint: give another --dir, for example `--dir ~/.totem-fabric`" in said


def test_what_was_told_of_a_job_that_is_followed_is_not_told_again():
    job = {"job_id": "job-1", "state": "submitted", "settled": []}
    assert list(Followed().news(job)) == ["job-1 is submitted"]
    followed = Followed({"job-1": "submitted"})
    assert list(followed.news(job)) == []
    assert list(followed.news({**job, "state": "running"})) == ["job-1 is running"]


def test_following_a_submission_begins_with_it(home, tmp_path, monkeypatch):
    (tmp_path / "job.py").write_text(JOB)
    assert run(home.root, "access", "request", "bills", "--purpose", "x", who="alice").exit_code == 0

    def watch(output, caller, job_id, followed):
        assert list(followed.news({"job_id": job_id, "state": "submitted", "settled": []})) == []
        return 0

    monkeypatch.setattr("totem.cli.job._watch", watch)
    done = run(home.root, "job", "submit", tmp_path / "job.py", "bills", "--totem", "10,000", "--watch", who="alice")
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("job-")
    assert done.stderr.endswith(" is submitted\n")
