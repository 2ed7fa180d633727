"""Phase by phase, every run stays within what a settlement asks: the estimate's bounds, the bytes of texts there were.

Completed runs cost at least a phase's lower bound; those that stop early or fail cost no more than its upper bound
either, because a ledger refuses their receipts as well.
"""

from __future__ import annotations

import pytest
from generator import jobs
from hypothesis import HealthCheck, given, settings
from published_statistics import published

from totem_sdk.cost import Counts, PricedProgram, price
from totem_sdk.estimate import Estimate, estimate
from totem_sdk.flow import ImpossibleCounts, check_receipt
from totem_sdk.interpreter import JobRun, Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.statistics import Statistics
from totem_sdk.table import load
from totem_sdk.text_flow import combined_texts, phase_texts

PLENTY = 1 << 50


def knowledge(schema, fragments):
    """Give what may be published: everything, nothing, everything of two datasets."""
    everything = published(schema, fragments)
    nothing = Statistics(everything.rows, everything.fragments)
    return [everything], [nothing], [published(schema, fragments[:1]), published(schema, fragments[1:])]


def stays_within(priced: PricedProgram, run: JobRun, bounds: Estimate) -> None:
    least, most = bounds.row_texts
    for number, phase in enumerate(run.phases):
        expected = bounds.phases[number]
        done = phase.end == "done"
        assert expected.upper is None or phase.charge <= expected.upper, (number, phase.end)
        assert not done or phase.charge >= expected.lower, number
        here = priced.program.phases[number]
        texts = phase_texts(priced, here, phase.counts)
        exact = done and here.kind == "map"
        if texts.read is not None:
            assert most is None or texts.read <= most, (number, texts)
            assert not exact or texts.read >= least, (number, texts)
        least, most = texts.emitted or 0, texts.emitted


def runs(machine, fragments, parts):
    whole = machine.run_job(fragments, PLENTY)
    yield whole
    for part in range(parts):
        yield machine.run_job(fragments, whole.used * part // parts, precheck=False)


@pytest.mark.slow
def test_the_corpus_stays_within_the_bounds_wherever_it_stops(corpus_job):
    params = bind(corpus_job.program, corpus_job.params)
    known = knowledge(corpus_job.schema, corpus_job.fragments)
    found = [estimate(corpus_job.priced, statistics, params) for statistics in known]
    for run in runs(corpus_job.machine, corpus_job.fragments, 4):
        for bounds in found:
            stays_within(corpus_job.priced, run, bounds)


@pytest.mark.slow
def test_whole_rows_that_are_charged_are_read_exactly_once(corpus_job):
    """A table that charges whole rows: the bytes of every text column, those of raw lines where they are used."""
    row_table = load("standard-1").to_json() | {"name": "rows", "read": "row"}
    priced = price(corpus_job.program, type(load("standard-1")).from_json(row_table))
    params = bind(corpus_job.program, corpus_job.params)
    bounds = estimate(priced, [published(corpus_job.schema, corpus_job.fragments)], params)
    assert bounds.row_texts[0] == bounds.row_texts[1]
    for run in runs(Machine(priced, params), corpus_job.fragments, 3):
        stays_within(priced, run, bounds)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(jobs())
def test_generated_programs_stay_within_the_bounds(job):
    priced = price(compile_job(job.source, job.schema), load("standard-1"))
    params = bind(priced.program, job.params)
    machine = Machine(priced, params)
    found = [estimate(priced, statistics, params) for statistics in knowledge(job.schema, job.fragments)]
    for run in runs(machine, job.fragments, 5):
        for bounds in found:
            stays_within(priced, run, bounds)


@pytest.mark.slow
def test_a_combiner_that_read_more_than_the_mapper_emitted_is_impossible(corpus):
    tried = 0
    for job in corpus:
        for phase in job.whole.phases:
            here = next(p for p in job.program.phases if (p.step, p.kind) == (phase.step, phase.phase))
            texts = combined_texts(job.priced, here, phase.counts)
            if here.kind == "reduce" or phase.end != "done" or texts.read is None or texts.emitted is None:
                continue
            tried += 1
            combiner = job.program.steps[here.step].combiner
            first = job.program.functions[combiner].body[0].id
            for site in job.priced.sites_of_block[first].values():
                if site.op.code != "read_key":
                    continue
                receipt = phase.receipt()
                times, count, size = receipt["units"].get(str(site.id), (0, 0, 0))
                for more, possible in ((texts.emitted - texts.read, True), (texts.emitted - texts.read + 1, False)):
                    units = {**receipt["units"], str(site.id): [times, count, size + more]}
                    forged = receipt | {"units": units}
                    forged["charge"] = job.priced.total(Counts.from_json(forged))
                    if possible:
                        check_receipt(job.priced, forged)
                    else:
                        with pytest.raises(ImpossibleCounts, match="combiner has read"):
                            check_receipt(job.priced, forged)
    assert tried > 0
