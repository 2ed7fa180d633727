"""Counts that no run can have are refused, those of every run are accepted."""

from __future__ import annotations

import copy

import pytest

from totem_sdk.cost import Counts, price
from totem_sdk.errors import InvalidDocument
from totem_sdk.flow import ImpossibleCounts, check_counts, check_receipt
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load

JOB = """
from mrjob.step import MRStep
from totem_sdk import TotemJob

class Job(TotemJob):
    def steps(self):
        return [
            MRStep(
                mapper_init=self.begin,
                mapper=self.read,
                mapper_final=self.end,
                combiner=self.add,
                reducer=self.add,
            ),
            MRStep(mapper=self.turn, reducer=self.some, reducer_final=self.last),
        ]
    def begin(self):
        self.rows = 0
    def size(self, x):
        n = 0
        while x > 0:
            x = x // self.half()
            n += 1
            if n > 5:
                break
        return n
    def half(self):
        return 2
    def read(self, _, row):
        self.rows += 1
        if row.name is None:
            return
        for word in row.name.split():
            if word == "x":
                continue
            yield word, self.size(row.number)
        for i in range(row.number % 3):
            yield "i", i
    def end(self):
        yield "rows", self.rows
    def add(self, word, values):
        yield word, sum(values)
    def turn(self, word, number):
        yield 60 // (number - 77), word
    def some(self, number, words):
        seen = 0
        for word in words:
            seen += 1
            if len(word) > 3 or seen > 2:
                break
        yield number, seen
    def last(self):
        yield -1, 0
"""
ROWS = [(None, 1), ("a bc x", 7), ("bc", 2), ("", 3), ("long a", 100), ("a a a", 5), ("x", 0), ("bc bc", 8)]


@pytest.fixture(scope="module")
def priced():
    return price(compile_job(JOB, Schema.of({"name": "str?", "number": "int"})), load("standard-1"))


def runs(priced, rows, step):
    machine = Machine(priced, {})
    whole = machine.run_job([rows[:3], [], rows[3:]], 10**9)
    yield whole
    for escrow in range(0, whole.used, step):
        yield machine.run_job([rows[:3], [], rows[3:]], escrow, precheck=False)


@pytest.mark.slow
def test_the_receipts_of_every_run_are_accepted(priced):
    ends = set()
    for rows, step in ((ROWS, 401), ([], 1), ([("a", 0)] * 77, 90_001)):
        for run in runs(priced, rows, step):
            ends.add(run.state)
            for phase in run.phases:
                check_receipt(priced, phase.receipt())
    assert ends == {"completed", "out_of_totem", "failed"}


def test_a_failed_phase_is_accepted(priced):
    # The mapper of step 1 can't have the number 77, which is the number of rows here.
    run = Machine(priced, {}).run_job([[("a", 63)] * 77], 10**9)
    assert run.state == "failed"
    assert (run.error.kind, run.phases[-1].receipt()["error"]) == (
        "zero_division",
        {"kind": "zero_division", "line": 44},
    )
    for phase in run.phases:
        check_receipt(priced, phase.receipt())


@pytest.mark.parametrize("by", [1, -1, 1000])
def test_one_block_counted_otherwise_is_impossible(priced, by):
    run = Machine(priced, {}).run_job([ROWS], 10**9)
    assert run.state == "completed"
    for phase in run.phases:
        for block in range(len(priced.block_cost)):
            receipt = copy.deepcopy(phase.receipt())
            counted = receipt["blocks"].get(str(block), 0) + by
            if counted >= 0:
                receipt["blocks"][str(block)] = counted
                receipt["charge"] = priced.total(Counts.from_json(receipt))
                with pytest.raises(ImpossibleCounts):
                    check_receipt(priced, receipt)


def test_one_site_counted_otherwise_is_impossible(priced):
    run = Machine(priced, {}).run_job([ROWS], 10**9)
    for phase in run.phases:
        for site, units in phase.receipt()["units"].items():
            for changed in ([units[0] + 1, *units[1:]], [0, 0, 0], [units[0], units[1] + 1, units[2]]):
                receipt = phase.receipt()
                receipt["units"] = {**receipt["units"], site: changed}
                receipt["charge"] = priced.total(Counts.from_json(receipt))
                with pytest.raises(ImpossibleCounts):
                    check_receipt(priced, receipt)


@pytest.mark.parametrize(
    ("field", "by"),
    [("charge", 1), ("records_in", 1), ("records_in", -1), ("records_out", 1), ("records_out", -1), ("tasks", 1)],
)
def test_numbers_that_the_counts_contradict(priced, field, by):
    run = Machine(priced, {}).run_job([ROWS], 10**9)
    for phase in run.phases[:2]:
        receipt = phase.receipt()
        if (phase.phase, field) == ("reduce", "tasks"):
            # Step 0 has no reducer_init or _final: how many partitions there were leaves no trace.
            continue
        receipt[field] += by
        with pytest.raises(ImpossibleCounts):
            check_receipt(priced, receipt)


COUNTED = """
from totem_sdk import TotemJob

class Counted(TotemJob):
    def mapper(self, _, row):
        if row.number > 5:
            yield row.number, 1
    def combiner(self, number, ones):
        yield number, 1
    def reducer(self, number, ones):
        yield number, 1
"""


def test_a_combiner_has_no_more_groups_than_pairs_were_emitted_though_it_draws_none():
    priced = price(compile_job(COUNTED, Schema.of({"number": "int"})), load("standard-1"))
    run = Machine(priced, {}).run_job([[(number % 9,) for number in range(90)]], 10**9)
    receipt = run.phases[0].receipt()
    check_receipt(priced, receipt)
    (combiner,) = priced.program.functions[priced.program.steps[0].combiner].body
    for groups in (30, 31):
        forged = receipt | {"blocks": receipt["blocks"] | {str(combiner.id): groups}, "records_out": groups}
        forged["charge"] = priced.total(Counts.from_json(forged))
        if groups == 30:
            check_receipt(priced, forged)
        else:
            with pytest.raises(ImpossibleCounts, match="combiner: entered 31 times; between 0 and 30"):
                check_receipt(priced, forged)


def test_a_halted_phase_may_miss_one_place_for_each_open_task_and_no_more(paper1, bills):
    run = Machine(paper1, {}).run_job([bills], 89)
    (phase,) = run.phases
    assert (phase.end, phase.records_in) == ("out_of_totem", 5)
    check_receipt(paper1, phase.receipt())
    counts = Counts()
    counts.blocks[0] = 3
    numbers = {"tasks": 1, "records_out": 0, "groups_in": 0}
    check_counts(paper1, 0, counts, records_in=3, end="out_of_totem", **numbers)
    check_counts(paper1, 0, counts, records_in=2, end="out_of_totem", **numbers)
    with pytest.raises(ImpossibleCounts, match="mapper: entered 3 times; between 0 and 2"):
        check_counts(paper1, 0, counts, records_in=1, end="out_of_totem", **numbers)
    check_counts(paper1, 0, counts, records_in=1, end="cancelled", **{**numbers, "tasks": 2})


def test_receipts_of_something_else(paper1, bills):
    receipt = Machine(paper1, {}).run_job([bills], 198).phases[0].receipt()
    for change, message in (
        ({"end": "lost"}, "does not end in 'lost'"),
        ({"step": 1}, "no map phase in step 1"),
        ({"blocks": {**receipt["blocks"], "1": 1}, "charge": 94}, "block 1 does not belong to this phase"),
    ):
        with pytest.raises(ImpossibleCounts, match=message):
            check_receipt(paper1, {**receipt, **change})
    with pytest.raises(InvalidDocument, match="no such block"):
        check_receipt(paper1, {**receipt, "blocks": {"7": 1}})
