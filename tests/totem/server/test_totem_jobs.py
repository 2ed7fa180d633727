"""Jobs through the services: submitted, run by the provider's server, settled, delivered."""

import json
from dataclasses import replace

import pytest

from totem.services.consortium import Consortium
from totem.services.consumer import Consumer, Submission
from totem.services.errors import BadInput, InTheWay, Missing, NotAllowed, ProgramRefused
from totem.services.provider import Provider
from totem.services.publish import prepare, publish
from totem_chaincode.contracts.results import salted_hash


def submit(home, source, datasets=("bills",), who="alice", **more):
    consumer = Consumer(home.session(who))
    for dataset in datasets:
        if not any(item["dataset_id"] == dataset for item in consumer.access("granted")):
            consumer.request_access(dataset, "tests")
    submission = Submission(source=source, filename="job.py", datasets=datasets, **{"totem": 10_000, **more})
    return consumer, consumer.submit(submission)["job_id"]


def test_a_job_from_submission_to_result(fresh, job_source, serve):
    consumer, job_id = submit(fresh, job_source)
    assert consumer.job(job_id)["state"] == "submitted"
    assert consumer.balance() == {"account": "alice@AliceMSP", "available": 990_000, "reserved": 10_000}
    serve(fresh)
    job = consumer.job(job_id)
    assert job["state"] == "completed"
    assert sorted(consumer.result(job_id).pairs()) == [[1, 100.5], [2, 400.375], [3, 200.0]]
    bill = consumer.bill(job_id)
    assert sum(row["totem"] for row in bill["bill"]) == bill["used"] == job["paid"] == 10_000 - job["returned"]
    assert [phase["phase"] for phase in job["settled"]] == ["map", "reduce"]
    assert Consumer(fresh.session("north")).balance()["available"] == job["paid"]
    assert Consortium(fresh.session("admin")).audit()["balanced"]
    assert fresh.explorer().verify()["ok"]


def test_the_same_request_key_is_the_same_job(fresh, job_source):
    consumer, first = submit(fresh, job_source, request_key="abc")
    _, second = submit(fresh, job_source, request_key="abc")
    assert first == second
    assert consumer.balance()["reserved"] == 10_000
    with pytest.raises(InTheWay, match="used for another job"):
        submit(fresh, job_source, request_key="abc", totem=9_999)


def test_a_repetition_is_the_same_job_whatever_became_of_the_grant(fresh, job_source):
    consumer, first = submit(fresh, job_source, request_key="abc")
    newer = consumer.request_access("bills", "more tests")
    assert submit(fresh, job_source, request_key="abc")[1] == first
    for item in consumer.access("granted"):
        Provider(fresh.session("north")).revoke(item["access_id"], "enough")
    submission = Submission(source=job_source, filename="job.py", datasets=["bills"], totem=10_000, request_key="abc")
    assert consumer.submit(submission)["job_id"] == first
    with pytest.raises(NotAllowed, match=f"{newer['access_id']} is revoked: enough"):
        consumer.submit(replace(submission, request_key="another"))
    with pytest.raises(NotAllowed, match="no valid grant"):
        consumer.submit(replace(submission, request_key=None))


def test_a_refused_program_changes_nothing(fresh, serve):
    Consumer(fresh.session("alice")).request_access("bills", "tests")
    height = fresh.explorer().height()
    with pytest.raises(ProgramRefused) as caught:
        submit(fresh, "import os\n")
    assert caught.value.refusals[0].line == 1
    assert caught.value.in_source
    assert fresh.explorer().height() == height


def test_a_job_for_raw_lines_is_refused_on_typed_rows(fresh):
    source = (
        "from mrjob.job import MRJob\n\n\nclass Lines(MRJob):\n    def mapper(self, _, line):\n        yield line, 1\n"
    )
    with pytest.raises(ProgramRefused, match="gets raw lines"):
        submit(fresh, source)


def test_too_little_totem_is_refused_with_the_price(fresh, job_source):
    with pytest.raises(ProgramRefused, match="needs at least") as caught:
        submit(fresh, job_source, totem=1)
    assert not caught.value.in_source
    with pytest.raises(ProgramRefused, match="account holds"):
        submit(fresh, job_source, totem=2_000_000)


@pytest.mark.parametrize(
    ("params", "reason"), [({"nosuch": "1"}, "no such parameter"), ({"least": "many"}, "least"), ({}, "least")]
)
def test_parameters_are_typed_by_the_program(fresh, params, reason):
    source = (
        "from totem_sdk import Param, TotemJob\n\n\n"
        "class Large(TotemJob):\n"
        "    least: float = Param(help='from which a bill counts')\n\n"
        "    def mapper(self, _, row):\n"
        "        if row.bill >= self.least:\n"
        "            yield row.cid, row.bill\n"
    )
    with pytest.raises(ProgramRefused, match=reason):
        submit(fresh, source, params=params)


def test_a_cancelled_job_that_has_not_begun_costs_nothing(fresh, job_source):
    consumer, job_id = submit(fresh, job_source)
    assert consumer.cancel(job_id)["state"] == "cancelled"
    assert consumer.balance()["available"] == 1_000_000
    with pytest.raises(InTheWay):
        consumer.cancel(job_id)


def test_there_is_no_result_before_the_end(fresh, job_source):
    consumer, job_id = submit(fresh, job_source)
    with pytest.raises(Missing, match="no result"):
        consumer.result(job_id)


def test_a_server_that_does_not_hold_the_data_declines(fresh, job_source, serve, tmp_path):
    consumer, job_id = submit(fresh, job_source)
    path = next((fresh.root / "providers/north/datasets/bills").iterdir())
    path.rename(tmp_path / "elsewhere")
    serve(fresh)
    assert consumer.job(job_id)["state"] == "declined"
    assert consumer.balance()["available"] == 1_000_000


@pytest.mark.slow
def test_more_groups_than_the_policy_allows_fail_the_job(fresh, job_source, serve, tmp_path):
    file = tmp_path / "few.csv"
    file.write_text("date,cid,bill\n2019-02-25,1,1.0\n2019-02-25,2,1.0\n2019-02-25,3,1.0\n")
    policy = {"approval": "auto", "max_groups": 2}
    publish(fresh.session("north"), fresh.store("north"), prepare("few", [file], policy=policy))
    consumer, job_id = submit(fresh, job_source, ["few"])
    serve(fresh)
    job = consumer.job(job_id)
    assert (job["state"], job["error"]) == ("failed", {"kind": "result_limit", "line": None})
    assert job["paid"] > 0
    with pytest.raises(Missing):
        consumer.result(job_id)
    # Both sides are told what was withheld and why, and the provider's file is what the ledger's hash is of.
    store = fresh.store("north")
    result = store.job_folder(job_id) / "result.jsonl"
    digest = salted_hash(store.salt("result", job_id), result.read_bytes())
    assert job["undelivered"] == {"hash": digest, "lines": 3, "bytes": result.stat().st_size}
    assert "withheld: it has 3 lines, the policy allows 2" in store.trouble(job_id)


@pytest.mark.slow
def test_finished_groups_that_are_too_large_are_withheld(fresh, job_source, serve, tmp_path):
    file = tmp_path / "few.csv"
    file.write_text("date,cid,bill\n" + "".join(f"2019-02-25,{cid},{cid % 2}.0\n" for cid in range(60)))
    policy = {"approval": "auto", "max_groups": 1, "precheck": "none"}
    publish(fresh.session("north"), fresh.store("north"), prepare("few", [file], policy=policy))
    # How many groups pass is known when it has run, not before.
    source = job_source.replace(
        "        yield cid, sum(bills)",
        "        for bill in bills:\n            if bill * bill > 0.5:\n                yield cid, bill",
    )
    consumer, probe = submit(fresh, source, ["few"], totem=40_000)
    serve(fresh)
    consumer, job_id = submit(fresh, source, ["few"], totem=consumer.job(probe)["paid"] - 1)
    serve(fresh)
    job = consumer.job(job_id)
    assert (job["state"], job["error"], job["result"]) == ("out_of_totem", None, None)
    assert 1 < job["undelivered"]["lines"] < 60
    assert f"{job['undelivered']['lines']} lines, the policy allows 1" in fresh.store("north").trouble(job_id)


def test_a_result_that_is_certainly_too_large_is_refused_with_the_limit(fresh, job_source, tmp_path):
    file = tmp_path / "few.csv"
    file.write_text("cid,bill\n1,1.0\n2,1.0\n3,1.0\n")
    policy = {"approval": "auto", "max_groups": 2}
    publish(fresh.session("north"), fresh.store("north"), prepare("few", [file], policy=policy))
    each = job_source[: job_source.index("    def reducer")]
    with pytest.raises(ProgramRefused, match="at least 3 lines, the policy allows 2") as caught:
        submit(fresh, each, ["few"])
    assert (caught.value.code, caught.value.in_source) == ("result_limit", False)


def test_a_hidden_column_can_not_be_used_and_is_not_told_about(fresh, job_source, tmp_path):
    file = tmp_path / "secret.csv"
    file.write_text("cid,bill\n1,71234.5\n2,81234.5\n")
    policy = {"approval": "auto", "hidden_columns": ["bill"]}
    publication = prepare("secret", [file], policy=policy)
    assert "bill" not in publication.metadata()["statistics"]["columns"]
    publish(fresh.session("north"), fresh.store("north"), publication)
    with pytest.raises(ProgramRefused) as caught:
        submit(fresh, job_source, ["secret"])
    assert caught.value.refusals[0].code == "hidden-column"
    with pytest.raises(BadInput, match="no such column"):
        prepare("other", [file], policy={"hidden_columns": ["nosuch"]})


def test_a_policy_field_that_nothing_enforces_is_refused(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    with pytest.raises(ProgramRefused, match="nothing enforces it yet"):
        prepare("x", [file], policy={"min_group_size": 5})


@pytest.mark.slow
def test_a_taken_name_and_a_new_version(fresh, job_source, serve, tmp_path):
    file = tmp_path / "more.csv"
    file.write_text("date,cid,bill\n2019-02-25,9,1.0\n")
    folder = fresh.root / "providers/north/datasets/bills"
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    publication = prepare("bills", [file], policy={"approval": "auto"})
    with pytest.raises(InTheWay, match="is taken"):
        publish(fresh.session("north"), fresh.store("north"), publication)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == held
    consumer, old = submit(fresh, job_source)
    assert publish(fresh.session("north"), fresh.store("north"), publication, revise=True)["version"] == 2
    _, new = submit(fresh, job_source)
    serve(fresh)
    assert sorted(consumer.result(old).pairs()) == [[1, 100.5], [2, 400.375], [3, 200.0]]
    assert consumer.result(new).pairs() == [[9, 1.0]]
    with pytest.raises(NotAllowed):
        publish(fresh.session("south"), fresh.store("south"), publication, revise=True)


def test_a_provider_answers_requests_by_hand(fresh, tmp_path):
    file = tmp_path / "b.csv"
    file.write_text("a\n1\n")
    publish(fresh.session("north"), fresh.store("north"), prepare("slow", [file]))
    consumer, provider = Consumer(fresh.session("bob")), Provider(fresh.session("north"))
    first = consumer.request_access("slow", "one purpose")
    second = consumer.request_access("slow", "another purpose")
    assert {item["access_id"] for item in provider.requests()} == {first["access_id"], second["access_id"]}
    provider.deny(first["access_id"], "not for that")
    provider.approve(second["access_id"], days=2, quota=50)
    states = {item["access_id"]: (item["state"], item["reason"]) for item in consumer.access()}
    assert states == {first["access_id"]: ("denied", "not for that"), second["access_id"]: ("granted", "")}
    assert consumer.access_record(second["access_id"])["quota_left"] == 50
    provider.revoke(second["access_id"], "over")
    with pytest.raises(NotAllowed):
        Consumer(fresh.session("bob")).submit(Submission(source="x", filename="job.py", datasets=["slow"], totem=1))


@pytest.mark.slow
def test_nothing_of_the_rows_is_on_the_ledger(fresh, job_source, serve):
    _, job_id = submit(fresh, job_source)
    serve(fresh)
    explorer = fresh.explorer()
    told = json.dumps([explorer.block(number, content=True) for number in range(explorer.height())])
    assert job_id in told
    # Statistics tell rounded limits; no bill, and no sum of a customer's bills, is anywhere.
    for cell in ("100.5", "200.25", "100.125", "400.375"):
        assert cell not in told
