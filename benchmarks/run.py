"""``make bench``: measures, prints a table, writes ``build/bench.json`` and ``build/bench_profile.json``.

Peak hour on one house's minutes (2,075,259 rows) and on the same ten times over, asked of TOTEM, of DuckDB with one
thread, of pandas and of plain mrjob, all in this run and from the same Parquet file (mrjob: its rows as text). TOTEM
runs once as it is used (framework: manager, master and one worker as processes of their own, files between them; the
worker computes in one thread and reads ahead in a second) and once in one process and one thread, as the peers run.
Then the kernel against itself compiled without charges, a loop over floats against CPython, the words of a million
lines by a regular expression against mrjob and PySpark (where that is installed), a million keys against DuckDB, groups
by texts, a dict in a mapper and sorting in a reducer against Polars (one thread each), a warm compile and a cold `totem
run` against a number of seconds, peak memory on two and on twenty million rows, the compiler against CPython's own work
on a source (rows are statements and expressions there), and commits on the embedded ledger against plain SQLite (rows
are transactions). A ratio is ours / peer: 2 means that we take twice as long.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.columns import (
    KEYS_TARGET,
    POLARS_TARGET,
    SPARK_TARGET,
    many_keys,
    regex_words_in_spark,
    texts_and_lists,
)
from benchmarks.compiling import large_sources, python_reads, totem_compiles
from benchmarks.language import TARGET, WORDS, cold_run, float_loop, regex_words, warm_compile
from benchmarks.ledger import COMMITS, commits
from benchmarks.measure import Record, compare, not_run
from benchmarks.memory import MEMORY_TARGET, memory
from benchmarks.ours import Job, in_this_process, on_the_engine, with_and_without_charges
from benchmarks.peers import duckdb_one_thread, mrjob_inline, pandas_groupby, write_text
from benchmarks.profile import profile
from totem_ccf.engines.local import LocalEngine

ROOT = Path(__file__).resolve().parent.parent
MINUTES = ROOT / ".data" / "minutes.parquet"
RETAIL = ROOT / ".data" / "retail.parquet"
LINES = ROOT / ".data" / "descriptions.txt"
LINES_READ = 1_000_000
KEYS = ROOT / ".data" / "million_keys.parquet"
TEN_TIMES = ROOT / ".data" / "minutes_x10.parquet"
PEAK_HOUR = ROOT / "examples" / "peak_hour_minutes.py"
PRICE_BANDS = ROOT / "examples" / "price_bands.py"
BUILD = ROOT / "build"
OUT = BUILD / "bench.json"
PROFILE = BUILD / "bench_profile.json"

MRJOB = "mrjob inline"
MRJOB_SECONDS = 600.0
"""mrjob is not run on twenty million rows if it would take longer, by its time on two million."""

DUCKDB_TARGET = 1.2
METERING_TARGET = 1.05
PYTHON_TARGET = 1 / 50
"""Of the time that mrjob takes for words by a regular expression, and CPython for a loop."""


def write_ten_times() -> None:
    """Write the minutes ten times over, in the same row groups, unless the file is there."""
    if TEN_TIMES.exists():
        return
    partial = TEN_TIMES.with_suffix(".partial")
    source = pq.ParquetFile(MINUTES)
    with pq.ParquetWriter(partial, source.schema_arrow) as writer:
        for _ in range(10):
            for group in range(source.num_row_groups):
                writer.write_table(source.read_row_group(group))
    partial.rename(TEN_TIMES)


def measure_peak_hour(engine: LocalEngine) -> tuple[list[Record], list[dict[str, Any]]]:
    """Measure peak hour against the peers, and where its time goes."""
    records: list[Record] = []
    profiles = []
    mrjob_takes = 0.0
    for parquet in (MINUTES, TEN_TIMES):
        job = Job(PEAK_HOUR, parquet)
        framework = on_the_engine(engine, job, 1)
        peers = [duckdb_one_thread(parquet), pandas_groupby(parquet)]
        text = BUILD / f"{parquet.stem}.csv"
        if mrjob_takes <= MRJOB_SECONDS:
            write_text(parquet, text)
            peers.append(mrjob_inline(text))
        found = compare("peak hour, framework", job.rows, framework, peers)
        if mrjob_takes > MRJOB_SECONDS:
            reason = f"not run: by its time on a tenth of the rows it would take {mrjob_takes / 60:.0f} minutes"
            found.append(not_run(found[0], MRJOB, reason))
        records += found
        records += compare("peak hour, one process", job.rows, in_this_process(job), peers[:1])
        mrjob_takes = 10 * next((r.peer_seconds or 0.0 for r in found if r.peer == MRJOB), 0.0)
        print(f"  where the time goes, {job.rows:,} rows", flush=True)
        profiles.append(profile(engine, job))
    return records, profiles


def measure() -> tuple[list[Record], list[dict[str, Any]]]:
    """Run every comparison."""
    write_ten_times()
    BUILD.mkdir(exist_ok=True)
    with LocalEngine() as engine:
        engine.processes.wait_ready()
        records, profiles = measure_peak_hour(engine)
    for name, source, parquet in (
        ("metering, peak hour", PEAK_HOUR, MINUTES),
        ("metering, price bands", PRICE_BANDS, RETAIL),
    ):
        job = Job(source, parquet)
        metered, unmetered = with_and_without_charges(job)
        records += compare(name, job.rows, metered, [unmetered])
    records += float_loop()
    records += many_keys(KEYS)
    records += texts_and_lists(RETAIL)
    records += regex_words(LINES, LINES_READ, BUILD)
    records += regex_words_in_spark(Job(WORDS, BUILD / f"lines_{LINES_READ}.txt"))
    records += [warm_compile(), cold_run(PEAK_HOUR, MINUTES)]
    profiles.append(memory(PEAK_HOUR, MINUTES, TEN_TIMES))
    worst: dict[str, Record] = {}
    for name, (text, nodes) in large_sources().items():
        (record,) = compare(f"compile: {name}", nodes, totem_compiles(text), [python_reads(text)])
        kind = name.partition(", ")[2]
        worst[kind] = max(worst.get(kind, record), record, key=lambda each: each.cpu_seconds)
    records += worst.values()
    with commits(BUILD) as (ledger, plain):
        records += compare("ledger commits", COMMITS, ledger, [plain])
    return records, profiles


def show(console: Console, records: list[Record]) -> None:
    """Print the records as a table."""
    table = Table("name", "rows", "seconds", "peer", "peer seconds", "ratio", "(from–to)", "of processor time")
    for column in table.columns[1:]:
        column.no_wrap = True
        column.justify = "right"
    for r in records:
        peer_seconds = "–" if r.peer_seconds is None else f"{r.peer_seconds:.3f}"
        ratios = ["–" if ratio is None else f"{ratio:.2f}" for ratio in (r.ratio, r.cpu_ratio)]
        spread = "" if r.ratio_range is None else "{:.2f}–{:.2f}".format(*r.ratio_range)
        table.add_row(r.name, f"{r.rows:,}", f"{r.seconds:.3f}", r.peer, peer_seconds, ratios[0], spread, ratios[1])
    console.print(table)
    for r in records:
        if r.reason is not None:
            console.print(f"{r.name}, {r.rows:,} rows, {r.peer}: {r.reason}")


def show_targets(console: Console, records: list[Record]) -> None:
    """Print which targets are met: by DuckDB's time, by Python's, without charges, and by seconds."""
    for r in records:
        target = _target(r)
        if r.ratio is not None and target is not None:
            verdict = "met" if r.ratio <= target else "missed"
            console.print(f"{verdict:>6}: {r.name}, {r.rows:,} rows: {r.ratio:.2f}, target {target:.2f}")


def _target(record: Record) -> float | None:
    """Return what a record's ratio may be, if something was decided about it."""
    if record.name in ("a million keys", "regex word count, Spark"):
        return KEYS_TARGET if record.name == "a million keys" else SPARK_TARGET
    if record.peer.startswith("polars"):
        return POLARS_TARGET
    if record.peer.startswith("duckdb"):
        return DUCKDB_TARGET
    if record.name.startswith("metering"):
        return METERING_TARGET
    if record.name in ("float loop", "regex word count"):
        return PYTHON_TARGET
    return 1.0 if record.peer == TARGET else None


def main() -> int:
    """Measure, print, write; returns the exit status."""
    started = time.monotonic()
    records, profiles = measure()
    console = Console(width=None if sys.stdout.isatty() else 140)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}, Python {platform.python_version()}")
    console.print(
        "Medians. Framework: one worker, with a thread that reads ahead. One process: one thread, as the peers."
    )
    show(console, records)
    show_targets(console, records)
    for each in profiles:
        if "ratio" in each:
            verdict = "met" if each["ratio"] <= MEMORY_TARGET else "missed"
            console.print(
                f"{verdict:>6}: memory on ten times the rows: {each['ratio']:.2f}, target {MEMORY_TARGET:.2f}"
            )
    OUT.write_text(json.dumps([record.to_json() for record in records], indent=1) + "\n", "utf-8")
    PROFILE.write_text(json.dumps(profiles, indent=1) + "\n", "utf-8")
    minutes = (time.monotonic() - started) / 60
    print(f"written to {OUT.relative_to(ROOT)}, where the time goes to {PROFILE.relative_to(ROOT)} ({minutes:.1f} min)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
