"""Every job of the conformance corpus: the kernel gives the interpreter's result, counts, bill and end."""

import random

import pytest

from totem_ccf.kernel import compile_kernel
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.table import load

ENOUGH = 10**15


class Both:
    """One job on both machines."""

    def __init__(self, job, kernel, facts_of, **options):
        program = compile_job(job.source, job.schema)
        self.priced = price(program, load("standard-1"))
        params = bind(program, job.params)
        self.compiled = compile_kernel(self.priced)
        self.interpreter = Machine(self.priced, params)
        self.kernel = kernel(self.priced, params, compiled=self.compiled, **options)
        self.fragments = job.fragments
        self.facts_of = facts_of

    def run(self, escrow, *, precheck=False):
        expected = self.interpreter.run_job(self.fragments, escrow, precheck=precheck)
        found = self.kernel.run_job(self.fragments, escrow, precheck=precheck)
        assert self.facts_of(found) == self.facts_of(expected), f"escrow {escrow}"
        return expected


def escrows(cost, number, seed):
    chance = random.Random(seed)  # noqa: S311  no secret: the same escrows every time
    return sorted({0, 1, max(cost - 1, 0), cost, *(chance.randrange(cost + 1) for _ in range(number))})


def test_the_kernel_is_the_interpreter(corpus_job, kernel, facts_of):
    both = Both(corpus_job, kernel, facts_of)
    run = both.run(ENOUGH, precheck=True)
    both.run(run.used // 2)


@pytest.mark.slow
@pytest.mark.parametrize(("batch_rows", "emit_rows", "lease"), [(1, 1, 0), (1000, 1000, 50_000)])
def test_at_many_escrows_the_end_is_the_interpreters(corpus_job, kernel, facts_of, *, batch_rows, emit_rows, lease):
    both = Both(corpus_job, kernel, facts_of, batch_rows=batch_rows, emit_rows=emit_rows, lease=lease)
    run = both.run(ENOUGH)
    for escrow in escrows(run.used, 3, corpus_job.name):
        both.run(escrow)
