"""The language against the clock: words by a regular expression, a loop over floats, compiling, and a cold command."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.measure import Answer, Contender, Record, compare
from benchmarks.ours import BenchmarkFailed, Job, in_this_process, with_and_without_charges
from benchmarks.peers import mrjob_inline
from benchmarks.regex_words import RegexWords
from totem_ccf.kernel import KernelExecutor, compile_kernel
from totem_ccf.mapreduce.pairs import PairLayout
from totem_sdk.cost import price
from totem_sdk.lang import compile_job
from totem_sdk.schema import Schema
from totem_sdk.table import load
from totem_sdk.task import Escrow

__all__ = ["TARGET", "WORDS", "cold_run", "float_loop", "regex_words", "warm_compile"]

COLD_TARGET = 1.5
"""Seconds of `totem run` on 1,000 rows, from nothing."""
COMPILE_TARGET = 0.05
"""Seconds of compiling a job of 200 lines to native code, in a process that has compiled before."""
ROUNDS = 20_000_000
TURNS = 5
ENOUGH = 1 << 50

TARGET = "target"
"""The peer of what is measured against a number of seconds."""

WORDS = Path(__file__).parent / "regex_words.py"
LOOP = f"""from totem_sdk import TotemJob


class Loop(TotemJob):
    def mapper_final(self):
        x = 0.5
        for i in range({ROUNDS}):
            x = x * 0.999 + 0.001 * i
        yield 0, x

    def mapper(self, _, row):
        if row.n > 10:
            yield 0, 0.0
"""


def regex_words(lines: Path, most: int, folder: Path) -> list[Record]:
    """Count the words of the first ``most`` lines of a file, against mrjob, and with charges against without."""
    text = folder / f"lines_{most}.txt"
    with lines.open(encoding="utf-8") as source, text.open("w", encoding="utf-8") as to:
        to.writelines(islice(source, most))
    job = Job(WORDS, text)
    records = compare("regex word count", job.rows, in_this_process(job), [mrjob_inline(text, RegexWords)])
    metered, unmetered = with_and_without_charges(job, TURNS)
    return records + compare("metering, regex word count", job.rows, metered, [unmetered])


def float_loop() -> list[Record]:
    """Run a loop of multiplications and additions, against CPython, and with charges against without."""
    program = price(compile_job(LOOP, Schema.of({"n": "int"})), load("standard-1"))
    layout = PairLayout(*program.program.steps[0].emits)

    def contender(name: str, *, metered: bool) -> Contender:
        executor = KernelExecutor(compile_kernel(program, metered=metered), {})

        def run() -> Answer:
            out: list[object] = []
            result = executor.run_map(0, iter([]), Escrow(ENOUGH, ENOUGH), out.append)
            if result.end != "done":
                raise BenchmarkFailed(f"the loop ended {result.end}: {result.error}")
            return {key: value for batch in out for key, value in layout.to_python(batch)}

        return Contender(name, run, TURNS)

    def python() -> Answer:
        x = 0.5
        for i in range(ROUNDS):
            x = x * 0.999 + 0.001 * i
        return {0: x}

    kernel = contender("kernel", metered=True)
    unmetered = contender("kernel without charges", metered=False)
    return [
        *compare("float loop", ROUNDS, kernel, [Contender("CPython", python, 2)]),
        *compare("metering, float loop", ROUNDS, kernel, [unmetered]),
    ]


def warm_compile() -> Record:
    """Compile a job of 200 lines to native code."""
    head = "from totem_sdk import TotemJob\nclass Job(TotemJob):\n    def mapper(self, _, row):\n        v = row.n\n"
    body = "".join(
        f"        if v > {i}:\n            v = v * 2 - row.n\n        s = row.t.lower()\n        yield s, v + {i}\n"
        for i in range(48)
    )
    source = head + body + "    def reducer(self, key, values):\n        yield key, sum(values)\n"
    schema, table = Schema.of({"n": "int", "t": "str"}), load("standard-1")

    def run() -> None:
        compile_kernel(price(compile_job(source, schema), table))

    run()
    return _against_target("warm compile", source.count("\n"), run, COMPILE_TARGET)


def cold_run(job: Path, parquet: Path) -> Record:
    """Run `totem run` in a process of its own, on the first 1,000 rows of a file."""
    totem = shutil.which("totem", path=str(Path(sys.executable).parent))
    if totem is None:
        raise BenchmarkFailed("there is no command totem beside this Python: run `make setup`")
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as folder:
        rows = Path(folder) / "rows.parquet"
        pq.write_table(pq.ParquetFile(parquet).read_row_group(0).slice(0, 1000), rows)
        command = [totem, "run", str(job), str(rows), "--totem", "1000000000", "--json"]

        def run() -> None:
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, "HOME": folder})

        return _against_target("cold totem run", 1000, run, COLD_TARGET)


def _against_target(name: str, rows: int, run: Callable[[], None], target: float) -> Record:
    """Return the median of some runs, against what it may take."""
    seconds, cpu = [], []
    for _ in range(TURNS):
        started, cpu_started = time.perf_counter(), _cpu()
        run()
        seconds.append(time.perf_counter() - started)
        cpu.append(_cpu() - cpu_started)
    median = statistics.median(seconds)
    spread = (min(seconds) / target, max(seconds) / target)
    return Record(name, rows, median, TARGET, target, median / target, spread, TURNS, statistics.median(cpu))


def _cpu() -> float:
    """Return the processor time of this process and of those that it has waited for."""
    return sum(os.times()[:4])
