"""Many small new programs in all three executors: ``make fuzz SECONDS=600``, and by itself for hours.

Not collected by ``pytest`` alone. CPython and the interpreter have to end alike: the same result, or an error of the
same kind at the same line. Kernel and interpreter have to agree in everything, with enough totem and with less. What
differs is made small (``shrinking``), and becomes a test before it is mended.

``TOTEM_FUZZ_SECONDS`` is how long to go on (60 by default), ``TOTEM_FUZZ_SEED`` where to begin (random by default). The
counts of long runs are added up in docs/fuzzing.md.
"""

from __future__ import annotations

import os
import random
import secrets
import time
from dataclasses import replace

from generator import GeneratedJob, generate
from shrinking import shrunk

from totem_ccf.kernel import compile_kernel
from totem_sdk.cost import price
from totem_sdk.cpython import CPythonJob
from totem_sdk.errors import Refused
from totem_sdk.interpreter import JobRun, Machine
from totem_sdk.lang import compile_job
from totem_sdk.parameters import bind
from totem_sdk.program import Program
from totem_sdk.table import load
from totem_sdk.values import result_line

ENOUGH = 1 << 50
STANDARD = load("standard-1")
KINDS = {
    ZeroDivisionError: "zero_division",
    IndexError: "index",
    KeyError: "key",
    AssertionError: "assertion",
    RuntimeError: "runtime",
    TypeError: "type",
    ValueError: "value",
    OverflowError: "overflow",
}
"""What the machine calls CPython's errors, in the order in which they are looked for."""
OF_THE_MACHINE = ("overflow", "memory")
"""Errors that CPython has later or not at all."""
ENDS = (*KINDS.values(), "memory", "completed", "too-large", "combiner-type")
"""How a program may end: the generator knows neither how large it is for the checker, nor what else a float may be."""


def in_cpython(job: GeneratedJob, program: Program, params: dict[str, object]) -> tuple[object, ...]:
    """Return the lines of the result, or kind and line of the error."""
    try:
        pairs = CPythonJob(job.source, program, params).run(job.fragments)
    except tuple(KINDS) as error:
        trace, line = error.__traceback__, 0
        while trace is not None:
            line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == "job.py" else line
            trace = trace.tb_next
        return next(kind for class_, kind in KINDS.items() if isinstance(error, class_)), line
    return tuple(result_line(*pair) for pair in pairs)


def ended(run: JobRun) -> tuple[object, ...]:
    """Return the same of a run of the machine."""
    if run.error is not None:
        return run.error.kind, run.error.line
    return tuple(result_line(*pair) for pair in run.result)


def compare(kernel, facts_of, job: GeneratedJob) -> str:
    """Compare one program; return how it ended."""
    program = compile_job(job.source, job.schema)
    priced, params = price(program, STANDARD), bind(program, job.params)
    interpreter = Machine(priced, params)
    run = interpreter.run_job(job.fragments, ENOUGH, precheck=False)
    if not job.catches_overflow and (run.error is None or run.error.kind not in OF_THE_MACHINE):
        expected = in_cpython(job, program, params)
        assert ended(run) == expected, f"interpreter {ended(run)}\nCPython {expected}"
    chance = random.Random(job.seed)  # noqa: S311  no secret: a seed gives the same again
    tested = kernel(priced, params, compiled=compile_kernel(priced), batch_rows=chance.choice((2, 7)))
    less = chance.randrange(run.used + 1)
    for escrow, wanted in (ENOUGH, run), (less, interpreter.run_job(job.fragments, less, precheck=False)):
        found, told = facts_of(tested.run_job(job.fragments, escrow, precheck=False)), facts_of(wanted)
        assert found == told, f"escrow {escrow}\nkernel {found}\ninterpreter {told}"
    return run.state if run.error is None else run.error.kind


def test_new_programs_in_three_executors(kernel, facts_of, capsys):
    until = time.monotonic() + float(os.environ.get("TOTEM_FUZZ_SECONDS", "60"))
    seed = int(os.environ.get("TOTEM_FUZZ_SEED", secrets.randbits(48)))
    ends: dict[str, int] = {}

    def differs(source: str, job: GeneratedJob, wrong: Exception) -> bool:
        try:
            compare(kernel, facts_of, replace(job, source=source))
        except Exception as error:  # noqa: BLE001  one of another class is that of a program that lost what it needs
            return type(error) is type(wrong)
        return False

    while time.monotonic() < until:
        chance = random.Random(seed)  # noqa: S311
        job = generate(seed, chance.choice((1, 1, 2, 2, 3, 5)), chance.choice((1, 3, 8)))
        try:
            end = compare(kernel, facts_of, job)
        except Refused as refused:
            end = refused.refusals[0].code
        except Exception as error:
            small = shrunk(job.source, lambda source, of=job, wrong=error: differs(source, of, wrong))
            error.add_note(f"TOTEM_FUZZ_SEED={seed} begins with this program\n{replace(job, source=small)!r}")
            raise
        assert end in ENDS, f"seed {seed} ends with {end}\n{job!r}"
        ends[end] = ends.get(end, 0) + 1
        seed += 1
        if sum(ends.values()) % 500 == 0:
            with capsys.disabled():
                print(f"{sum(ends.values())} programs, {ends}, next seed {seed}", flush=True)  # noqa: T201  progress
    with capsys.disabled():
        print(f"{sum(ends.values())} programs without a difference: {ends}, next seed {seed}")  # noqa: T201
