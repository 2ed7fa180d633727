"""What a consumer is told where the provider's side failed, and what is left of a quota."""

import json

import pytest
from typer.testing import CliRunner

from totem.cli.hints import provider_trouble
from totem.cli.main import app
from totem.services.consumer import Consumer, Submission
from totem.services.provider import Provider
from totem.services.publish import prepare, publish
from totem_ccf.storage import DataError


def totem(home, *words, who="alice"):
    env = {"TOTEM_HOME": str(home.root), "TOTEM_AS": who}
    return CliRunner().invoke(app, [str(word) for word in words], env=env)


@pytest.mark.slow
def test_a_provider_failure_says_what_it_means_and_what_to_do(fresh, serve, job_source, tmp_path):
    file = tmp_path / "spoilt.csv"
    file.write_text("cid,bill\n1,2.5\n2,3.5\n")
    publish(fresh.session("north"), fresh.store("north"), prepare("spoilt", [file], policy={"approval": "auto"}))
    alice = Consumer(fresh.session("alice"))
    alice.request_access("spoilt", "tests")
    job_id = alice.submit(Submission(job_source, "job.py", ["spoilt"], totem=9_000))["job_id"]
    file.write_text("cid,bill\n1,2.5\n2,9.5\n")
    serve(fresh)
    for command, status in (("watch", 5), ("status", 0)):
        done = totem(fresh, "job", command, job_id)
        assert done.exit_code == status
        assert "error  data_changed: the provider's data are not what it has published\n" in done.stdout
        (hint,) = [line for line in done.stderr.splitlines() if line.startswith("hint: ")]
        assert "ask north@NorthMSP" in hint
        assert "all 9,000 totem of the escrow were returned" in hint
        assert str(file) not in done.output
        assert json.loads(totem(fresh, "job", command, job_id, "--json").stdout)["error"]["kind"] == "data_changed"


@pytest.mark.parametrize("kind", [*(f"data_{kind}" for kind in DataError.KINDS), "not_held", "framework"])
def test_every_kind_of_provider_trouble_has_a_meaning(kind):
    assert len(provider_trouble(kind)) > 20


def test_an_unknown_kind_of_provider_trouble_is_named_alone():
    assert provider_trouble("of_a_later_version") == ""


@pytest.mark.slow
def test_what_is_left_of_a_quota_stands_beside_it(fresh, job_source, tmp_path):
    file = tmp_path / "slow.csv"
    file.write_text("cid,bill\n1,2.5\n")
    publish(fresh.session("north"), fresh.store("north"), prepare("slow", [file]))
    alice, north = Consumer(fresh.session("alice")), Provider(fresh.session("north"))
    access = alice.request_access("slow", "tests")["access_id"]
    any_amount = alice.request_access("bills", "tests")["access_id"]
    assert {item["access_id"]: item["quota_left"] for item in alice.access()} == {access: None, any_amount: None}
    north.approve(access, quota=50_000)
    alice.submit(Submission(job_source, "job.py", ["slow"], totem=12_345))

    left = {item["access_id"]: item["quota_left"] for item in alice.access()}
    assert left == {access: 37_655, any_amount: None}
    for words, who in ((["access", "list"], "alice"), (["provider", "requests", "--all"], "north")):
        shown = totem(fresh, *words, who=who).stdout.splitlines()
        assert shown[0].split()[4:7] == ["quota", "left", "expires"]
        cells = {line.split()[0]: line.split()[4:6] for line in shown[1:]}
        assert cells == {access: ["50,000", "37,655"], any_amount: ["–", "–"]}
