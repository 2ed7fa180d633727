"""Generated programs of the whole language on the kernel and the interpreter: result, bill and end at every escrow."""

import random

import pytest
from generator import generate, jobs
from hypothesis import HealthCheck, given, settings

from totem_ccf.kernel import compile_kernel
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.table import load

ENOUGH = 1 << 50


def compare(kernel, facts_of, job, escrows, *, table="standard-1", **options):
    program = compile_job(job.source, job.schema)
    priced = price(program, load(table))
    params = bind(program, job.params)
    interpreter = Machine(priced, params)
    tested = kernel(priced, params, compiled=compile_kernel(priced), **options)
    expected = interpreter.run_job(job.fragments, ENOUGH)
    assert facts_of(tested.run_job(job.fragments, ENOUGH)) == facts_of(expected)
    cost = expected.used
    chance = random.Random(job.seed)  # noqa: S311  no secret: the same escrows every time
    for escrow in {cost, max(cost - 1, 0), *(chance.randrange(cost + 1) for _ in range(escrows))}:
        expected = interpreter.run_job(job.fragments, escrow, precheck=False)
        assert facts_of(tested.run_job(job.fragments, escrow, precheck=False)) == facts_of(expected), f"escrow {escrow}"


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))])
def test_generated_programs(kernel, facts_of, seed):
    compare(kernel, facts_of, generate(seed, 4, 8), 2)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(jobs())
def test_any_program(kernel, facts_of, job):
    compare(kernel, facts_of, job, 4)


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(jobs())
def test_any_program_with_small_buffers(kernel, facts_of, make_small, monkeypatch, job):
    with monkeypatch.context() as patch:
        make_small(patch, {"code.MOST_LOCAL_ROOTS": 0})
        compare(kernel, facts_of, job, 4, batch_rows=5, emit_rows=2, lease=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_end_at_escrows_of_every_size(kernel, facts_of, seed):
    """Small programs, escrows from nothing to the whole cost."""
    job = generate(1000 + seed, 2, 3)
    program = compile_job(job.source, job.schema)
    priced = price(program, load("standard-1"))
    params = bind(program, job.params)
    interpreter = Machine(priced, params)
    tested = kernel(priced, params, compiled=compile_kernel(priced), lease=0)
    cost = interpreter.run_job(job.fragments, ENOUGH, precheck=False).used
    for escrow in range(0, cost + 1, max(1, cost // 150)):
        expected = interpreter.run_job(job.fragments, escrow, precheck=False)
        assert facts_of(tested.run_job(job.fragments, escrow, precheck=False)) == facts_of(expected), f"escrow {escrow}"
