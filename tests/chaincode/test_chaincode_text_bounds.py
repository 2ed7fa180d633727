"""No receipt gets through that says more bytes of texts than there were, or that one phase costs what another may."""

import pytest

from totem_chaincode.contracts.receipts import RECEIPT
from totem_chaincode.dispatcher import Chaincode
from totem_chaincode.errors import Refused
from totem_chaincode.testing import PEOPLE, MemoryLedger, Story, creator, secret
from totem_sdk.cost import Counts, price
from totem_sdk.estimate import estimate
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.table import Table, load

STANDARD = load("standard-1")
WHOLE_ROWS = Table.from_json(STANDARD.to_json() | {"name": "whole-rows", "read": "row"})
WORDS = """
from totem_sdk import TotemJob

class Words(TotemJob):
    def mapper(self, _, row):
        if row.number > 1:
            yield row.word, row.number

    def reducer(self, word, numbers):
        yield word, sum(numbers)
"""
THREE_PHASES = """
from mrjob.step import MRStep
from totem_sdk import TotemJob

class Lengths(TotemJob):
    def steps(self):
        return [MRStep(mapper=self.read, reducer=self.add), MRStep(mapper=self.turn)]

    def read(self, _, row):
        yield row.word, row.number

    def add(self, word, numbers):
        yield word, sum(numbers)

    def turn(self, word, number):
        yield number, 1
"""
SCHEMA = Schema.of({"word": "str?", "other": "str", "number": "int"})
ROWS = [("Ab", "xyz", 1), (None, "", 2), ("cde", "x", 3), ("", "y", 4), ("Ab", "", 5)]


def statistics_of(rows, *, told=True):
    columns = {"number": ColumnStatistics(nulls=0)}
    for position, name in enumerate(("word", "other") if told else ()):
        texts = [row[position].encode() for row in rows if row[position] is not None]
        size, longest = sum(map(len, texts)), max(map(len, texts))
        columns[name] = ColumnStatistics(nulls=len(rows) - len(texts), size=size, longest=longest)
    return Statistics(len(rows), (len(rows),), columns)


def publish(story, dataset_id, rows, *, told=True):
    args = {
        "dataset_id": dataset_id,
        "title": "Words",
        "schema": SCHEMA.to_json(),
        "statistics": statistics_of(rows, told=told).to_json(),
        "fragments": ["ab" * 32],
        "policy": {"precheck": "none"},
    }
    story.invoke("utility", "datasets.publish", args)


@pytest.fixture
def ledger():
    """A consortium that has agreed on the bundled table and one that charges whole rows."""
    memory = MemoryLedger(Chaincode())

    def invoke(person, function, args, transient=None):
        who = PEOPLE[person]
        return memory.invoke(creator(who.name, who.msp_id, who.role), function, args, transient)

    story = Story(invoke)
    story.found()
    story.agree_on_table(WHOLE_ROWS.to_json())
    story.agree_on_table(STANDARD.to_json())
    story.fund("peter", 100_000)
    return story


def begin(story, *datasets, source=WORDS, table=STANDARD, totem=50_000):
    """Submit and accept a job over the words; return its id, its program and the true receipts."""
    grants = [story.grant(name) for name in datasets]
    args = {
        "source": source,
        "datasets": [
            {"dataset_id": name, "access_id": access_id} for name, (access_id, _) in zip(datasets, grants, strict=True)
        ],
        "totem": totem,
        "table_id": table.table_id,
    }
    job_id = story.invoke("peter", "jobs.submit", args, {"access_keys": dict(grants), "code": secret()})["job_id"]
    story.accept(job_id)
    priced = price(compile_job(source, SCHEMA), table)
    fragments = [ROWS] if len(datasets) == 1 else [ROWS[:3], ROWS[3:]]
    run = Machine(priced, {}).run_job(fragments, totem, precheck=False)
    return job_id, priced, [{name: phase.receipt()[name] for name in RECEIPT.fields} for phase in run.phases]


def settle(story, job_id, index, receipt):
    told = story.settlement(job_id, index, receipt, before=story.before(job_id, index))
    return story.invoke("utility", "jobs.settle", *told)


def sites(priced, *codes):
    return [str(site.id) for site in priced.sites if site.op.code in codes]


def inflated(priced, receipt, site, more):
    times, count, size = receipt["units"].get(site, (0, 0, 0))
    forged = receipt | {"units": receipt["units"] | {site: [times, count, size + more]}}
    return forged | {"charge": priced.total(Counts.from_json(forged))}


def is_refused(story, job_id, index, receipt, message, *, code="receipt"):
    with pytest.raises(Refused, match=message) as refused:
        settle(story, job_id, index, receipt)
    assert refused.value.code == code


def test_a_first_map_reads_exactly_the_published_bytes_of_the_columns_charged(ledger):
    publish(ledger, "words", ROWS[:3])
    publish(ledger, "more-words", ROWS[3:])
    job_id, priced, (first, _) = begin(ledger, "words", "more-words")
    (read,) = sites(priced, "read_row")
    assert first["units"][read][2] == len("AbcdeAb")
    for more in (1, -1, 1_000):
        is_refused(ledger, job_id, 0, inflated(priced, first, read, more), f"texts read is {7 + more}, there are 7")
    assert settle(ledger, job_id, 0, first)["continue"]


def test_a_table_that_charges_whole_rows_reads_every_column(ledger):
    publish(ledger, "words", ROWS)
    job_id, priced, (first, _) = begin(ledger, "words", table=WHOLE_ROWS)
    (read,) = sites(priced, "read_row")
    assert first["units"][read][2] == 7 + len("xyzxy")
    for more in (1, -1):
        is_refused(ledger, job_id, 0, inflated(priced, first, read, more), f"texts read is {12 + more}, there are 12")
    assert settle(ledger, job_id, 0, first)["continue"]


def test_a_map_that_was_cut_short_reads_no_more_than_the_published_bytes(ledger):
    publish(ledger, "words", ROWS)
    job_id, priced, (first,) = begin(ledger, "words", totem=60)
    assert first["end"] == "out_of_totem"
    (read,) = sites(priced, "read_row")
    there = first["units"][read][2]
    assert there < 7
    is_refused(ledger, job_id, 0, inflated(priced, first, read, 8 - there), "texts read is 8, there are 7")
    assert settle(ledger, job_id, 0, inflated(priced, first, read, 7 - there))["reason"] == "out_of_totem"


def test_bytes_that_were_not_published_are_bounded_by_nothing(ledger):
    publish(ledger, "words", ROWS, told=False)
    job_id, priced, (first, _) = begin(ledger, "words")
    (read,) = sites(priced, "read_row")
    assert settle(ledger, job_id, 0, inflated(priced, first, read, 1_000))["continue"]


def test_a_reduce_reads_no_more_bytes_than_the_map_has_emitted(ledger):
    publish(ledger, "words", ROWS, told=False)
    job_id, priced, (first, second) = begin(ledger, "words")
    settle(ledger, job_id, 0, first)
    (key,) = sites(priced, "read_key")
    # "cde", "" and "Ab" of numbers above 1: each is a group, and None is one.
    assert second["units"][key][2] == 5
    is_refused(ledger, job_id, 1, inflated(priced, second, key, 1), "texts read is 6, there are 5")
    assert settle(ledger, job_id, 1, second)["reason"] == "finished"


def test_a_later_map_reads_exactly_the_bytes_that_the_phase_before_emitted(ledger):
    publish(ledger, "words", ROWS)
    job_id, priced, receipts = begin(ledger, "words", source=THREE_PHASES)
    for index in (0, 1):
        settle(ledger, job_id, index, receipts[index])
    (read,) = sites(priced, "read_pair")
    for more in (1, -1):
        forged = inflated(priced, receipts[2], read, more)
        is_refused(ledger, job_id, 2, forged, f"texts read is {5 + more}, there are 5")
    assert settle(ledger, job_id, 2, receipts[2])["reason"] == "finished"


def test_one_phase_cannot_charge_what_another_one_may(ledger):
    publish(ledger, "words", ROWS)
    job_id, priced, (first, second) = begin(ledger, "words")
    told = estimate(priced, [statistics_of(ROWS)], {})
    (emit,) = (site for site in sites(priced, "emit") if site in first["units"])
    unit = priced.sites[int(emit)].terms[0].unit
    room = told.phases[0].upper - first["charge"]
    most = inflated(priced, first, emit, room // unit)
    assert told.upper > first["charge"] + second["charge"] + (room // unit + 1) * unit
    is_refused(ledger, job_id, 0, inflated(priced, first, emit, room // unit + 1), "phase 0 can't cost", code="bound")
    assert settle(ledger, job_id, 0, most)["continue"]
