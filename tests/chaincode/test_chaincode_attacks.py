"""What a participant with a client of its own might try: forged receipts, old policies, other people's secrets."""

import pytest

from totem_chaincode import canonical
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.errors import Conflict, ContractError, Forbidden, Invalid, NotFound, Refused
from totem_chaincode.testing import PEOPLE, secret, toy_source


@pytest.fixture
def running(story):
    """Two accepted jobs of one consumer at one provider."""
    access = story.ready()
    jobs = [story.submit(access), story.submit(access)]
    for job_id in jobs:
        story.accept(job_id)
    return jobs


def submit_version(story, access, version, **more):
    args = {
        "source": toy_source(),
        "datasets": [{"dataset_id": "homes", "access_id": access[0], "version": version}],
        "totem": 100,
        **more,
    }
    transient = {"access_keys": {access[0]: access[1]}, "code": secret()}
    return story.invoke("peter", "jobs.submit", args, transient)["job_id"]


def test_an_old_version_is_read_under_todays_policy_too(story):
    """Else a provider could never tighten a policy: everybody would go on with the first version."""
    access = story.ready()
    stricter = story.metadata(max_groups=1, max_result_bytes=100, precheck="upper", hidden_columns=["kwh"])
    story.invoke("utility", "datasets.revise", {"dataset_id": "homes", **stricter})
    with pytest.raises(Refused, match="needs at least 1,000"):
        submit_version(story, access, 1)
    story.fund()
    job_id = submit_version(story, access, 1, totem=1_000)
    policy = story.invoke("peter", "jobs.get", {"job_id": job_id})["policy"]
    today = {"hidden_columns": ["kwh"], "max_groups": 1, "max_result_bytes": 100, "precheck": "upper"}
    assert {name: policy[name] for name in today} == today
    estimate = {"source": toy_source(), "datasets": [{"dataset_id": "homes", "version": 1}]}
    assert story.invoke("peter", "jobs.estimate", estimate)["precheck"] == "upper"


def test_an_old_version_keeps_its_own_policy_where_that_is_stricter(story):
    access = story.ready(max_groups=3)
    story.invoke("utility", "datasets.revise", {"dataset_id": "homes", **story.metadata()})
    job_id = submit_version(story, access, 1)
    assert story.invoke("peter", "jobs.get", {"job_id": job_id})["policy"]["max_groups"] == 3


def test_a_receipt_of_another_job_is_not_taken_as_the_one_before(story, running):
    mine, other = running
    story.settle(other, 0, 5, records_out=6)
    story.settle(mine, 0, 5, records_out=2)
    receipt = story.receipt(0, "reduce", 5, before=story.before(other, 1)["receipt"])
    args, transient = story.settlement(mine, 1, receipt, before=story.before(other, 1))
    with pytest.raises(Invalid, match="not the receipt that was settled"):
        story.invoke("utility", "jobs.settle", args, transient)


def test_out_of_totem_is_no_way_to_be_paid_for_nothing(story):
    """Whose escrow is the upper bound always completes: a provider that says otherwise is lying."""
    access = story.ready(2_000)
    job_id = story.submit(access, 1_000)
    story.accept(job_id)
    with pytest.raises(Refused, match="can't run out of totem") as refused:
        story.settle(job_id, 0, 900, "out_of_totem")
    assert refused.value.code == "bound"
    story.settle(job_id, 0, 900)
    unbounded = story.submit(access, 1_000, source=toy_source(upper=None))
    story.accept(unbounded)
    assert story.settle(unbounded, 0, 900, "out_of_totem")["reason"] == "out_of_totem"


@pytest.mark.parametrize("wrong", [-1, 1 << 63, 10**400, True, None, "5", [5], {}])
@pytest.mark.parametrize("field", ["charge", "records_in", "records_out", "groups_in", "tasks", "step"])
def test_no_number_of_a_receipt_is_anything_else(story, running, field, wrong):
    receipt = {**story.receipt(0, "map", 5), field: wrong}
    salt = secret()
    args = {"job_id": running[0], "phase_index": 0, "charge": 5, "end": "done", "digest": "ab" * 32}
    with pytest.raises(Invalid):
        story.invoke("utility", "jobs.settle", args, {"receipt": receipt, "salt": salt})
    if field == "charge":
        with pytest.raises(Invalid):
            story.invoke("utility", "jobs.settle", {**args, "charge": wrong}, {"receipt": receipt, "salt": salt})


@pytest.mark.parametrize("index", [-1, 2, 9_999, 10_000, True, "0"])
def test_only_the_next_phase_is_settled(story, running, index):
    receipt = story.receipt(0, "map", 5)
    salt = secret()
    digest = salted_hash(salt, canonical.encode(receipt))
    args = {"job_id": running[0], "phase_index": index, "charge": 5, "end": "done", "digest": digest}
    with pytest.raises((Invalid, Conflict)):
        story.invoke("utility", "jobs.settle", args, {"receipt": receipt, "salt": salt})


def test_nobody_else_touches_a_job(story, running):
    job_id = running[0]
    story.settle(job_id, 0, 5)
    result = {"result": "[1,2]\n", "salt": secret()}
    before = story.before(job_id, 1)
    args, transient = story.settlement(
        job_id, 1, story.receipt(0, "reduce", 5, before=before["receipt"]), before=before
    )
    delivery = {"job_id": job_id, "result_hash": salted_hash(result["salt"], result["result"].encode())}
    error = {"kind": "x", "line": None}
    for person in ("grid", "paula", "peter", "admin"):
        for function, given, secrets in (
            ("jobs.settle", args, transient),
            ("jobs.complete", delivery, result),
            ("jobs.halt", {"job_id": job_id}, {}),
            ("jobs.fail", {"job_id": job_id, "side": "provider", "error": error}, {}),
            ("jobs.decline", {"job_id": job_id, "reason": "x"}, {}),
            ("access.code", {"job_id": job_id}, {}),
        ):
            with pytest.raises(Forbidden):
                story.invoke(person, function, given, secrets)
        for function in ("results.receipts", "results.bill", "results.get", "jobs.source", "jobs.get"):
            if person == "peter" or (person == "admin" and function.startswith("jobs.")):
                continue
            with pytest.raises(Forbidden):
                story.invoke(person, function, {"job_id": job_id})


def test_an_organisation_s_member_does_not_read_its_colleague_s_secrets(story, running):
    """Both are of one organisation, whose collection has them: the contract must guard the reads."""
    colleague = PEOPLE["peter"].msp_id
    access_id = story.invoke("peter", "access.list", {})["access"][0]["access_id"]
    story.invoke("admin", "participants.enrol", {"participant": f"petra@{colleague}", "role": "consumer"})
    story.people["petra"] = type(PEOPLE["peter"])("petra", colleague, "consumer")
    try:
        for function, args in (
            ("access.key", {"access_id": access_id}),
            ("access.get", {"access_id": access_id}),
            ("results.get", {"job_id": running[0]}),
            ("results.receipts", {"job_id": running[0]}),
            ("jobs.cancel", {"job_id": running[0]}),
        ):
            with pytest.raises(Forbidden):
                story.invoke("petra", function, args)
    finally:
        del story.people["petra"]


@pytest.mark.parametrize(
    "function",
    [
        "datasets.list",
        "access.list",
        "jobs.list",
        "accounts.requests",
        "accounts.statement",
        "tables.list",
        "participants.list",
    ],
)
def test_pages_have_limits(story, running, function):
    for limit in (0, -1, 101, 1 << 63, True, "5", 5.5):
        with pytest.raises(ContractError):
            story.invoke("peter", function, {"limit": limit})
    for bookmark in ("!", "AA==", "////", "x" * 3_000, "AGpvYl9vZgAA", 5):
        with pytest.raises(Invalid):
            story.invoke("peter", function, {"bookmark": bookmark})
    whole = story.invoke("peter", function, {"limit": 100})
    (name,) = set(whole) - {"bookmark", "account"}
    found, bookmark = [], ""
    while True:
        page = story.invoke("peter", function, {"limit": 1, "bookmark": bookmark})
        found += page[name]
        bookmark = page["bookmark"]
        if not bookmark:
            break
    assert found == whole[name]


def test_what_is_not_there_is_not_there(story, running):
    for function, args in (
        ("jobs.settle", {"phase_index": 0, "charge": 5, "end": "done", "digest": "ab" * 32}),
        ("jobs.halt", {}),
    ):
        receipt = {"receipt": story.receipt(0, "map", 5), "salt": secret()} if function == "jobs.settle" else {}
        with pytest.raises(NotFound):
            story.invoke("utility", function, {"job_id": f"job-{'0' * 20}", **args}, receipt)
