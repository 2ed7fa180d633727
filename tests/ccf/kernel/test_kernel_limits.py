"""The corpus on kernels whose buffers hold next to nothing: everything is refilled, flushed, kept and moved."""

import random

import pytest

from totem_ccf.kernel import compile_kernel
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.table import load

ENOUGH = 10**15
LARGE = {"fails_memory"}  # makes 64 MiB of text: what it keeps does not fit into small kept halves
LIMITS = {
    "plan.ROWS": 3,
    "roles.ROWS": 3,
    "feed.ROWS": 3,
    "feed.CHUNK_BYTES": 10,
    "roles.TEXT_BYTES": 7,
    "roles.FOLD_ROWS": 2,
    "roles.FOLD_TEXT_BYTES": 5,
    "roles.POOL_BYTES": 592,
    "module.POOL_BYTES": 592,
    "plan.KEPT_BYTES": 1 << 12,
}


@pytest.fixture
def tiny(monkeypatch):
    for name, value in LIMITS.items():
        monkeypatch.setattr(f"totem_ccf.kernel.{name}", value)


@pytest.mark.slow
def test_small_buffers_change_nothing(tiny, corpus_job, kernel, facts_of):
    if corpus_job.name in LARGE:
        return
    program = compile_job(corpus_job.source, corpus_job.schema)
    priced = price(program, load("standard-1"))
    params = bind(program, corpus_job.params)
    interpreter = Machine(priced, params)
    small = kernel(priced, params, compiled=compile_kernel(priced), batch_rows=11, emit_rows=2)
    expected = interpreter.run_job(corpus_job.fragments, ENOUGH, precheck=False)
    assert facts_of(small.run_job(corpus_job.fragments, ENOUGH, precheck=False)) == facts_of(expected)
    chance = random.Random(corpus_job.name)  # noqa: S311  no secret: the same escrows every time
    for escrow in (chance.randrange(expected.used + 1) for _ in range(3)):
        expected = interpreter.run_job(corpus_job.fragments, escrow, precheck=False)
        assert facts_of(small.run_job(corpus_job.fragments, escrow, precheck=False)) == facts_of(expected), escrow
