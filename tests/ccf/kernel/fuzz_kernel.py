"""New programs on the kernel and the interpreter for as long as one likes: ``make fuzz SECONDS=600``.

Not collected by ``pytest`` alone. Each program runs to its end, and at the escrows at which its end changes: one totem
less than what is paid up to some charge, and just that. State, totem used, result, bill and every counter of every
phase have to be the interpreter's. A failure names the seed and the escrow, and shows the program; it becomes a test
(``test_kernel_generated.py``) before it is mended.

``TOTEM_FUZZ_SECONDS`` is how long to go on (60 by default), ``TOTEM_FUZZ_SEED`` where to begin (random by default).
"""

import itertools
import os
import random
import secrets
import time

from generator import generate

from totem_ccf.kernel import compile_kernel
from totem_sdk.cost import price
from totem_sdk.interpreter import Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.table import Table, load
from totem_sdk.task import Escrow

ENOUGH = 1 << 50
ENDS = 12
"""Charges at which a program is stopped; all of them if it has no more."""


def some_table(chance):
    """Return table standard-1, or one with other weights, sizes and charges for reading."""
    document = load("standard-1").to_json()
    if chance.random() < 0.5:
        weights = {name: chance.choice((1, 2, 3, 1000)) for name in document["weights"]}
        sizes = {name: chance.choice((1, 2, 5)) for name in document["bytes"]}
        emit = chance.choice((0, 1, 9))
        document |= {"weights": weights | {"emit": emit}, "bytes": sizes, "read": chance.choice(("row", "columns"))}
    return Table.from_json(document)


def paid_up_to(kernel, priced, params, job, compiled):
    """Return what is paid up to each charge of a run, in order."""
    charges = []

    class Noting(Escrow):
        def more(self, need, used, charge):
            charges.append(need)
            return super().more(need, used, charge)

    kernel(priced, params, compiled=compiled, lease=0, pot=Noting).run_job(job.fragments, ENOUGH, precheck=False)
    return list(itertools.accumulate(charges))


def compare(kernel, facts_of, job, chance):
    """Compare one program; return how many runs that took."""
    program = compile_job(job.source, job.schema)
    priced = price(program, some_table(chance))
    params = bind(program, job.params)
    compiled = compile_kernel(priced)
    interpreter = Machine(priced, params)
    options = {
        "batch_rows": chance.choice((1, 3, 7, 64)),
        "emit_rows": chance.choice((1, 5, 64)),
        "lease": chance.choice((0, 17, 1009, 1 << 40)),
    }
    tested = kernel(priced, params, compiled=compiled, **options)
    ends = paid_up_to(kernel, priced, params, job, compiled)
    if len(ends) > ENDS:
        ends = chance.sample(ends, ENDS)
    escrows = sorted({0, ENOUGH, *ends, *(end - 1 for end in ends)})
    for escrow in escrows:
        for precheck in (False, True) if escrow == ENOUGH else (False,):
            expected = facts_of(interpreter.run_job(job.fragments, escrow, precheck=precheck))
            found = facts_of(tested.run_job(job.fragments, escrow, precheck=precheck))
            assert found == expected, f"escrow {escrow}, {options}, table {priced.table.to_json()}\n{job!r}"
    return len(escrows) + 1


def test_new_programs(kernel, facts_of, make_small, monkeypatch, capsys):
    until = time.monotonic() + float(os.environ.get("TOTEM_FUZZ_SECONDS", "60"))
    seed = int(os.environ.get("TOTEM_FUZZ_SEED", secrets.randbits(32)))
    programs = runs = 0
    while time.monotonic() < until:
        chance = random.Random(seed)  # noqa: S311  no secret: a seed gives the same again
        job = generate(seed, chance.randint(1, 9), chance.choice((0, 1, 3, 8, 20)))
        with monkeypatch.context() as patch, capsys.disabled():
            if chance.random() < 0.4:
                make_small(patch)
            if chance.random() < 0.5:
                patch.setattr("totem_ccf.kernel.code.MOST_LOCAL_ROOTS", 0)
            try:
                runs += compare(kernel, facts_of, job, chance)
            except Exception as error:
                error.add_note(f"seed {seed}: TOTEM_FUZZ_SEED={seed} begins with this program\n{job!r}")
                raise
            programs += 1
            if programs % 100 == 0:
                print(f"{programs} programs, {runs} runs, next seed {seed + 1}", flush=True)  # noqa: T201  progress of a long run
        seed += 1
    with capsys.disabled():
        print(f"{programs} programs, {runs} runs: the kernel is the interpreter's equal")  # noqa: T201  what was run
