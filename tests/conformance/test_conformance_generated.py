"""Generated programs of the whole language: the executors agree, costs are conserved, estimates are sound.

The kernel is compared with the interpreter on the same programs in tests/ccf/kernel.
"""

from __future__ import annotations

import bisect
import itertools

import pytest
from generator import GeneratedJob, generate, jobs
from hypothesis import HealthCheck, given, settings
from published_statistics import published

from totem_sdk.cost import price
from totem_sdk.cpython import CPythonJob
from totem_sdk.estimate import estimate, phase_lower_bound
from totem_sdk.flow import check_receipt
from totem_sdk.interpreter import Charge, JobRun, Machine
from totem_sdk.lang import compile_job
from totem_sdk.opcodes import OPCODES
from totem_sdk.parameters import bind
from totem_sdk.statistics import Statistics
from totem_sdk.table import load
from totem_sdk.values import result_line

STANDARD = load("standard-1")
PLENTY = 1 << 50
EVERYWHERE = ("zero_division", "index", "value", "assertion", "key", "runtime", "type")
"""Kinds of errors that CPython has as well."""


class Case:
    """A generated job, compiled once."""

    def __init__(self, job: GeneratedJob) -> None:
        self.job = job
        self.priced = price(compile_job(job.source, job.schema), STANDARD)
        self.params = bind(self.priced.program, job.params)

    def run(self, escrow: int = PLENTY, *, precheck: bool = False, audit=None) -> JobRun:
        return Machine(self.priced, self.params, audit=audit).run_job(self.job.fragments, escrow, precheck=precheck)

    def check_receipts(self, run: JobRun) -> None:
        for phase in run.phases:
            assert self.priced.total(phase.counts) == phase.charge
            check_receipt(self.priced, phase.receipt())


def lines(result) -> list[str]:
    return [result_line(*pair) for pair in result]


def agrees(case: Case) -> None:
    """Interpreter and CPython on the machine's schedule end alike."""
    found = case.run()
    if case.job.catches_overflow:
        return
    driver = CPythonJob(case.job.source, case.priced.program, case.params)
    if found.state == "completed":
        assert lines(found.result) == lines(driver.run(case.job.fragments))
    elif found.error.kind in EVERYWHERE:
        with pytest.raises((ArithmeticError, LookupError, ValueError, AssertionError, RuntimeError, TypeError)):
            driver.run(case.job.fragments)


def conserves(case: Case) -> None:
    """What is paid charge by charge is the bill, phase by phase and in all; counts are possible; gates are low."""
    charges: list[Charge] = []
    found = case.run(audit=charges.append)
    assert sum(charge.totem for charge in charges) == found.used == PLENTY - found.returned
    assert sum(row.totem for row in found.bill) == found.used
    assert all(sum(totem for _, totem in charge.items.values()) == charge.totem for charge in charges)
    case.check_receipts(found)
    entering = 0
    for index, phase in enumerate(found.phases):
        if index and phase.end == "done":
            assert phase_lower_bound(case.priced, index, entering) <= phase.charge
        entering = phase.records_out


def halts(case: Case) -> None:
    """With its cost it ends as with plenty; with less it halts where a walk over its charges says."""
    charges: list[Charge] = []
    whole = case.run(audit=charges.append)
    exact = case.run(whole.used)
    assert (exact.state, exact.used, exact.returned) == (whole.state, whole.used, 0)
    assert lines(exact.result) == lines(whole.result)
    paid = [0, *itertools.accumulate(charge.totem for charge in charges)]
    for escrow in {whole.used - 1, whole.used // 2, 0} - {whole.used, -1}:
        short = case.run(escrow)
        assert short.state == "out_of_totem"
        assert short.used == paid[bisect.bisect_right(paid, escrow) - 1]
        assert short.used + short.returned == escrow
        if whole.state == "completed" or not short.partial:
            assert lines(short.result) == (lines(whole.result)[: len(short.result)] if short.partial else [])
        case.check_receipts(short)
    gated = case.run(whole.used // 2, precheck=True)
    assert gated.state == "out_of_totem" or whole.used == 0
    assert gated.used <= whole.used // 2


def is_bounded(case: Case) -> None:
    """A completed run costs something between the bounds, with all statistics, with none, as two datasets."""
    found = case.run()
    schema, fragments = case.job.schema, case.job.fragments
    everything = published(schema, fragments)
    nothing = Statistics(everything.rows, everything.fragments)
    for statistics in ([everything], [nothing], [published(schema, fragments[:1]), published(schema, fragments[1:])]):
        bounds = estimate(case.priced, statistics, case.params)
        assert bounds.upper is None or bounds.lower <= bounds.expected <= bounds.upper
        if found.state != "completed":
            continue
        assert bounds.lower <= found.used
        assert bounds.upper is None or found.used <= bounds.upper
        for phase, between in zip(found.phases, bounds.phases, strict=True):
            assert between.lower <= phase.charge
            assert between.upper is None or phase.charge <= between.upper


FEW = settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def everything(job: GeneratedJob) -> None:
    case = Case(job)
    agrees(case)
    conserves(case)
    halts(case)
    is_bounded(case)


@FEW
@given(jobs(most=3))
def test_generated_programs(job):
    everything(job)


@pytest.mark.slow
@MANY
@given(jobs())
def test_many_generated_programs(job):
    everything(job)


@pytest.mark.slow
def test_the_generator_reaches_every_opcode_and_most_jobs_complete():
    seen: set[str] = set()
    completed = 0
    for seed in range(9, 99):
        case = Case(generate(seed, 1 + seed % 10, seed % 12))
        seen.update(op.code for block in case.priced.program.blocks for op in block.ops)
        completed += case.run().state == "completed"
    assert seen == set(OPCODES)
    assert 45 < completed < 90
