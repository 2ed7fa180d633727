"""Joint jobs over the real SDK: the published example split over two providers costs what it costs at one."""

import datetime

import pytest

from totem_chaincode.contracts.results import salted_hash
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Refused
from totem_chaincode.testing import PEOPLE, JointStory, MemoryLedger, creator, secret
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.program import Program
from totem_sdk.schema import Schema
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.table import Table, load

SCHEMA = Schema.of({"date": "date", "cid": "int", "bill": "float"})
DAYS = [(25, 1, 100.0), (25, 2, 200.0), (25, 3, 150.0), (26, 2, 100.0), (26, 3, 50.0), (27, 2, 100.0)]
ROWS = [(datetime.date(2019, 2, day), cid, bill) for day, cid, bill in DAYS]
SHARES = {"utility": ROWS[:4], "grid": ROWS[4:]}
BILLS = """
from totem_sdk import TotemJob

class Bills(TotemJob):
    def mapper(self, _, row):
        yield row.cid, row.bill

    def reducer(self, cid, bills):
        yield cid, sum(bills)
"""
LOOPS = BILLS.replace(
    "        yield cid, sum(bills)\n",
    "        total = 0.0\n        for bill in bills:\n            total = total + bill\n        yield cid, total\n",
)


@pytest.fixture
def joint():
    memory = MemoryLedger(Chaincode())

    def invoke(person, function, args, transient=None):
        who = PEOPLE[person]
        return memory.invoke(creator(who.name, who.msp_id, who.role), function, args, transient)

    story = JointStory(invoke)
    story.found()
    story.agree_on_table(load("paper-2019").to_json())
    for provider, rows in SHARES.items():
        distinct = len({cid for _, cid, _ in rows})
        columns = {
            "date": ColumnStatistics(nulls=0, distinct=len({day for day, _, _ in rows})),
            "cid": ColumnStatistics(nulls=0, distinct=distinct, minimum=1, maximum=3),
            "bill": ColumnStatistics(nulls=0, nans=False),
        }
        args = {
            "dataset_id": f"homes-{provider}",
            "title": "Bills",
            "schema": SCHEMA.to_json(),
            "statistics": Statistics(len(rows), (len(rows),), columns).to_json(),
            "fragments": ["ab" * 32],
            "policy": {"combining_providers": "any", "precheck": "none"},
        }
        story.invoke(provider, "datasets.publish", args)
    story.fund("peter", 1_000)
    return story


def access_of(joint):
    return {name: joint.grant(f"homes-{name}", provider=name) for name in SHARES}


def machine(joint, job_id):
    what = joint.invoke("peter", "jobs.source", {"job_id": job_id})
    return Machine(price(Program.decode(what["program"].encode()), Table.from_json(what["table"])), {})


def run_data(joint, job_id, number, rows):
    """Run a data part's map phase on the reference interpreter; return its charge."""
    part_id = f"{job_id}-{number}"
    person = joint.runner(part_id)
    receipt = machine(joint, job_id).run_job([rows], 10_000, precheck=False).phases[0].receipt()
    joint.invoke(person, "jobs.settle", *joint.settlement(part_id, 0, receipt))
    joint.deliver(part_id, f"partial groups of {person}\n")
    return receipt["charge"]


@pytest.mark.parametrize("totem", [198, 300])
def test_the_published_example_costs_the_same_at_two_providers(joint, totem):
    job_id = joint.submit_joint(access_of(joint), totem, source=BILLS)
    assert sum(part["slice"] for part in joint.joint(job_id)["parts"]) == totem
    for number in (1, 2):
        joint.accept_part(f"{job_id}-{number}")
    charges = [run_data(joint, job_id, number, rows) for number, rows in enumerate(SHARES.values(), 1)]
    whole = machine(joint, job_id).run_job(list(SHARES.values()), 198)
    assert sum(charges) == whole.phases[0].charge
    joint.accept_part(f"{job_id}-c")
    args, transient = joint.settlement(f"{job_id}-c", 1, whole.phases[1].receipt())
    joint.invoke("grid", "jobs.settle", args, {**transient, "before": joint.shown(job_id)})
    salt, result = secret(), "".join(f"[{key},{value!r}]\n" for key, value in whole.result)
    args = {"job_id": f"{job_id}-c", "result_hash": salted_hash(salt, result.encode())}
    joint.invoke("grid", "jobs.complete", args, {"result": result, "salt": salt})
    ended = joint.joint(job_id)
    assert (ended["state"], ended["paid"], ended["returned"]) == ("completed", 198, totem - 198)
    bill = joint.invoke("peter", "results.bill", {"job_id": job_id})["bill"]
    assert bill == [row.to_json() for row in whole.bill]


def test_each_part_is_priced_from_its_own_providers_statistics(joint):
    datasets = [{"dataset_id": f"homes-{name}"} for name in SHARES]
    asked = {"source": BILLS, "datasets": datasets, "combining": PEOPLE["grid"].id}
    found = joint.invoke("peter", "joint.estimate", asked)
    # 15 totem a row in the map phase; what the reduce costs depends on all groups together.
    assert [part["estimate"]["expected"] for part in found["parts"][:2]] == [60, 30]
    assert found["estimate"]["lower"] <= 198 <= found["estimate"]["upper"]
    assert sum(part["estimate"]["lower"] for part in found["parts"]) <= 198


def test_a_program_that_looks_at_single_values_is_refused_with_its_place(joint):
    with pytest.raises(Refused, match="rows would have to move") as refused:
        joint.submit_joint(access_of(joint), 300, source=LOOPS)
    assert refused.value.code == "program"
    (found,) = refused.value.refusals
    assert (found["code"], found["line"]) == ("rows-would-move", 10)
    assert "use sum, min or max" in found["hint"]
    assert joint.available("peter") == 1_000
