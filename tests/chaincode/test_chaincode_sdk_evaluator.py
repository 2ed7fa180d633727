"""The contracts over the real SDK: the published worked example, refusals, receipts that can't be."""

import datetime

import pytest

from totem_chaincode import canonical
from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Invalid, Refused
from totem_chaincode.parameters import from_ledger
from totem_chaincode.testing import PEOPLE, MemoryLedger, Story, creator, secret
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.program import Program
from totem_sdk.schema import LINES, Schema
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.table import Table, load

SCHEMA = Schema.of({"date": "date", "cid": "int", "bill": "float"})
ROWS = [
    (datetime.date(2019, 2, day), cid, bill)
    for day, cid, bill in [
        (25, 1, 100.0),
        (25, 2, 200.0),
        (25, 3, 150.0),
        (26, 2, 100.0),
        (26, 3, 50.0),
        (27, 2, 100.0),
    ]
]
STATISTICS = Statistics(
    6,
    (6,),
    {
        "date": ColumnStatistics(nulls=0, distinct=3),
        "cid": ColumnStatistics(nulls=0, distinct=3, minimum=1, maximum=3),
        "bill": ColumnStatistics(nulls=0, nans=False),
    },
)
BILLS = """
from totem_sdk import TotemJob

class Bills(TotemJob):
    def mapper(self, _, row):
        yield row.cid, row.bill

    def reducer(self, cid, bills):
        yield cid, sum(bills)
"""
SCALED = """
from totem_sdk import Param, TotemJob

class Scaled(TotemJob):
    factor: float = Param(2.0)
    least: int = Param()

    def mapper(self, _, row):
        if row.bill > self.factor:
            if row.cid > self.least:
                yield row.cid, row.bill

    def reducer(self, cid, bills):
        yield cid, sum(bills)
"""


@pytest.fixture
def memory():
    return MemoryLedger(Chaincode())


@pytest.fixture
def paper(memory):
    def invoke(person, function, args, transient=None):
        who = PEOPLE[person]
        return memory.invoke(creator(who.name, who.msp_id, who.role), function, args, transient)

    story = Story(invoke)
    story.found()
    story.agree_on_table(load("paper-2019").to_json())
    publish(story, "bills")
    publish(story, "unchecked", precheck="none")
    publish(story, "hidden", hidden_columns=["date"])
    story.fund("peter", 10_000)
    return story


def publish(story, dataset_id, **policy):
    hidden = policy.get("hidden_columns", [])
    columns = {name: column for name, column in STATISTICS.columns.items() if name not in hidden}
    args = {
        "dataset_id": dataset_id,
        "title": "Bills",
        "schema": SCHEMA.to_json(),
        "statistics": Statistics(6, (6,), columns).to_json(),
        "fragments": ["ab" * 32],
        "policy": policy,
    }
    story.invoke("utility", "datasets.publish", args)


def settle_phase(story, job_id, index, receipt):
    told = story.settlement(job_id, index, receipt, before=story.before(job_id, index))
    return story.invoke("utility", "jobs.settle", *told)


def run(story, job_id):
    """Run an accepted job on the reference interpreter; yield the receipts of its phases."""
    what = story.invoke("utility", "jobs.source", {"job_id": job_id})
    job = story.invoke("utility", "jobs.get", {"job_id": job_id})
    priced = price(Program.decode(what["program"].encode()), Table.from_json(what["table"]))
    machine = Machine(priced, from_ledger(what["params"]))
    found = machine.run_job([ROWS], job["escrow"], precheck=job["policy"]["precheck"] != "none")
    receipts = [
        {
            "step": phase.step,
            "phase": phase.phase,
            **phase.counts.to_json(),
            "charge": phase.charge,
            "records_in": phase.records_in,
            "records_out": phase.records_out,
            "groups_in": phase.groups_in,
            "tasks": phase.tasks,
            "end": phase.end,
            "error": None,
        }
        for phase in found.phases
    ]
    return found, receipts


def test_the_published_example_costs_198_before_and_after(paper):
    access = paper.grant("bills")
    with pytest.raises(Refused, match="needs at least 198 totem, the escrow is 197"):
        paper.submit(access, 197, dataset_id="bills", source=BILLS)
    estimate = {"source": BILLS, "datasets": [{"dataset_id": "bills"}]}
    assert paper.invoke("peter", "jobs.estimate", estimate)["estimate"] == {"lower": 198, "expected": 198, "upper": 198}
    job_id = paper.submit(access, 198, dataset_id="bills", source=BILLS)
    paper.accept(job_id)
    found, receipts = run(paper, job_id)
    answers = [settle_phase(paper, job_id, index, receipt) for index, receipt in enumerate(receipts)]
    assert [(answer["continue"], answer["left"]) for answer in answers] == [(True, 108), (False, 0)]
    result = "".join(f"[{key},{value!r}]\n" for key, value in found.result)
    assert paper.complete(job_id, result)["paid"] == 198
    bill = paper.invoke("peter", "results.bill", {"job_id": job_id})
    assert bill["bill"] == [row.to_json() for row in found.bill]
    assert sum(row["totem"] for row in bill["bill"]) == bill["used"] == 198


def test_without_the_precheck_197_halt_out_of_totem(paper):
    job_id = paper.submit(paper.grant("unchecked"), 197, dataset_id="unchecked", source=BILLS)
    paper.accept(job_id)
    found, receipts = run(paper, job_id)
    assert found.state == "out_of_totem"
    for index, receipt in enumerate(receipts):
        answer = settle_phase(paper, job_id, index, receipt)
    assert answer["reason"] == "out_of_totem"
    result = "".join(f"[{key},{value!r}]\n" for key, value in found.result)
    ended = paper.halt(job_id, result)
    assert (ended["state"], ended["paid"]) == ("out_of_totem", found.used)
    assert paper.invoke("peter", "results.get", {"job_id": job_id})["partial"] is True


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import numpy", "import"),
        (BILLS.replace("row.bill", "row.nothing"), "unknown-column"),
        (BILLS.replace("row.cid", "row.date"), "hidden-column"),
        ("class (", "syntax"),
        ("(" * 10_000, "too-deep"),
    ],
)
def test_a_program_is_refused_with_place_and_reason_and_nothing_changes(paper, memory, source, code):
    access = paper.grant("hidden")
    before = dict(memory.state.rows), dict(memory.state.private)
    with pytest.raises(Refused) as refused:
        paper.submit(access, 1_000, dataset_id="hidden", source=source)
    assert refused.value.code == "program"
    assert code in {refusal["code"] for refusal in refused.value.refusals}
    assert all(refusal["line"] >= 1 and refusal["column"] >= 1 for refusal in refused.value.refusals)
    assert (dict(memory.state.rows), dict(memory.state.private)) == before


def test_a_hidden_column_costs_nothing_though_the_table_charges_whole_rows(paper):
    paper.grant("bills")
    paper.grant("hidden")
    whole, without = (
        paper.invoke("peter", "jobs.estimate", {"source": BILLS, "datasets": [{"dataset_id": name}]})["estimate"]
        for name in ("bills", "hidden")
    )
    date = load("paper-2019").cost("read", "date")
    assert (whole["lower"], whole["upper"]) == (198, 198)
    assert (without["lower"], without["upper"]) == (198 - 6 * date, 198 - 6 * date)


def test_whole_lines_are_not_for_a_job_where_the_line_is_hidden(paper):
    args = {
        "dataset_id": "lines",
        "title": "Lines",
        "schema": LINES.to_json(),
        "statistics": Statistics(6, (6,), {}).to_json(),
        "fragments": ["ab" * 32],
        "policy": {"hidden_columns": ["line"]},
    }
    paper.invoke("utility", "datasets.publish", args)
    source = """
from mrjob.job import MRJob

class Lines(MRJob):
    def mapper(self, _, line):
        yield len(line), 1
"""
    with pytest.raises(Refused, match="hides the column line") as refused:
        paper.invoke("peter", "jobs.estimate", {"source": source, "datasets": [{"dataset_id": "lines"}]})
    assert refused.value.code == "datasets"


def test_a_result_that_is_certainly_too_large_is_refused_before_it_costs_anything(paper):
    publish(paper, "narrow", max_result_bytes=47)
    access = paper.grant("narrow")
    source = BILLS[: BILLS.index("    def reducer")]
    # Six rows give six lines of at least "[1,0.0]".
    with pytest.raises(Refused, match="at least 48 bytes, the policy allows 47") as refused:
        paper.submit(access, 5_000, dataset_id="narrow", source=source)
    assert refused.value.code == "result_limit"
    assert paper.audit()["escrowed"] == 0
    paper.submit(access, 5_000, dataset_id="narrow", source=BILLS)


def test_parameters_are_typed_and_have_defaults(paper):
    access = paper.grant("bills")
    for params, message in (
        ({}, "'least'"),
        ({"least": "x"}, "'least'"),
        ({"least": 1, "other": 2}, "'other'"),
        ({"least": 1 << 63}, "64 bits"),
    ):
        with pytest.raises(Refused, match=message) as refused:
            paper.submit(access, 5_000, dataset_id="bills", source=SCALED, params=params)
        assert refused.value.code == "parameters"
    with pytest.raises(Invalid, match="a float"):
        paper.submit(access, 5_000, dataset_id="bills", source=SCALED, params={"least": 1, "factor": 0.5})
    job_id = paper.submit(access, 5_000, dataset_id="bills", source=SCALED, params={"least": 7, "factor": "0.1"})
    params = paper.invoke("utility", "jobs.source", {"job_id": job_id})["params"]
    assert from_ledger(params) == {"factor": 0.1, "least": 7}
    assert canonical.find_float(params) is None


def test_a_receipt_whose_counts_cannot_be_is_refused(paper):
    job_id = paper.submit(paper.grant("bills"), 500, dataset_id="bills", source=BILLS)
    paper.accept(job_id)
    _, (first, second) = run(paper, job_id)

    def settle(index, receipt):
        return settle_phase(paper, job_id, index, receipt)

    for change, message in (
        ({"charge": first["charge"] + 15}, "add up to 90 totem, the charge says 105"),
        ({"blocks": {"999": 6}}, "impossible"),
        ({"units": {"999": [1, 1, 1]}}, "impossible"),
        ({"records_in": 7}, "impossible"),
    ):
        with pytest.raises(Refused, match=message) as refused:
            settle(0, first | change)
        assert refused.value.code == "receipt"
    settle(0, first)
    # The total is right, but so many groups, tasks or emits don't flow through these blocks.
    for field, amount in (("groups_in", 4), ("records_in", 5), ("records_out", 2)):
        with pytest.raises(Refused, match="impossible") as refused:
            settle(1, second | {field: amount})
        assert refused.value.code == "receipt"
    assert settle(1, second)["reason"] == "finished"


def test_metadata_are_checked_by_the_sdk(paper):
    good = {
        "title": "Bills",
        "schema": SCHEMA.to_json(),
        "statistics": STATISTICS.to_json(),
        "fragments": ["ab" * 32],
    }
    for change, message in (
        ({"schema": [{"name": "a b", "type": "int"}]}, "identifier"),
        ({"schema": [{"name": "cid", "type": "int"}]}, "the schema has no column 'bill'"),
        ({"statistics": {"rows": 6}}, "statistics"),
        ({"fragments": []}, "0 digests, but the statistics count 1"),
        ({"policy": {"hidden_columns": ["nothing"]}}, "the schema has no column 'nothing'"),
    ):
        with pytest.raises(Invalid, match=message):
            paper.invoke("utility", "datasets.publish", {"dataset_id": "new", **good, **change})
    with pytest.raises(Refused, match="hidden column 'cid'"):
        paper.invoke(
            "utility", "datasets.publish", {"dataset_id": "new", **good, "policy": {"hidden_columns": ["cid"]}}
        )
    with pytest.raises(Invalid, match="estimator table"):
        paper.invoke("utility", "tables.propose", {"document": {"format": "other"}})


def test_the_same_question_gets_the_same_answer_in_another_ledger(paper):
    args = {"source": BILLS, "datasets": [{"dataset_id": "bills"}]}
    first = paper.invoke("peter", "jobs.estimate", args)
    salt = secret()
    assert canonical.encode(paper.invoke("peter", "jobs.estimate", args)) == canonical.encode(first)
    assert salted_hash(salt, b"x") != salted_hash(secret(), b"x")


ODD = [
    -1,
    1 << 63,
    10**400,
    True,
    None,
    "5",
    [],
    {},
    [1],
    [1, 2, 3, 4],
    [-1, -1, -1],
    [1, 1, -5],
    [True, 1, 1],
    [None] * 3,
]


def test_no_forged_count_gets_through(paper):
    """Whatever stands where a count should be: the receipt is refused, and nothing breaks or is charged."""
    job_id = paper.submit(paper.grant("bills"), 500, dataset_id="bills", source=BILLS)
    paper.accept(job_id)
    _, (first, _) = run(paper, job_id)
    block = next(iter(first["blocks"]))
    forged = [
        *({"blocks": {**first["blocks"], block: odd}} for odd in ODD),
        *({"blocks": {**first["blocks"], key: 1}} for key in ("", "-1", "01", " 1", "1.0", "x", "9" * 30, "٣")),
        *({"units": {key: odd}} for odd in ODD for key in ("0", "1")),
        {"blocks": {}},
        {"units": {"": [1, 1, 1]}},
    ]
    for change in forged:
        with pytest.raises((Refused, Invalid)):
            settle_phase(paper, job_id, 0, {**first, **change})
    assert paper.invoke("peter", "jobs.get", {"job_id": job_id})["used"] == 0
    assert settle_phase(paper, job_id, 0, first)["continue"]
