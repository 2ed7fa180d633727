"""Bills by source line: they add up to the bill, and stay within the estimate of each line."""

from __future__ import annotations

import ast
from collections import Counter

import pytest
from generator import jobs
from hypothesis import HealthCheck, given, settings
from published_statistics import published

from totem_sdk.by_line import totem_by_line
from totem_sdk.cost import Counts, PricedProgram, price
from totem_sdk.errors import InvalidDocument
from totem_sdk.estimate import estimate
from totem_sdk.interpreter import JobRun, Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.statistics import Statistics
from totem_sdk.table import load

PLENTY = 1 << 50


def lines_of(priced: PricedProgram, run: JobRun) -> Counter[int]:
    found: Counter[int] = Counter()
    for phase in run.phases:
        lines = totem_by_line(priced, phase.counts)
        assert sum(lines.values()) == phase.charge
        found.update(lines)
    return found


def stays_within(priced: PricedProgram, run: JobRun, schema, fragments, params) -> None:
    paid = lines_of(priced, run)
    everything = published(schema, fragments)
    for statistics in (everything, Statistics(everything.rows, everything.fragments)):
        found = estimate(priced, [statistics], params)
        bounds = {line.line: line for line in found.lines}
        if not bounds:
            continue
        for line in {*paid, *bounds}:
            # A line that is not in the estimate can't cost anything.
            assert line in bounds, (line, paid[line])
            assert bounds[line].upper is None or paid[line] <= bounds[line].upper, line
            assert run.state != "completed" or bounds[line].lower <= paid[line], line


@pytest.mark.slow
def test_the_lines_of_the_corpus_add_up_and_stay_within_their_bounds(corpus_job):
    program = corpus_job.program
    stays_within(
        corpus_job.priced,
        corpus_job.whole,
        corpus_job.schema,
        corpus_job.fragments,
        bind(program, corpus_job.params),
    )
    # What is paid for stands in a statement of the job.
    lines = {line for node in ast.walk(ast.parse(corpus_job.source)) if (line := getattr(node, "lineno", None))}
    assert set(lines_of(corpus_job.priced, corpus_job.whole)) <= lines


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(jobs())
def test_the_lines_of_generated_programs_stay_within_their_bounds(job):
    priced = price(compile_job(job.source, job.schema), load("standard-1"))
    params = bind(priced.program, job.params)
    run = Machine(priced, params).run_job(job.fragments, PLENTY)
    stays_within(priced, run, job.schema, job.fragments, params)


def test_counts_of_another_program_have_no_lines(corpus):
    job = corpus[0]
    with pytest.raises(InvalidDocument, match="no such block"):
        totem_by_line(job.priced, Counts.from_json({"blocks": {"999": 1}, "units": {}}))
